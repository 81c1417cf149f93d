package io.plainweave.loadtests.fullheap;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.event.DrainReport;
import io.plainweave.event.ServerEvent;
import io.plainweave.server.Server;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * An echo server that fills its own heap when it is told so. What it is told are single bytes on
 * its standard input, since there may be no memory for more; what it answers are lines.
 */
final class FullHeapServer {
  /** How many connections there may be, in all and for each source. */
  static final int PERMITS = 48;

  /** Fills the heap for the time that the command line names. */
  static final char FILL = 'f';

  /** Tells how many connections have permits, and how many there are objects of. */
  static final char COUNT = 'c';

  /** Drains, and ends. */
  static final char QUIT = 'q';

  static final String PORT = "port ";
  static final String RELEASED = "released";
  static final String LEFT = "left ";
  static final String DRAINED = "drained";
  static final String ENDED = "ended: ";

  private static final byte[] RELEASED_LINE = (RELEASED + "\n").getBytes(StandardCharsets.US_ASCII);

  private FullHeapServer() {}

  /** Runs until it is told to quit, its standard input ends, or the server ends by itself. */
  public static void main(String[] args) throws Exception {
    long fullNanos = Long.parseLong(args[0]) * 1_000_000;
    Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .eventLoops(Integer.parseInt(args[1]))
            .admission(AdmissionRules.DEFAULT.maxConnections(PERMITS).maxPerSource(PERMITS))
            .observer(event -> {
              if (event instanceof ServerEvent.Listening e) {
                tell(PORT + ((InetSocketAddress) e.address()).getPort());
              }
            })
            .handler(FullHeapServer::handle)
            .build();
    Thread.ofPlatform().start(() -> run(server));
    for (int command; (command = System.in.read()) >= 0; ) {
      switch (command) {
        case FILL -> {
          fill(System.nanoTime() + fullNanos);
          System.out.write(RELEASED_LINE);
          System.out.flush();
        }
        case COUNT -> tell(LEFT + server.connections() + " " + connectionsOnTheHeap());
        default -> {
          DrainReport report = server.drain();
          tell(DRAINED + " " + report.finished() + " " + report.forced());
        }
      }
    }
    Runtime.getRuntime().halt(0);
  }

  private static void run(Server server) {
    try {
      server.run();
    } catch (Throwable e) {
      tell(ENDED + e);
      Runtime.getRuntime().halt(3);
    }
  }

  private static void tell(String line) {
    System.out.println(line);
  }

  /** Echoes; half of the connections do it in a thread of a scope. */
  private static void handle(Connection connection) throws Exception {
    int kind = connection.input().read();
    connection.output().write(kind);
    connection.output().flush();
    if (kind == Round.PLAIN) {
      connection.input().transferTo(connection.output());
      return;
    }
    try (var scope = connection.openScope()) {
      scope.fork("echo", () -> connection.input().transferTo(connection.output()));
      scope.join();
    }
  }

  /**
   * Takes all memory there is until the time has come, down to the last bytes, and again what
   * others give back meanwhile.
   */
  private static void fill(long end) throws InterruptedException {
    Object[] held = new Object[1];
    for (int length = 1 << 18; end - System.nanoTime() > 0; ) {
      try {
        var more = new Object[length];
        more[0] = held;
        held = more;
      } catch (OutOfMemoryError full) {
        if (length > 1) {
          length /= 2;
        } else {
          Thread.sleep(1);
          length = 1 << 8;
        }
      }
    }
  }

  /** How many connections the heap holds after a collection: with all clients gone it is none. */
  private static long connectionsOnTheHeap() throws IOException, JMException {
    String histogram =
        (String)
            ManagementFactory.getPlatformMBeanServer()
                .invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "gcClassHistogram",
                    new Object[] {new String[0]},
                    new String[] {String[].class.getName()});
    return histogram
        .lines()
        .map(String::strip)
        .filter(line ->
            line.matches(
                ".*\\bio\\.plainweave\\.internal\\.connection\\.SocketConnection\\b(?!\\$).*"))
        .mapToLong(line -> Long.parseLong(line.split("\\s+")[1]))
        .sum();
  }
}
