package io.plainweave.tests;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.client.Connector;
import io.plainweave.client.DatagramConnector;
import io.plainweave.server.Server;
import io.plainweave.tls.ClientTls;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * A server and its clients in one process that needs no test framework: an echo by TCP, by a
 * Unix-domain socket, by TLS and by UDP. What comes of each is said as {@link SystemTests} says it.
 */
final class EchoEverywhere {
  private static final byte[] SAID = "said".getBytes(StandardCharsets.US_ASCII);

  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  private EchoEverywhere() {}

  @FunctionalInterface
  private interface Attempt {
    void run() throws Exception;
  }

  /**
   * Runs all of it.
   *
   * @param args a file with an identity for localhost (PKCS #12), its password, the certificate in
   *     PEM, and a folder for a socket
   */
  public static void main(String... args) {
    Path socket = Path.of(args[3], "echo.sock");
    attempt("tcp", () -> answers(Listen.tcp("127.0.0.1", 0), null));
    attempt("unix", () -> answersAt(socket));
    attempt(
        "tls",
        () ->
            answers(
                Listen.tcp("127.0.0.1", 0)
                    .tls(
                        ServerTls.builder()
                            .identity(Identity.pkcs12(Path.of(args[0]), args[1].toCharArray()))
                            .build()),
                ClientTls.builder().trust(Path.of(args[2])).serverName("localhost").build()));
    attempt("udp", EchoEverywhere::answersDatagrams);
    say(SystemTests.ENDED, "");
  }

  private static void attempt(String name, Attempt attempt) {
    say(SystemTests.BEGUN, name);
    try {
      attempt.run();
      say(SystemTests.PASSED, name);
    } catch (Exception | LinkageError | AssertionError e) {
      say(SystemTests.FAILED, name + ": " + e);
      e.printStackTrace(System.out);
    }
  }

  private static void answers(Listen listen, ClientTls tls) throws Exception {
    try (Server server = Server.builder().listen(listen).handler(ECHO).start()) {
      Connector connector = Connector.tcp("127.0.0.1", server.port());
      echo(tls == null ? connector : connector.tls(tls));
      check(server);
    }
  }

  private static void answersAt(Path socket) throws Exception {
    try (Server server = Server.builder().listen(Listen.unix(socket)).handler(ECHO).start()) {
      echo(Connector.unix(socket));
      check(server);
    }
  }

  private static void answersDatagrams() throws Exception {
    try (Server server =
            Server.builder()
                .datagrams(Udp.at("127.0.0.1", 0), datagram -> datagram.reply(datagram.bytes()))
                .start();
        var connection =
            DatagramConnector.udp("127.0.0.1", server.datagrams().getFirst().address().getPort())
                .connect()) {
      byte[] answer = connection.ask(SAID, Duration.ofSeconds(10), _ -> true);
      if (!Arrays.equals(answer, SAID)) {
        throw new AssertionError("another answer");
      }
      check(server);
    }
  }

  private static void echo(Connector connector) throws IOException, InterruptedException {
    try (Connection connection = connector.connect()) {
      connection.output().write(SAID);
      connection.output().flush();
      byte[] answer = connection.input().readNBytes(SAID.length);
      if (!Arrays.equals(answer, SAID)) {
        throw new AssertionError("another answer");
      }
    }
  }

  /** What operators ask of a server is there as well. */
  private static void check(Server server) {
    List.of(server.live().status(), server.listeners(), server.datagrams())
        .forEach(Object::toString);
  }

  private static void say(String what, String text) {
    System.out.print("\n" + SystemTests.MARK + what + " " + text.replace('\n', ' ') + "\n");
    System.out.flush();
  }
}
