package io.plainweave.internal.connection;

import static io.plainweave.fixture.TlsServer.receive;
import static io.plainweave.fixture.TlsServer.receiveAll;
import static io.plainweave.fixture.TlsServer.send;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.client.Connector;
import io.plainweave.event.DrainReport;
import io.plainweave.event.HandlerPosition;
import io.plainweave.fixture.BorrowedBuffers;
import io.plainweave.fixture.Chopper;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.TlsPeer;
import io.plainweave.fixture.TlsTest;
import io.plainweave.internal.transport.TlsTransport;
import io.plainweave.server.Server;
import io.plainweave.tls.TlsSession;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A connection by TLS")
class TlsConnectionTest extends TlsTest {
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void carriesBytesBothWays(String protocol) throws Exception {
    try (Server server = start(ECHO);
        SSLSocket client = tls.connect(server, protocol)) {
      send(client, "hello");
      assertEquals("hello", receive(client, 5));
      send(client, "again");
      assertEquals("again", receive(client, 5));
      client.close();
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void carriesMuchInBothDirectionsAtOnce(String protocol) throws Exception {
    byte[] bytes = new byte[2_000_000];
    new Random(1).nextBytes(bytes);
    try (Server server = start(ECHO);
        SSLSocket client = tls.connect(server, protocol)) {
      Thread writer =
          Thread.startVirtualThread(() -> {
            try {
              for (int i = 0, size = 1; i < bytes.length; i += size, size = size * 7 % 100_003) {
                size = Math.min(size, bytes.length - i);
                client.getOutputStream().write(bytes, i, size);
              }
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          });
      assertArrayEquals(bytes, client.getInputStream().readNBytes(bytes.length));
      writer.join();
    }
  }

  @Test
  void doesNotMindWhereTheNetworkSplitsIt() throws Exception {
    try (Server server = start(ECHO);
        var chopper = new Chopper(server.port());
        SSLSocket client =
            tls.connect(new Socket(InetAddress.getLoopbackAddress(), chopper.port()), "TLSv1.3")) {
      for (int i = 1; i < 100; i += 13) {
        String text = "x".repeat(i);
        send(client, text);
        assertEquals(text, receive(client, i));
      }
    }
  }

  @Test
  void tellsTheHandlerWhatWasAgreedOn() throws Exception {
    var session = new CompletableFuture<Optional<TlsSession>>();
    try (Server server = start(connection -> session.complete(connection.tls()));
        SSLSocket client = tls.connect(server, "TLSv1.3")) {
      assertEquals("", receiveAll(client));
    }
    assertEquals("TLSv1.3", session.get().orElseThrow().protocol());
    assertEquals(Optional.of("localhost"), session.get().orElseThrow().serverName());
  }

  @Test
  void isNoneWithoutIt() throws Exception {
    var session = new CompletableFuture<Optional<TlsSession>>();
    try (Server server =
            start(Listen.tcp("127.0.0.1", 0), connection -> session.complete(connection.tls()));
        Client client = Client.connect(server)) {
      assertEquals("", client.receiveAll());
    }
    assertEquals(Optional.empty(), session.get());
  }

  @Test
  void letsTheServerReplyToAClientThatHasFinished() throws Exception {
    Handler countsToTheEnd =
        connection -> {
          long count = connection.input().transferTo(OutputStream.nullOutputStream());
          connection.output().write(("got " + count).getBytes(US_ASCII));
        };
    try (Server server = start(countsToTheEnd);
        SSLSocket client = tls.connect(server, "TLSv1.3")) {
      send(client, "hello");
      client.shutdownOutput();
      assertEquals("got 5", receiveAll(client));
    }
  }

  @Test
  void letsTheClientGoOnWhenTheServerHasFinished() throws Exception {
    var received = new CompletableFuture<String>();
    Handler finishesFirst =
        connection -> {
          connection.output().write("bye".getBytes(US_ASCII));
          connection.finishOutput();
          received.complete(new String(connection.input().readAllBytes(), US_ASCII));
        };
    try (Server server = start(finishesFirst);
        SSLSocket client = tls.connect(server, "TLSv1.3")) {
      assertEquals("bye", receiveAll(client));
      send(client, "and yet");
      client.shutdownOutput();
      assertEquals("and yet", received.get(10, TimeUnit.SECONDS));
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void answersBeforeAClientOfTls12ClosesIt() throws Exception {
    // Both leave together: the request, and a close_notify after which nothing can be written.
    Handler answersOnce =
        connection -> {
          byte[] request = connection.input().readNBytes(5);
          connection.output().write(request);
          connection.input().transferTo(OutputStream.nullOutputStream());
        };
    try (Server server = start(answersOnce)) {
      var plain = new Socket(InetAddress.getLoopbackAddress(), server.port());
      try (SSLSocket client = tls.connect(plain, "TLSv1.2")) {
        send(client, "hello");
        client.shutdownOutput();
        assertEquals("hello", receiveAll(client));
      }
    }
  }

  @Test
  void cannotReplyToAClientOfTls12ThatHasClosedIt() throws Exception {
    Handler repliesAtTheEnd =
        connection -> {
          connection.input().readAllBytes();
          connection.output().write('x');
        };
    try (Server server = start(repliesAtTheEnd);
        SSLSocket client = tls.connect(server, "TLSv1.2")) {
      client.close();
      assertEquals(
          "the peer has closed the connection: TLS 1.2 has no half-close",
          assertInstanceOf(CloseReason.TlsFailed.class, events.awaitReason()).cause().getMessage());
    }
  }

  @Test
  void holdsNoBufferWhileItWaitsNotEvenInTheMiddleOfARecord() throws Exception {
    var waiting = new CompletableFuture<SocketConnection>();
    Handler handler =
        connection -> {
          waiting.complete((SocketConnection) connection);
          ECHO.handle(connection);
        };
    try (Server server = start(handler);
        var chopper = new Chopper(server.port());
        SSLSocket client =
            tls.connect(new Socket(InetAddress.getLoopbackAddress(), chopper.port()), "TLSv1.3")) {
      send(client, "hello");
      assertEquals("hello", receive(client, 5));
      chopper.allow(20);
      send(client, "again");
      SocketConnection connection = waiting.get();
      await()
          .until(() ->
              chopper.isStopped()
                  && connection.input().activity() == ConnectionActivity.WAITING
                  && BorrowedBuffers.of(connection) == 0);
      chopper.allow(Integer.MAX_VALUE);
      assertEquals("again", receive(client, 5));
    }
  }

  @Test
  void isClosedByAnotherThreadThatDoesNotWaitForTheWriter() throws Exception {
    var writing = new CompletableFuture<SocketConnection>();
    Handler floods =
        connection -> {
          writing.complete((SocketConnection) connection);
          byte[] bytes = new byte[100_000];
          while (true) {
            connection.output().write(bytes);
          }
        };
    try (Server server =
            Server.builder()
                .listen(tls.listen())
                .handler(floods)
                .observer(events)
                .timeLimits(TimeLimits.NONE.linger(Duration.ofMillis(100)))
                .start();
        SSLSocket client = tls.connect(server, "TLSv1.3")) {
      assertEquals(10, client.getInputStream().readNBytes(10).length);
      await().until(() -> waitsForRoom(writing.get()));
      writing.get().close();
      events.awaitReason();
    }
  }

  private static boolean waitsForRoom(SocketConnection connection) {
    HandlerPosition position = connection.position();
    return position != null && position.stack().toString().contains("awaitWritable");
  }

  @Test
  void endsInOrderWhenTheServerDrains() throws Exception {
    try (Server server = start(ECHO)) {
      try (Connection upstream =
          Connector.tcp("localhost", server.port()).tls(tls.clientTls()).connect()) {
        upstream.output().write("hello".getBytes(US_ASCII));
        assertEquals(5, upstream.input().readNBytes(5).length);
        Thread.startVirtualThread(server::drain);
        // A FIN without close_notify would be a TruncatedMessageException.
        assertEquals("", new String(upstream.input().readAllBytes(), US_ASCII));
      }
      assertInstanceOf(CloseReason.Drained.class, events.awaitReason());
    }
  }

  @Test
  void tellsHowMuchTheSocketHasTakenWhichMayBeLessThanARecord() throws Exception {
    var taken = new CompletableFuture<Integer>();
    Handler counts =
        plain -> {
          var connection = (SocketConnection) plain;
          var transport =
              new TlsTransport(
                  tls.tls().newEngine(), connection.channel(), connection.buffers(), null);
          assertTrue(transport.handshake());
          ByteBuffer bytes = ByteBuffer.allocate(1_000_000);
          int count = 0;
          while (bytes.hasRemaining() || transport.hasUnsent()) {
            int n = transport.write(bytes);
            count += n;
            if (n == 0) {
              transport.awaitWritable();
            }
          }
          transport.finishOutput();
          transport.release(true);
          taken.complete(count);
        };
    SSLEngine engine = tls.clientTls().newEngine("localhost", 0);
    engine.setEnabledProtocols(new String[] {"TLSv1.2"});
    try (Server server = start(Listen.tcp("127.0.0.1", 0), counts);
        TlsPeer peer = TlsPeer.connect(server, engine)) {
      int closeNotify = 31;
      assertEquals(peer.records().readAllBytes().length - closeNotify, taken.get());
    }
  }

  @Test
  void isCutWhenAClientDoesNotReadInADrain() throws Exception {
    Handler floods =
        connection -> {
          byte[] bytes = new byte[100_000];
          while (true) {
            connection.output().write(bytes);
          }
        };
    try (Server server =
            Server.builder()
                .listen(tls.listen())
                .handler(floods)
                .observer(events)
                .drainTimeout(Duration.ofMillis(300))
                .start();
        SSLSocket client = tls.connect(server, "TLSv1.3")) {
      assertEquals(10, client.getInputStream().readNBytes(10).length);
      await().until(() -> waitsForRoom((SocketConnection) events.openConnections().getFirst()));
      DrainReport report = server.drain();
      assertEquals(1, report.forced());
      assertEquals(List.of(), report.survivors());
    }
  }
}
