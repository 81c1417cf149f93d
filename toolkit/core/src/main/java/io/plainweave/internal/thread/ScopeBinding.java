package io.plainweave.internal.thread;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The methods of the JDK's {@code StructuredTaskScope}, found by name and type when the program
 * runs. The interface is a preview API in Java 25 to 27 and final in 28, and its shape is another
 * one in 25, in 26, and from 27 on. A class file that names it runs on one of them only, and before
 * 28 with {@code --enable-preview} only. What is found here runs on all of them.
 *
 * <p>The handles have the types at which they are invoked, and are fields of a record: where it is
 * a constant, the compiler sees through them.
 *
 * @param opener {@code (Object joiner, UnaryOperator configuration) Object scope}
 * @param namer {@code (Object configuration, String) Object configuration}
 * @param threadSetter {@code (Object configuration, ThreadFactory) Object configuration}
 * @param joinerMaker {@code () Object joiner}
 * @param forker {@code (Object scope, Callable) void}
 * @param waiter {@code (Object scope) void}
 * @param inquirer {@code (Object scope) boolean}
 * @param closer {@code (Object scope) void}
 */
record ScopeBinding(
    MethodHandle opener,
    MethodHandle namer,
    MethodHandle threadSetter,
    MethodHandle joinerMaker,
    MethodHandle forker,
    MethodHandle waiter,
    MethodHandle inquirer,
    MethodHandle closer) {
  private static final String SCOPE_OF_JDK = "java.util.concurrent.StructuredTaskScope";

  /** That of this JDK, once it is found; twice found is the same. */
  private static volatile @Nullable ScopeBinding found;

  /** The JDK's scopes have a shape that is not known here. */
  static final class UnknownShapeException extends RuntimeException {
    UnknownShapeException(String missing) {
      super(missing);
    }
  }

  /**
   * Finds the scopes of this JDK.
   *
   * @throws UnknownShapeException if they are not there, or shaped otherwise
   */
  static ScopeBinding ofJdk() {
    ScopeBinding binding = found;
    if (binding == null) {
      try {
        binding = of(Class.forName(SCOPE_OF_JDK));
      } catch (ClassNotFoundException e) {
        throw new UnknownShapeException("there is no " + SCOPE_OF_JDK);
      }
      found = binding;
    }
    return binding;
  }

  /**
   * Finds the methods of a scope.
   *
   * @param scope the interface
   * @throws UnknownShapeException if one of them is missing
   */
  static ScopeBinding of(Class<?> scope) {
    Class<?> joiner = member(scope, "Joiner");
    Class<?> subtask = member(scope, "Subtask");
    Class<?> config = member(scope, "Configuration");
    return new ScopeBinding(
        typed(findOpen(scope, joiner), Object.class, Object.class, UnaryOperator.class),
        typed(
            find(config, "withName", config, String.class),
            Object.class,
            Object.class,
            String.class),
        typed(
            find(config, "withThreadFactory", config, ThreadFactory.class),
            Object.class,
            Object.class,
            ThreadFactory.class),
        findJoiner(joiner, subtask),
        typed(
            find(scope, "fork", subtask, Callable.class), void.class, Object.class, Callable.class),
        typed(find(scope, "join", Object.class), void.class, Object.class),
        typed(find(scope, "isCancelled", boolean.class), boolean.class, Object.class),
        typed(find(scope, "close", void.class), void.class, Object.class));
  }

  /** Opens a scope, owned by the calling thread. */
  Object open(String name, ThreadFactory threads) {
    UnaryOperator<Object> configuration = standard -> configure(standard, name, threads);
    try {
      Object joiner = (Object) joinerMaker.invokeExact();
      return (Object) opener.invokeExact(joiner, configuration);
    } catch (Throwable e) {
      throw unchanged(e);
    }
  }

  private Object configure(Object standard, String name, ThreadFactory threads) {
    try {
      Object named = (Object) namer.invokeExact(standard, name);
      return (Object) threadSetter.invokeExact(named, threads);
    } catch (Throwable e) {
      throw unchanged(e);
    }
  }

  /** Starts a thread for the task, unless the scope is cancelled. */
  void fork(Object scope, Callable<?> task) {
    try {
      forker.invokeExact(scope, task);
    } catch (Throwable e) {
      throw unchanged(e);
    }
  }

  /** Waits until all threads have ended or the scope is cancelled. */
  @SuppressWarnings("RedundantThrows") // the handle throws it
  void join(Object scope) throws InterruptedException {
    try {
      waiter.invokeExact(scope);
    } catch (Throwable e) {
      throw unchanged(e);
    }
  }

  /** Whether a task has cancelled the scope. */
  boolean isCancelled(Object scope) {
    try {
      return (boolean) inquirer.invokeExact(scope);
    } catch (Throwable e) {
      throw unchanged(e);
    }
  }

  /** Cancels what still runs and waits for it. */
  void close(Object scope) {
    try {
      closer.invokeExact(scope);
    } catch (Throwable e) {
      throw unchanged(e);
    }
  }

  /** A handle may throw anything, and whoever invokes these methods gets what it has thrown. */
  private static RuntimeException unchanged(Throwable thrown) {
    return ScopeBinding.<RuntimeException>rethrow(thrown);
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> RuntimeException rethrow(Throwable thrown) throws E {
    throw (E) thrown;
  }

  /** The open that takes a configuration: a function of it in Java 25, an operator later. */
  private static MethodHandle findOpen(Class<?> scope, Class<?> joiner) {
    for (Class<?> function : List.of(UnaryOperator.class, Function.class)) {
      try {
        return MethodHandles.lookup()
            .findStatic(scope, "open", MethodType.methodType(scope, joiner, function));
      } catch (ReflectiveOperationException e) {
        // Then the other one; ours is both.
      }
    }
    throw new UnknownShapeException(scope.getSimpleName() + " has no open(Joiner, UnaryOperator)");
  }

  private static MethodHandle findJoiner(Class<?> joiner, Class<?> subtask) {
    Class<?> state = member(subtask, "State");
    find(subtask, "state", state);
    find(joiner, "onComplete", boolean.class, subtask);
    if (!Enum.class.isAssignableFrom(state) || !Supplier.class.isAssignableFrom(subtask)) {
      throw new UnknownShapeException("Subtask is no Supplier, or its State no enum");
    }
    for (Method method : joiner.getMethods()) {
      if (Modifier.isAbstract(method.getModifiers()) && !LeanJoiner.has(method)) {
        throw new UnknownShapeException("Joiner has an unknown " + method.getName());
      }
    }
    try {
      return LeanJoiner.maker(joiner, subtask, state);
    } catch (ReflectiveOperationException | LinkageError e) {
      throw new UnknownShapeException("nothing of ours can be a Joiner: " + e);
    }
  }

  private static Class<?> member(Class<?> of, String name) {
    for (Class<?> member : of.getClasses()) {
      if (member.getSimpleName().equals(name)) {
        return member;
      }
    }
    throw new UnknownShapeException(of.getSimpleName() + " has no " + name);
  }

  private static MethodHandle find(
      Class<?> of, String name, Class<?> result, Class<?>... parameters) {
    try {
      return MethodHandles.lookup()
          .findVirtual(of, name, MethodType.methodType(result, parameters));
    } catch (ReflectiveOperationException e) {
      String types =
          Arrays.stream(parameters).map(Class::getSimpleName).collect(Collectors.joining(", "));
      throw new UnknownShapeException(
          "%s has no %s %s(%s)".formatted(of.getSimpleName(), result.getSimpleName(), name, types));
    }
  }

  private static MethodHandle typed(MethodHandle handle, Class<?> result, Class<?>... parameters) {
    return handle.asType(MethodType.methodType(result, parameters));
  }
}
