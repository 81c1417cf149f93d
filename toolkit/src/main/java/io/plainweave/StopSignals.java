package io.plainweave;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Closes the running servers when SIGTERM or SIGINT ends the process, and cancels them at a second
 * signal.
 *
 * <p>The first signal makes the JVM run its shutdown hooks. It ignores any further one, so the hook
 * asks to be told of it by {@code sun.misc.Signal}, of the module jdk.unsupported. That class is
 * named by reflection: where the module is missing, only the second signal is without effect.
 */
final class StopSignals {
  private static final List<String> SIGNALS = List.of("TERM", "INT");

  /** The running servers and their shutdown hooks. */
  private static final ConcurrentMap<Server, Thread> HOOKS = new ConcurrentHashMap<>();

  private StopSignals() {}

  /**
   * Lets a signal close the server from now on. Throws {@link IllegalStateException} if the process
   * is ending already.
   */
  static void add(Server server) {
    Thread hook =
        new Thread(
            () -> {
              cancelAtNextSignal();
              server.close();
            },
            "plainweave shutdown hook");
    // First what the hook itself looks for.
    HOOKS.put(server, hook);
    Runtime.getRuntime().addShutdownHook(hook);
  }

  static void remove(Server server) {
    Thread hook = HOOKS.remove(server);
    if (hook != null) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException hooksAreRunning) {
        // The process is ending, and the hook has been of use, or finds nothing left to do.
      }
    }
  }

  private static void cancelAtNextSignal() {
    InvocationHandler cancelAll =
        (proxy, method, arguments) -> {
          HOOKS.keySet().forEach(Server::shutdownNow);
          return null;
        };
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object cancel =
          Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, cancelAll);
      for (String name : SIGNALS) {
        Object which = signal.getConstructor(String.class).newInstance(name);
        signal.getMethod("handle", signal, handler).invoke(null, which, cancel);
      }
    } catch (ReflectiveOperationException e) {
      ServerLog.secondSignalIgnored(e);
    }
  }
}
