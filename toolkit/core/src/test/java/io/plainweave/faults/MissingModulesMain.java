package io.plainweave.faults;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TcpOptions;
import io.plainweave.client.Connector;
import io.plainweave.client.DatagramConnector;
import io.plainweave.server.Server;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/** Says what servers and clients are like in a JVM that lacks modules, for MissingModulesTest. */
final class MissingModulesMain {
  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  private MissingModulesMain() {}

  public static void main(String... args) throws Exception {
    Path path = Path.of(args[0]);
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0), ECHO)
            .listen(
                Listen.unix(path),
                connection -> {
                  System.out.println("peer " + connection.peerCredentials());
                  ECHO.handle(connection);
                })
            .datagrams(Udp.at("127.0.0.1", 0), datagram -> datagram.reply(datagram.bytes()))
            .start()) {
      System.out.println("tcp " + echo(Connector.tcp("127.0.0.1", server.port())));
      System.out.println("unix " + echo(Connector.unix(path)));
      int port = server.datagrams().getFirst().address().getPort();
      try (var client = DatagramConnector.udp("127.0.0.1", port).connect()) {
        byte[] answer = client.ask(new byte[] {'u'}, Duration.ofSeconds(10), _ -> true);
        System.out.println("udp " + new String(answer, StandardCharsets.US_ASCII));
      }
      System.out.println("carriers " + (server.live().status().threads().carriers() > 0));
      System.out.println("keepalive " + refusal(server.port()));
    }
  }

  private static String echo(Connector connector) throws IOException, InterruptedException {
    try (Connection connection = connector.connect()) {
      connection.output().write('e');
      connection.output().flush();
      return Character.toString(connection.input().read());
    }
  }

  private static String refusal(int port) throws InterruptedException {
    TcpOptions options =
        TcpOptions.DEFAULT.keepAlive(Duration.ofSeconds(60), Duration.ofSeconds(10), 3);
    try (Connection connection = Connector.tcp("127.0.0.1", port).options(options).connect()) {
      return "is set: " + connection.id();
    } catch (IOException e) {
      return e.getMessage();
    }
  }
}
