package io.plainweave;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A connector to a path")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class UnixConnectorTest {
  @TempDir Path folder;

  private final ConnectionEvents events = new ConnectionEvents();
  private Path path;

  @BeforeEach
  void choosePath() {
    path = folder.resolve("app.sock");
  }

  private static ServerBuilder serving(Listen listen, Handler handler) {
    return Server.builder().listen(listen).handler(handler).drainTimeout(Duration.ofSeconds(10));
  }

  private Server echo() throws Exception {
    return serving(
            Listen.unix(path), connection -> connection.input().transferTo(connection.output()))
        .start();
  }

  /** Runs the code in a handler and returns what it throws; null if it returns. */
  private Exception thrownInHandler(Handler handler) throws Exception {
    var thrown = new CompletableFuture<Exception>();
    Handler tells =
        connection -> {
          try {
            handler.handle(connection);
            thrown.complete(null);
          } catch (Exception e) {
            thrown.complete(e);
          }
        };
    try (Server server = serving(Listen.tcp("127.0.0.1", 0), tells).start();
        Client _ = Client.connect(server)) {
      return thrown.get();
    }
  }

  private ServerSocketChannel full() throws IOException {
    var channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    return channel.bind(UnixDomainSocketAddress.of(path), 1);
  }

  @Test
  void opensAConnectionLikeAnyOther() throws Exception {
    Handler asks =
        _ -> {
          try (Connection upstream = Connector.unix(path).connect()) {
            assertEquals("connection to unix:" + path, upstream.toString());
            assertEquals(UnixDomainSocketAddress.of(path), upstream.remoteAddress());
            assertTrue(upstream.peerCredentials().isPresent());
            upstream.output().write("hello".getBytes(US_ASCII));
            upstream.finishOutput();
            assertEquals("hello", new String(upstream.input().readAllBytes(), US_ASCII));
          }
        };
    try (Server _ = echo()) {
      assertNull(thrownInHandler(asks));
    }
  }

  @Test
  void joinsATcpClientToAUnixDomainServer() throws Exception {
    Handler relays =
        connection -> {
          try (Connection upstream = Connector.unix(path).connect()) {
            Relay.between(connection, upstream);
          }
        };
    try (Server _ = echo();
        Server server = serving(Listen.tcp("127.0.0.1", 0), relays).observer(events).start();
        Client client = Client.connect(server)) {
      client.exchange("hello");
      client.send("and the rest");
      client.finish();
      assertEquals("and the rest", client.receiveAll());
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void saysThatNobodyListens() throws Exception {
    full().close();
    Exception failure = thrownInHandler(_ -> Connector.unix(path).connect());
    assertInstanceOf(ConnectException.class, failure);
    assertTrue(failure.getMessage().startsWith("cannot connect to unix:" + path + ": "));
    assertInstanceOf(ConnectException.class, failure.getCause());
  }

  @Test
  void saysThatNothingIsThere() throws Exception {
    Exception failure = thrownInHandler(_ -> Connector.unix(path).connect());
    assertInstanceOf(ConnectException.class, failure);
    assertTrue(failure.getMessage().startsWith("cannot connect to unix:" + path + ": "));
  }

  @Test
  void waitsForRoomInAFullBacklog() throws Exception {
    try (ServerSocketChannel server = full();
        UnixClient _ = UnixClient.connect(path);
        UnixClient _ = UnixClient.connect(path)) {
      var connecting = new CountDownLatch(1);
      var failure = new CompletableFuture<Exception>();
      Thread.startVirtualThread(() -> {
        try {
          failure.complete(
              thrownInHandler(_ -> {
                connecting.countDown();
                Connector.unix(path).connect().close();
              }));
        } catch (Exception e) {
          failure.completeExceptionally(e);
        }
      });
      connecting.await();
      server.accept().close();
      server.accept().close();
      server.accept().close();
      assertNull(failure.get());
    }
  }

  @Test
  void givesUpWhenTheBacklogStaysFull() throws Exception {
    try (ServerSocketChannel _ = full();
        UnixClient _ = UnixClient.connect(path);
        UnixClient _ = UnixClient.connect(path)) {
      Connector impatient = Connector.unix(path).connectTimeout(Duration.ofMillis(100));
      Exception failure = thrownInHandler(_ -> impatient.connect());
      assertInstanceOf(ConnectException.class, failure);
    }
    Files.delete(path);
  }

  @Test
  void endsItsWaitWhenItIsInterrupted() throws Exception {
    try (ServerSocketChannel _ = full();
        UnixClient _ = UnixClient.connect(path);
        UnixClient _ = UnixClient.connect(path)) {
      Connector patient = Connector.unix(path).connectTimeout(Duration.ZERO);
      Exception failure =
          thrownInHandler(_ -> {
            Thread.currentThread().interrupt();
            patient.connect();
          });
      assertInstanceOf(InterruptedException.class, failure);
    }
  }
}
