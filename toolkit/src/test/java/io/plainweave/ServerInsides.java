package io.plainweave;

import static org.awaitility.Awaitility.await;

import java.util.HashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** What a server does not tell, for tests in other packages. */
public final class ServerInsides {
  private ServerInsides() {}

  /** How many connections the registry of a server knows. */
  public static int registered(Server server) {
    var count = new AtomicInteger();
    server.context().registry().forEach(connection -> count.incrementAndGet());
    return count.get();
  }

  /**
   * Waits until all acceptors of this process are on their way into accept(2): each of them takes
   * the next connection, even if the server is suspended meanwhile.
   */
  public static void awaitAccepting() {
    await()
        .until(() -> {
          var acceptors = new HashMap<>(Thread.getAllStackTraces());
          acceptors.keySet().removeIf(it -> !it.getName().startsWith("plainweave acceptor"));
          return !acceptors.isEmpty()
              && acceptors.values().stream().allMatch(ServerInsides::isInAccept);
        });
  }

  private static boolean isInAccept(StackTraceElement[] stack) {
    return Stream.of(stack)
        .anyMatch(frame -> frame.getClassName().equals("sun.nio.ch.ServerSocketChannelImpl"));
  }

  /** How many sources and networks a server knows to have connections. */
  public static int knownSources(Server server) {
    return server.context().admission().knownSources();
  }
}
