package io.plainweave.internal.thread;

import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Cancels a scope when one of its tasks asks for it, and keeps nothing: the standard joiners that
 * collect would hold every connection that there ever was.
 *
 * <p>What needs the names of the JDK's interfaces, which no class file of ours bears, is added by a
 * class that is made when the program runs:
 *
 * {@snippet :
 * final class JoinerOfTheJdk extends LeanJoiner implements StructuredTaskScope.Joiner {
 *   public boolean onComplete(StructuredTaskScope.Subtask subtask) {
 *     return cancels(subtask.state(), subtask);
 *   }
 * }
 * }
 *
 * <p>A {@link Proxy} would need memory for each call, and what ends a server must not. A native
 * image, which can make no class, has one all the same.
 */
abstract class LeanJoiner {
  private static final int PUBLIC = ClassFile.ACC_PUBLIC;

  /** A property that only a native image has, while it is built and when it runs (GraalVM SDK). */
  private static final String NATIVE_IMAGE = "org.graalvm.nativeimage.imagecode";

  LeanJoiner() {}

  /** What the scope's {@code join()} returns. */
  public final @Nullable Object result() {
    return null;
  }

  /** The same after the timeout of a scope, from Java 27 on; ours have none. */
  public final @Nullable Object timeout() {
    return null;
  }

  /** There is no public cancel: a subtask has to end for it. */
  static boolean cancels(Enum<?> state, Supplier<?> subtask) {
    return state.name().equals("SUCCESS") && subtask.get() == Scope.After.CANCEL;
  }

  /** Whether the class that is made has a method that a joiner asks for. */
  static boolean has(Method asked) {
    if (asked.getName().equals("onComplete")) {
      return true;
    }
    try {
      Method ours = LeanJoiner.class.getMethod(asked.getName(), asked.getParameterTypes());
      return ours.getReturnType().equals(asked.getReturnType());
    } catch (NoSuchMethodException e) {
      return false;
    }
  }

  /**
   * Makes the class.
   *
   * @return its constructor: {@code () Object}
   * @throws ReflectiveOperationException if there can be no such class
   * @throws LinkageError if the JVM refuses it
   */
  static MethodHandle maker(Class<?> joiner, Class<?> subtask, Class<?> state)
      throws ReflectiveOperationException {
    MethodHandles.Lookup here = MethodHandles.lookup();
    if (System.getProperty(NATIVE_IMAGE) != null) {
      Method stateOf = subtask.getMethod("state");
      return here.findStatic(
              LeanJoiner.class,
              "proxied",
              MethodType.methodType(Object.class, Class.class, Method.class))
          .bindTo(joiner)
          .bindTo(stateOf);
    }
    MethodHandles.Lookup there =
        here.defineHiddenClass(
            classFile(describe(joiner), describe(subtask), describe(state)), true);
    return there
        .findConstructor(there.lookupClass(), MethodType.methodType(void.class))
        .asType(MethodType.methodType(Object.class));
  }

  /** Does the same as the class that is made, by a class that can be made beforehand. */
  @SuppressWarnings({"UnusedMethod", "ReferenceEquality"}) // found by its name; it is itself alone
  private static Object proxied(Class<?> joiner, Method stateOf) {
    return Proxy.newProxyInstance(
        LeanJoiner.class.getClassLoader(),
        new Class<?>[] {joiner},
        (self, method, arguments) ->
            switch (method.getName()) {
              case "onComplete" ->
                  cancels((Enum<?>) stateOf.invoke(arguments[0]), (Supplier<?>) arguments[0]);
              case "onFork" -> false;
              case "equals" -> self == arguments[0];
              case "hashCode" -> System.identityHashCode(self);
              case "toString" -> "joiner";
              default -> null;
            });
  }

  private static byte[] classFile(ClassDesc joiner, ClassDesc subtask, ClassDesc state) {
    ClassDesc ours = describe(LeanJoiner.class);
    ClassDesc made = ClassDesc.of(LeanJoiner.class.getPackageName(), "JoinerOfTheJdk");
    var onComplete = MethodTypeDesc.of(CD_boolean, subtask);
    var cancels = MethodTypeDesc.of(CD_boolean, describe(Enum.class), describe(Supplier.class));
    return ClassFile.of()
        .build(
            made,
            file ->
                file.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER)
                    .withSuperclass(ours)
                    .withInterfaceSymbols(joiner)
                    .withMethodBody(
                        INIT_NAME,
                        MTD_void,
                        0,
                        code -> code.aload(0).invokespecial(ours, INIT_NAME, MTD_void).return_())
                    .withMethodBody(
                        "onComplete",
                        onComplete,
                        PUBLIC,
                        code ->
                            code.aload(1)
                                .invokeinterface(subtask, "state", MethodTypeDesc.of(state))
                                .aload(1)
                                .invokestatic(ours, "cancels", cancels)
                                .ireturn()));
  }

  private static ClassDesc describe(Class<?> type) {
    return ClassDesc.ofDescriptor(type.descriptorString());
  }
}
