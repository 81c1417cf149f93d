package io.plainweave.internal.process;

import java.lang.reflect.Proxy;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A signal to which the JVM would react by running its shutdown hooks, and that somebody else is
 * told of instead.
 *
 * <p>{@code sun.misc.Signal} is named by reflection: the compiler warns of it, and a JVM whose
 * image lacks the module jdk.unsupported has no such class.
 */
final class CaughtSignal {
  private final Class<?> signalType;
  private final Class<?> handlerType;
  private final Object signal;
  private final Object handler;
  private final Object former;

  @SuppressWarnings("ReferenceEquality") // a handler is itself alone
  private CaughtSignal(String name, Consumer<CaughtSignal> action)
      throws ReflectiveOperationException {
    signalType = Class.forName("sun.misc.Signal");
    handlerType = Class.forName("sun.misc.SignalHandler");
    signal = signalType.getConstructor(String.class).newInstance(name);
    // Of MethodHandleProxies it would be a class that is made when the program runs, which a native
    // image cannot do.
    handler =
        Proxy.newProxyInstance(
            CaughtSignal.class.getClassLoader(),
            new Class<?>[] {handlerType},
            (self, method, arguments) ->
                switch (method.getName()) {
                  case "handle" -> {
                    action.accept(this);
                    yield null;
                  }
                  case "equals" -> self == arguments[0];
                  case "hashCode" -> System.identityHashCode(self);
                  default -> name + " ends the servers";
                });
    former = install(handler);
  }

  /**
   * Catches a signal, unless it is ignored, as SIGINT is in the background of a shell, or the
   * program has a handler of its own, which then knows what to do.
   *
   * @param name without SIG
   * @param action is run for each that comes, in a daemon thread of its own and perhaps before this
   *     method returns
   * @return the signal; null if the program, or the system, has decided about it
   * @throws ReflectiveOperationException if the JVM lets nobody catch it: the class is missing, or
   *     the option -Xrs is set
   */
  static @Nullable CaughtSignal of(String name, Consumer<CaughtSignal> action)
      throws ReflectiveOperationException {
    var signal = new CaughtSignal(name, action);
    if (signal.formerIsOfJvm()) {
      return signal;
    }
    signal.release();
    return null;
  }

  private boolean formerIsOfJvm() throws ReflectiveOperationException {
    return former.getClass().getModule() == signalType.getModule()
        && !former.equals(handlerType.getField("SIG_DFL").get(null))
        && !former.equals(handlerType.getField("SIG_IGN").get(null));
  }

  private Object install(Object next) throws ReflectiveOperationException {
    return signalType.getMethod("handle", signalType, handlerType).invoke(null, signal, next);
  }

  /** Does what the JVM would have done, and does not return: it ends the process. */
  void passOn() {
    try {
      handlerType.getMethod("handle", signalType).invoke(former, signal);
    } catch (ReflectiveOperationException e) {
      throw new InternalError(e);
    }
  }

  /** Catches it no longer. Whoever has caught it after us, and may call us, stays. */
  void release() {
    try {
      Object current = install(former);
      if (!handler.equals(current)) {
        install(current);
      }
    } catch (ReflectiveOperationException e) {
      throw new InternalError(e);
    }
  }
}
