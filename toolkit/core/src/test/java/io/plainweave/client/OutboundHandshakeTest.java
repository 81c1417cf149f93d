package io.plainweave.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.MalformedMessageException;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.internal.connection.ConnectionPhase;
import io.plainweave.internal.connection.HandshakeStep;
import io.plainweave.server.Server;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The handshake of a connector")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class OutboundHandshakeTest {
  /** Asks, and begins when the answer is right. */
  private static final HandshakeStep GREETING =
      connection -> {
        connection.output().write('?');
        return connection.input().read() == '!';
      };

  private ServerSocket target;

  @BeforeEach
  void listen() throws IOException {
    target = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    target.setSoTimeout(10_000);
  }

  @AfterEach
  void close() throws IOException {
    target.close();
  }

  private Connector connector(HandshakeStep... steps) {
    return Connector.tcp("127.0.0.1", target.getLocalPort())
        .with(new OutboundHandshake(null, null, List.of(steps)));
  }

  /** A server whose handler connects, and what becomes of that. */
  private record Connecting(Server server, Client client, CompletableFuture<Exception> thrown)
      implements AutoCloseable {
    static Connecting by(Connector connector) throws Exception {
      var thrown = new CompletableFuture<Exception>();
      Server server =
          Server.builder()
              .listen(Listen.tcp("127.0.0.1", 0))
              .handler(_ -> {
                try (Connection upstream = connector.connect()) {
                  upstream.output().write("from the handler".getBytes(US_ASCII));
                  thrown.complete(null);
                } catch (Exception e) {
                  thrown.complete(e);
                }
              })
              .start();
      return new Connecting(server, Client.connect(server), thrown);
    }

    @Override
    public void close() throws IOException {
      client.close();
      server.close();
    }
  }

  @Test
  void comesBeforeTheConnectionIsTheCallers() throws Exception {
    try (Connecting connecting = Connecting.by(connector(GREETING, GREETING));
        var upstream = new Client(target.accept())) {
      assertEquals("?", upstream.receive(1));
      upstream.send("!");
      assertEquals("?", upstream.receive(1));
      upstream.send("!");
      assertEquals("from the handler", upstream.receiveAll());
      assertNull(connecting.thrown().get(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void isUnderTheTimeLimitOfTheConnector() throws Exception {
    Connector connector = connector(GREETING).connectTimeout(Duration.ofMillis(300));
    try (Connecting connecting = Connecting.by(connector);
        var upstream = new Client(target.accept())) {
      Exception failure = connecting.thrown().get(10, TimeUnit.SECONDS);
      assertInstanceOf(ConnectException.class, failure);
      assertEquals("cannot connect to " + connector + ": no answer", failure.getMessage());
      assertTrue(upstream.seesReset());
    }
  }

  @Test
  void isUnderThatOfTheClientAsWell() throws Exception {
    Connector connector =
        connector(connection -> {
          // As a TLS handshake does.
          connection.enter(ConnectionPhase.HANDSHAKE);
          return connection.input().read() == '!';
        });
    try (var connects =
        io.plainweave.client.Client.open(TimeLimits.NONE.handshake(Duration.ofMillis(200)))) {
      var failure = assertThrows(ConnectException.class, () -> connects.connect(connector));
      assertEquals("cannot connect to " + connector + ": no answer", failure.getMessage());
    }
  }

  @Test
  void failsInItsOwnWords() throws Exception {
    Connector connector =
        connector(_ -> {
          throw new MalformedMessageException("not a word that I know");
        });
    try (Connecting connecting = Connecting.by(connector);
        var upstream = new Client(target.accept())) {
      Exception failure = connecting.thrown().get(10, TimeUnit.SECONDS);
      assertInstanceOf(MalformedMessageException.class, failure);
      assertTrue(upstream.seesReset());
    }
  }

  @Test
  void mayFindThatThePeerDoesNotWantTo() throws Exception {
    try (Connecting connecting = Connecting.by(connector(GREETING));
        var upstream = new Client(target.accept())) {
      upstream.finish();
      Exception failure = connecting.thrown().get(10, TimeUnit.SECONDS);
      assertTrue(failure.getMessage().endsWith("the peer has finished before it began"));
    }
  }

  @Test
  void isEndedByTheCancellationOfTheServer() throws Exception {
    try (Connecting connecting = Connecting.by(connector(GREETING));
        var upstream = new Client(target.accept())) {
      assertEquals("?", upstream.receive(1));
      connecting.server().shutdownNow();
      assertTrue(upstream.seesReset());
      await().until(() -> connecting.thrown().isDone());
    }
  }
}
