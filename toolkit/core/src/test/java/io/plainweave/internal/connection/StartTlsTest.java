package io.plainweave.internal.connection;

import static io.plainweave.fixture.TlsServer.receive;
import static io.plainweave.fixture.TlsServer.receiveAll;
import static io.plainweave.fixture.TlsServer.send;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.MalformedMessageException;
import io.plainweave.TimeLimits;
import io.plainweave.client.Connector;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.TlsTest;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import io.plainweave.tls.TlsSession;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("TLS that begins in the middle of a connection")
class StartTlsTest extends TlsTest {
  private static final Handler STARTS_TLS =
      connection -> {
        Lines lines = Lines.of(connection, 100);
        while (true) {
          switch (lines.read()) {
            case "STARTTLS" -> {
              lines.write("go ahead");
              connection.startTls(tls.tls());
            }
            case null -> {
              return;
            }
            case String other ->
                lines.write(other + " by " + connection.tls().map(TlsSession::protocol));
          }
        }
      };

  @Test
  void followsAWishInPlain() throws Exception {
    try (Server server = start(Listen.tcp("127.0.0.1", 0), STARTS_TLS);
        Client client = Client.connect(server)) {
      client.send("hello\n");
      assertEquals("hello by Optional.empty\n", client.receive(24));
      client.send("STARTTLS\n");
      assertEquals("go ahead\n", client.receive(9));
      try (SSLSocket secured = tls.connect(client.socket(), "TLSv1.3")) {
        send(secured, "hello\n");
        assertEquals("hello by Optional[TLSv1.3]\n", receive(secured, 27));
        secured.close();
        assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
      }
    }
  }

  @Test
  void followsAWishOfOurOwn() throws Exception {
    try (Server server = start(Listen.tcp("127.0.0.1", 0), STARTS_TLS)) {
      try (Connection upstream = Connector.tcp("127.0.0.1", server.port()).connect()) {
        Lines lines = Lines.of(upstream, 100);
        lines.write("STARTTLS");
        assertEquals("go ahead", lines.read());
        upstream.startTls(tls.clientTls());
        lines.write("hello");
        assertEquals("hello by Optional[TLSv1.3]", lines.read());
      }
    }
  }

  @Test
  void doesNotFollowBytesThatSomebodyHasSlippedIn() throws Exception {
    try (Server server = start(Listen.tcp("127.0.0.1", 0), STARTS_TLS);
        Client client = Client.connect(server)) {
      client.send("STARTTLS\nevil\n");
      client.seesReset();
      MalformedMessageException cause =
          assertInstanceOf(CloseReason.Malformed.class, events.awaitReason()).cause();
      assertEquals(
          "5 bytes in plain follow the wish to begin TLS (CVE-2011-0411)", cause.getMessage());
    }
  }

  /** Begins TLS, and tells how that fails. */
  private Handler startingTlsAfter(ReadsACommand reads, CompletableFuture<Throwable> failure) {
    return connection -> {
      reads.read(connection.input());
      connection.output().write("go ahead\n".getBytes(US_ASCII));
      try {
        connection.startTls(tls.tls());
        failure.complete(null);
      } catch (IllegalStateException | IOException e) {
        failure.complete(e);
        throw e;
      }
      connection.input().transferTo(connection.output());
    };
  }

  private interface ReadsACommand {
    void read(InputStream in) throws IOException;
  }

  /** The command comes alone: who tries out such a program sees that it must not be. */
  @ParameterizedTest
  @ValueSource(strings = {"STARTTLS\n", "STARTTLS\nevil\n"})
  void doesNotFollowAReaderThatTakesWhatItCanGet(String sent) throws Exception {
    List<ReadsACommand> readers =
        List.of(
            in -> new BufferedReader(new InputStreamReader(in, US_ASCII)).readLine(),
            in -> new BufferedInputStream(in).readNBytes(9),
            in -> new Scanner(in, US_ASCII).nextLine(),
            in -> in.read(new byte[100]),
            in -> in.read(new byte[100_000]));
    for (ReadsACommand reads : readers) {
      var failure = new CompletableFuture<Throwable>();
      try (Server server = start(Listen.tcp("127.0.0.1", 0), startingTlsAfter(reads, failure));
          Client client = Client.connect(server)) {
        client.send(sent);
        assertTrue(client.seesReset());
        assertInstanceOf(IllegalStateException.class, failure.get(10, SECONDS));
      }
    }
  }

