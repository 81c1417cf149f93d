package io.plainweave.server;

import static org.awaitility.Awaitility.await;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.admission.Admission;
import io.plainweave.internal.connection.ConnectionRegistry;
import io.plainweave.internal.connection.Home;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.transport.Pollers;
import io.plainweave.internal.udp.DatagramRegistry;
import io.plainweave.text.Addresses;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/** What a server does not tell, for tests in other packages. */
public final class ServerInsides {
  private ServerInsides() {}

  /** How many connections the registry of a server knows. */
  public static int registered(Server server) {
    var count = new AtomicInteger();
    server.home().registry().forEach(connection -> count.incrementAndGet());
    return count.get();
  }

  /** The connection of a number, as the handler has it. */
  public static Connection connection(Server server, long id) {
    var found = new AtomicReference<Connection>();
    server
        .home()
        .registry()
        .forEach(connection -> {
          if (connection.id() == id) {
            found.set(connection);
          }
        });
    return found.get();
  }

  /**
   * Waits until an acceptor of each listener is on its way into accept(2): it takes the next
   * connection, even if the server is suspended meanwhile.
   */
  public static void awaitAccepting(Server server) {
    await()
        .until(() -> {
          var accepting = new HashMap<>(Thread.getAllStackTraces());
          accepting.values().removeIf(stack -> !isInAccept(stack));
          return server.addresses().stream()
              .map(address -> "plainweave acceptor " + Addresses.format(address))
              .allMatch(
                  name -> accepting.keySet().stream().anyMatch(it -> it.getName().equals(name)));
        });
  }

  private static boolean isInAccept(StackTraceElement[] stack) {
    return Stream.of(stack)
        .anyMatch(frame -> frame.getClassName().equals("sun.nio.ch.ServerSocketChannelImpl"));
  }

  /**
   * A home for connections of a server that is never started: no reaper moves its clock, and its
   * pollers are the caller's to open and close.
   */
  public static Home homeOf(ServerBuilder builder) {
    return builder
        .build()
        .home()
        .of(new ServerHome.ListenPlace(Listen.tcp(0), _ -> {}), new InetSocketAddress(0));
  }

  public static Ticks ticks(Server server) {
    return server.home().ticks();
  }

  public static ConnectionRegistry registry(Server server) {
    return server.home().registry();
  }

  public static Admission admission(Server server) {
    return server.home().admission();
  }

  public static Pollers pollers(Server server) {
    return server.home().pollers();
  }

  public static DatagramRegistry datagrams(Server server) {
    return server.home().datagrams();
  }

  public static ServerObserver observer(Server server) {
    return server.home().observer();
  }

  /** Cancels what is at work, as at the end of a drain. */
  public static void cancel(Server server) {
    ServerHome home = server.home();
    home.drain().cancel(home.registry(), home.datagrams());
  }

  /** Starts what a server starts at first use. */
  public static void warmUp() throws IOException, InterruptedException {
    WarmUp.run();
  }

  /** How many sources and networks a server knows to have connections. */
  public static int knownSources(Server server) {
    return server.home().admission().knownSources();
  }
}
