package io.plainweave.faults;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.server.Server;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Table L: a client of another make that comes again")
class TlsResumptionTest extends TlsFaults {
  /** Says who the client is and for whom it has asked, then all that it says. */
  private static final Handler TELLS =
      connection -> {
        var session = connection.tls().orElseThrow();
        String told = session.peer() + " wants " + session.serverName() + "\n";
        connection.output().write(told.getBytes(US_ASCII));
        ECHO.handle(connection);
      };

  private static Identity other;

  @BeforeAll
  static void issueAClient() throws Exception {
    tls.authority().issue("client");
    other = tls.authority().issue("other", "DNS:other.example");
  }

  private static ServerTls.Builder server() {
    return ServerTls.builder()
        .identity(tls.identity())
        .wantClientCertificate(tls.authority().certificate());
  }

  private Server start(ServerTls tls) throws Exception {
    return builder(Listen.tcp("127.0.0.1", 0).tls(tls), TELLS).start();
  }

  private static String session() {
    return folder.resolve("session").toString();
  }

  /** Comes for the first time, with a certificate. */
  private static String come(Server server, String options) throws Exception {
    return talk(
        server,
        options,
        "-sess_out",
        session(),
        "-cert",
        tls.authority().chain("client").toString(),
        "-key",
        tls.authority().key("client").toString());
  }

  /** Comes again, with its session and no certificate. */
  private static String comeAgain(Server server, String options) throws Exception {
    return talk(server, options, "-sess_in", session());
  }

  private static String talk(Server server, String options, String... more) throws Exception {
    return OpenSsl.talk(
        server,
        Stream.of(List.of(options.split(" ")), List.of(more))
            .flatMap(List::stream)
            .toArray(String[]::new));
  }

  private static void assertSaid(String said, String expected) {
    assertTrue(said.contains(expected), said);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-tls1_3", "-tls1_2", "-tls1_2 -no_ticket"})
  void resumesItsSessionAndIsWhoItWas(String version) throws Exception {
    String options = version + " -servername localhost";
    String who = "Optional[CN=client] wants Optional[localhost]";
    try (Server server = start(server().build())) {
      String first = come(server, options);
      assertSaid(first, "New, TLSv1");
      assertSaid(first, who);
      String second = comeAgain(server, options);
      assertSaid(second, "Reused, TLSv1");
      assertSaid(second, who);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-tls1_3", "-tls1_2", "-tls1_2 -no_ticket"})
  void doesNotResumeItForAnotherName(String version) throws Exception {
    ServerTls two = server().identity(other).build();
    try (Server server = start(two)) {
      assertSaid(come(server, version + " -servername localhost"), "New, TLSv1");
      String second = comeAgain(server, version + " -servername other.example");
      assertSaid(second, "New, TLSv1");
      assertSaid(second, "Optional.empty wants Optional[other.example]");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-tls1_3", "-tls1_2", "-tls1_2 -no_ticket"})
  void doesNotResumeItAfterAReload(String version) throws Exception {
    ServerTls reloaded = server().build();
    try (Server server = start(reloaded)) {
      assertSaid(come(server, version), "New, TLSv1");
      reloaded.reload();
      String second = comeAgain(server, version);
      assertSaid(second, "New, TLSv1");
      assertSaid(second, "Optional.empty wants Optional.empty");
    }
  }
}