  @Test
  void followsAReaderThatTakesNothingBehindWhatItNeeds() throws Exception {
    List<ReadsACommand> readers =
        List.of(
            in -> in.readNBytes(9),
            in -> new DataInputStream(in).readFully(new byte[9]),
            in -> in.skipNBytes(9),
            in -> {
              while (in.read() != '\n') {
                // Byte by byte.
              }
            });
    for (ReadsACommand reads : readers) {
      var failure = new CompletableFuture<Throwable>();
      try (Server server = start(Listen.tcp("127.0.0.1", 0), startingTlsAfter(reads, failure));
          Client client = Client.connect(server)) {
        client.send("START");
        client.send("TLS\n");
        assertEquals("go ahead\n", client.receive(9));
        try (SSLSocket secured = tls.connect(client.socket(), "TLSv1.3")) {
          send(secured, "hello");
          assertEquals("hello", receive(secured, 5));
        }
        assertEquals(null, failure.get(10, SECONDS));
      }
    }
  }

  @Test
  void isCutIfItDoesNotBeginInTime() throws Exception {
    TimeLimits limits = TimeLimits.NONE.handshake(Duration.ofMillis(300));
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .handler(STARTS_TLS)
                .observer(events)
                .timeLimits(limits)
                .start();
        Client client = Client.connect(server)) {
      client.send("STARTTLS\n");
      assertEquals("go ahead\n", client.receive(9));
      assertTrue(client.seesReset());
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.HANDSHAKE), events.awaitReason());
    }
  }

  private static Client connectAndStall(Server server) throws IOException {
    Client client = Client.connect(server);
    client.send("STARTTLS\n");
    assertEquals("go ahead\n", client.receive(9));
    client.send("\u0016"); // the first byte of a record
    return client;
  }

  @Test
  void waitsForItsTurnAmongTheHandshakes() throws Exception {
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .handler(STARTS_TLS)
                .observer(events)
                .timeLimits(TimeLimits.NONE)
                .maxHandshakes(1)
                .start();
        Client one = connectAndStall(server);
        Client two = connectAndStall(server)) {
      await().until(() -> events.opened() == 2);
      var connection = (SocketConnection) events.openConnections().getFirst();
      await().until(() -> connection.home().handshake().turns().waiting() == 1);
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.HANDSHAKE), events.awaitReason());
    }
  }

  @Test
  void lacksAGoodbyeIfItWasBrokenOff() throws Exception {
    var failure = new CompletableFuture<Throwable>();
    Handler saysGoodbye =
        connection -> {
          try {
            connection.startTls(tls.tls());
          } catch (IOException brokenOff) {
            failure.complete(
                assertThrows(
                    IOException.class,
                    () -> {
                      connection.output().write("421 goodbye\r\n".getBytes(US_ASCII));
                      connection.output().flush();
                    }));
            throw brokenOff;
          }
        };
    try (Server server = start(Listen.tcp("127.0.0.1", 0), saysGoodbye);
        Client client = Client.connect(server)) {
      client.finish();
      assertInstanceOf(ConnectionClosedException.class, failure.get(10, SECONDS));
    }
  }

  @Test
  void doesNotBeginTwice() throws Exception {
    var failure = new CompletableFuture<Throwable>();
    Handler twice =
        connection ->
            failure.complete(
                assertThrows(IllegalStateException.class, () -> connection.startTls(tls.tls())));
    try (Server server = start(twice);
        SSLSocket client = tls.connect(server, "TLSv1.3")) {
      assertEquals("", receiveAll(client));
    }
    assertTrue(failure.get().getMessage().contains("speaks TLS already"));
  }
}
