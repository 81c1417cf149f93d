package io.plainweave.internal.thread;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The scope of this JDK, called by reflection: what other shapes of it are tested on.
 *
 * @param scope the JDK's
 */
record JdkScope(Object scope) {
  private static final Class<?> SCOPE = type("");
  private static final Class<?> JOINER = type("$Joiner");
  private static final Class<?> CONFIGURATION = type("$Configuration");
  private static final Class<?> SUBTASK = type("$Subtask");

  private static Class<?> type(String member) {
    try {
      return Class.forName("java.util.concurrent.StructuredTaskScope" + member);
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Opens one.
   *
   * @param cancels is asked when a subtask of the JDK has ended
   */
  static JdkScope open(
      String name, ThreadFactory threads, Predicate<Object> cancels, Callable<Object> result) {
    Object joiner =
        Proxy.newProxyInstance(
            JOINER.getClassLoader(),
            new Class<?>[] {JOINER},
            (_, method, arguments) ->
                switch (method.getName()) {
                  case "onFork" -> false;
                  case "onComplete" -> cancels.test(arguments[0]);
                  case "result" -> result.call();
                  default -> throw new AssertionError(method);
                });
    Function<Object, Object> configuration =
        standard ->
            invoke(
                invoke(standard, "withName", String.class, name),
                "withThreadFactory",
                ThreadFactory.class,
                threads);
    try {
      Method open = SCOPE.getMethod("open", JOINER, Function.class);
      return new JdkScope(open.invoke(null, joiner, configuration));
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns the JDK's subtask. */
  Object fork(Callable<?> task) {
    return invoke(scope, "fork", Callable.class, task);
  }

  @SuppressWarnings("RedundantThrows") // thrown by reflection
  Object join() throws InterruptedException {
    return invoke(scope, "join");
  }

  boolean isCancelled() {
    return (boolean) invoke(scope, "isCancelled");
  }

  void close() {
    invoke(scope, "close");
  }

  static String state(Object subtask) {
    return invoke(subtask, "state").toString();
  }

  static Object get(Object subtask) {
    return invoke(subtask, "get");
  }

  static Object exception(Object subtask) {
    return invoke(subtask, "exception");
  }

  private static Object invoke(Object target, String name) {
    return invoke(target, name, new Class<?>[0]);
  }

  private static Object invoke(Object target, String name, Class<?> type, Object argument) {
    return invoke(target, name, new Class<?>[] {type}, argument);
  }

  /** What the method throws is thrown as it is. */
  private static Object invoke(Object target, String name, Class<?>[] types, Object... arguments) {
    try {
      return publicType(target).getMethod(name, types).invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw JdkScope.<RuntimeException>unchanged(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private static Class<?> publicType(Object target) {
    return Stream.of(SCOPE, SUBTASK, CONFIGURATION)
        .filter(type -> type.isInstance(target))
        .findAny()
        .orElseThrow();
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E unchanged(Throwable thrown) throws E {
    throw (E) thrown;
  }
}
