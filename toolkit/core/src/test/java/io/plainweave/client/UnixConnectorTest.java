package io.plainweave.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.faults.Machine;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.NeedsModule;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UnixClient;
import io.plainweave.internal.time.Countdown;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @NeedsModule("jdk.net")
  @Test
  void opensAConnectionLikeAnyOther() throws Exception {
    Handler asks =
        _ -> {
          try (Connection upstream = Connector.unix(path).connect()) {
            assertEquals(
                "connection %d to unix:%s".formatted(upstream.id(), path), upstream.toString());
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

  /** Fails as long as the test if it tries again, or waits for room. */
  private void isToldAtOnce(String why) throws Exception {
    Connector patient =
        Connector.unix(path).connectTimeout(Duration.ZERO).retryFor(Duration.ofHours(1));
    Exception failure = thrownInHandler(_ -> patient.connect());
    assertInstanceOf(ConnectException.class, failure);
    assertEquals("cannot connect to unix:" + path + ": " + why, failure.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "folder", "fifo", "link to a file"})
  void saysAtOnceThatWhatIsThereIsNoSocket(String kind) throws Exception {
    switch (kind) {
      case "file" -> Files.createFile(path);
      case "folder" -> Files.createDirectory(path);
      case "fifo" ->
          assertEquals(0, new ProcessBuilder("mkfifo", path.toString()).start().waitFor());
      default -> Files.createSymbolicLink(path, Files.createFile(folder.resolve("file")));
    }
    isToldAtOnce("what is there is no socket");
  }

  @Test
  void saysAtOnceThatTheFolderIsMissing() throws Exception {
    path = folder.resolve("missing").resolve("app.sock");
    isToldAtOnce("there is no folder " + folder.resolve("missing"));
  }

  @Test
  void saysAtOnceThatTheFolderIsNone() throws Exception {
    path = Files.createFile(folder.resolve("file")).resolve("app.sock");
    isToldAtOnce("this is no folder: " + folder.resolve("file"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"SOCK_DGRAM", "SOCK_SEQPACKET"})
  void saysAtOnceThatTheSocketIsNotForStreams(String type) throws Exception {
    Machine.needsProc();
    Process other = bindOther(type);
    try {
      isToldAtOnce("the socket there is of another type than SOCK_STREAM");
    } finally {
      other.destroyForcibly().waitFor();
    }
    Files.delete(path);
  }

  /** Binds the path to a socket that is not for streams, until the process ends. */
  private Process bindOther(String type) throws IOException {
    Machine.needs("python3");
    String script = "import socket,sys; s = socket.socket(socket.AF_UNIX, socket.%s); ";
    script += "s.bind(sys.argv[1]); print('bound', flush=True); sys.stdin.read()";
    Process other =
        new ProcessBuilder("python3", "-c", script.formatted(type), path.toString()).start();
    assertEquals("bound", other.inputReader().readLine());
    return other;
  }

  private boolean isWorthAnotherAttempt() {
    var destination = new UnixDestination(UnixDomainSocketAddress.of(path));
    Countdown soon = Countdown.of(Duration.ofMillis(1));
    return destination.mayPass(
        assertThrows(ConnectException.class, () -> destination.connect(soon)));
  }

  @Test
  void isWorthAnotherAttemptWhileNothingIsThereOrNobodyListensOrTheBacklogIsFull()
      throws Exception {
    assertTrue(isWorthAnotherAttempt(), "nothing is there");
    full().close();
    assertTrue(isWorthAnotherAttempt(), "nobody listens");
    Files.delete(path);
    try (ServerSocketChannel _ = full();
        UnixClient _ = UnixClient.connect(path);
        UnixClient _ = UnixClient.connect(path)) {
      assertTrue(isWorthAnotherAttempt(), "the backlog is full");
    }
    Files.delete(path);
    Files.createFile(path);
    assertFalse(isWorthAnotherAttempt());
  }

  @Test
  void isWorthAnotherAttemptThoughASocketThatHasLostThePathStillHasItsName() throws Exception {
    Machine.needsProc();
    Process other = bindOther("SOCK_DGRAM");
    try {
      isToldAtOnce("the socket there is of another type than SOCK_STREAM");
      Files.delete(path);
      try (ServerSocketChannel _ = full();
          UnixClient _ = UnixClient.connect(path);
          UnixClient _ = UnixClient.connect(path)) {
        // What is known of the sockets may be a second old.
        await().until(this::isWorthAnotherAttempt);
      }
    } finally {
      other.destroyForcibly().waitFor();
    }
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
      assertTrue(failure.getMessage().contains("no room in its backlog"), failure.getMessage());
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
