package io.plainweave.faults;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.client.Connector;
import io.plainweave.server.Server;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A program that connects once, from a handler, to a port of its own at 127.0.0.1, and tells how
 * that went: the address, or the failure, and the milliseconds that it took.
 */
final class ConnectMain {
  private ConnectMain() {}

  /** Takes a host name, or a path behind {@code unix:}, and the limit in milliseconds. */
  public static void main(String[] args) throws Exception {
    try (var target = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"))) {
      Connector connector =
          (args[0].startsWith("unix:")
                  ? Connector.unix(Path.of(args[0].substring(5))).retryFor(Duration.ofHours(1))
                  : Connector.tcp(args[0], target.getLocalPort()))
              .connectTimeout(Duration.ofMillis(Long.parseLong(args[1])));
      try (Server server =
              Server.builder()
                  .listen(Listen.tcp("127.0.0.1", 0))
                  .handler(_ -> System.out.println(outcome(connector)))
                  .start();
          var client = new Socket("127.0.0.1", server.port())) {
        client.getInputStream().read();
      }
    }
  }

  private static String outcome(Connector connector) throws Exception {
    long begin = System.nanoTime();
    try (Connection connection = connector.connect()) {
      String address =
          ((InetSocketAddress) connection.remoteAddress()).getAddress().getHostAddress();
      String outcome = millisSince(begin) + " ms: " + address;
      // Nobody is there to wait for.
      connection.abort();
      return outcome;
    } catch (ConnectException e) {
      return millisSince(begin) + " ms: " + e.getMessage();
    }
  }

  private static long millisSince(long begin) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
  }
}
