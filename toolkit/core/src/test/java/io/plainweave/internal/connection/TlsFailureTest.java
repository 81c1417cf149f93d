package io.plainweave.internal.connection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.TimeLimits;
import io.plainweave.event.HandlerPosition;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.TlsPeer;
import io.plainweave.fixture.TlsServer;
import io.plainweave.fixture.TlsTest;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("When TLS fails")
class TlsFailureTest extends TlsTest {
  private final BlockingQueue<Object> seen = new LinkedBlockingQueue<>();

  private static SSLEngine engine(String protocol) throws IOException {
    SSLEngine engine = tls.clientTls().newEngine("localhost", 0);
    engine.setEnabledProtocols(new String[] {protocol});
    return engine;
  }

  private Object next() throws InterruptedException {
    Object next = seen.poll(10, TimeUnit.SECONDS);
    assertTrue(next != null, "the handler has seen nothing more");
    return next;
  }

  /** Notes what it reads, and how that ends. */
  private void readAll(Connection connection) throws IOException {
    byte[] bytes = new byte[100_000];
    try {
      for (int n; (n = connection.input().read(bytes)) >= 0; ) {
        seen.add(new String(bytes, 0, n, US_ASCII));
      }
    } catch (IOException e) {
      seen.add(e);
      throw e;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void theHandlerGetsWhatHasComeBeforeADamagedRecord(String protocol) throws Exception {
    try (Server server = start(this::readAll);
        TlsPeer peer = TlsPeer.connect(server, engine(protocol))) {
      peer.send(peer.record("first "), peer.record("second"), peer.damagedRecord("third"));
      assertEquals("first second", next());
      SSLException failure = assertInstanceOf(SSLException.class, next());
      assertSeesAlert(peer, "bad_record_mac");
      peer.close();
      assertSame(
          failure, assertInstanceOf(CloseReason.TlsFailed.class, events.awaitReason()).cause());
    }
  }

  /** Reads up to the alert, past what else the server has sent, tickets for example. */
  private static void assertSeesAlert(TlsPeer peer, String alert) {
    SSLException alerted =
        assertThrows(
            SSLException.class,
            () -> {
              while (true) {
                peer.receive();
              }
            });
    assertTrue(alerted.getMessage().contains(alert), alerted.getMessage());
  }

  @Test
  void aWriterIsToldTheReason() throws Exception {
    Handler reads =
        connection -> {
          seen.add(connection.input().read());
          try {
            connection.output().write('x');
            connection.output().flush();
          } catch (IOException e) {
            seen.add(e);
            throw e;
          }
        };
    try (Server server = start(reads);
        TlsPeer peer = TlsPeer.connect(server, engine("TLSv1.3"))) {
      peer.send(peer.record("a"), peer.damagedRecord("b"));
      assertEquals((int) 'a', next());
      SSLException failure = assertInstanceOf(SSLException.class, next());
      assertSeesAlert(peer, "bad_record_mac");
      peer.close();
      assertSame(
          failure, assertInstanceOf(CloseReason.TlsFailed.class, events.awaitReason()).cause());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void aWriterIsToldWhatThePeerHasSaidBeforeItWasLost(String protocol) throws Exception {
    var reset = new CountDownLatch(1);
    Handler writes =
        connection -> {
          seen.add(connection.input().read());
          reset.await();
          try {
            connection.output().write(new byte[20_000_000]);
          } catch (IOException e) {
            seen.add(e);
            throw e;
          }
        };
    try (Server server = start(writes);
        TlsPeer peer = TlsPeer.connect(server, engine(protocol))) {
      peer.send(peer.record("a"));
      assertEquals((int) 'a', next());
      peer.send(peer.alert());
      peer.reset();
      reset.countDown();
      SSLException failure = assertInstanceOf(SSLException.class, next());
      assertTrue(failure.getMessage().contains("unexpected_message"), failure.getMessage());
      assertSame(
          failure, assertInstanceOf(CloseReason.TlsFailed.class, events.awaitReason()).cause());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void whoSendsARecordThatIsTooLargeIsToldAsFarAsTheEngineCan(String protocol) throws Exception {
    try (Server server = start(this::readAll);
        TlsPeer peer = TlsPeer.connect(server, engine(protocol))) {
      peer.send(peer.record("first"), new byte[] {23, 3, 3, 0x41, 1});
      assertEquals("first", next());
      SSLException failure = assertInstanceOf(SSLException.class, next());
      assertEquals("a record of 16641 bytes: at most 16640 are allowed", failure.getMessage());
      assertSeesAlert(peer, "unexpected_message");
    }
  }

  @Test
  void whoStallsInItsTurnIsNotInTheWayOfOthers() throws Exception {
    ServerBuilder oneTurn =
        Server.builder()
            .listen(tls.listen())
            .handler(ECHO)
            .observer(events)
            .maxHandshakes(1)
            .timeLimits(TimeLimits.NONE);
    try (Server server = oneTurn.start();
        Client stalled = Client.connect(server)) {
      stalled.socket().getOutputStream().write(22);
      await()
          .until(() -> events.opened() == 1 && isInHandshake(events.openConnections().getFirst()));
      try (SSLSocket fresh = tls.connect(server, "TLSv1.3")) {
        TlsServer.send(fresh, "hello");
        assertEquals("hello", TlsServer.receive(fresh, 5));
      }
      assertTrue(stalled.seesReset());
    }
  }

  private static boolean isInHandshake(Connection connection) {
    HandlerPosition position = ((SocketConnection) connection).position();
    return position != null && position.stack().toString().contains("TlsTransport.handshake");
  }
}
