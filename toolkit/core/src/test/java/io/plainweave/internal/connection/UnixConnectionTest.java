package io.plainweave.internal.connection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.event.DrainReport;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.NeedsModule;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UnixClient;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.server.ServerState;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import jdk.net.UnixDomainPrincipal;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A connection over a Unix-domain socket")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class UnixConnectionTest {
  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  @TempDir Path folder;

  private final ConnectionEvents events = new ConnectionEvents();
  private Path path;

  @BeforeEach
  void choosePath() {
    path = folder.resolve("app.sock");
  }

  private ServerBuilder serving(Handler handler) {
    return Server.builder()
        .listen(Listen.unix(path))
        .handler(handler)
        .observer(events)
        .drainTimeout(Duration.ofSeconds(10));
  }

  /** Does something in a virtual thread, and lets its failure be seen by whoever asks for it. */
  private static <T> Future<T> begin(Callable<T> work) {
    var task = new FutureTask<>(work);
    Thread.startVirtualThread(task);
    return task;
  }

  @Test
  void carriesTenMegabytesBothWaysByteForByte() throws Exception {
    byte[] bytes = new byte[10_000_000];
    new Random(42).nextBytes(bytes);
    try (Server _ = serving(ECHO).start();
        UnixClient client = UnixClient.connect(path)) {
      Future<?> sending =
          begin(() -> {
            client.output().write(bytes);
            client.finish();
            return null;
          });
      assertArrayEquals(bytes, client.input().readAllBytes());
      sending.get();
      var closed = events.awaitClosed(1).getFirst();
      assertInstanceOf(CloseReason.Finished.class, closed.reason());
      assertEquals(bytes.length, closed.received());
      assertEquals(bytes.length, closed.sent());
    }
  }

  @Test
  void goesOnWritingWhenThePeerHasFinished() throws Exception {
    Handler answersAtTheEnd =
        connection -> {
          int bytes = connection.input().readAllBytes().length;
          connection.output().write(("received " + bytes).getBytes(US_ASCII));
        };
    try (Server _ = serving(answersAtTheEnd).start();
        UnixClient client = UnixClient.connect(path)) {
      client.send("hello").finish();
      assertEquals("received 5", client.receiveAll());
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void goesOnReadingWhenItHasFinished() throws Exception {
    var received = new CompletableFuture<String>();
    Handler finishesFirst =
        connection -> {
          connection.output().write("bye".getBytes(US_ASCII));
          connection.finishOutput();
          received.complete(new String(connection.input().readAllBytes(), US_ASCII));
        };
    try (Server _ = serving(finishesFirst).start();
        UnixClient client = UnixClient.connect(path)) {
      assertEquals("bye", client.receiveAll());
      client.send("still here").finish();
      assertEquals("still here", received.get());
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void keepsItsLastReplyWhenItHasNotReadAll() throws Exception {
    byte[] reply = new byte[200_000];
    try (Server _ = serving(connection -> connection.output().write(reply)).start();
        UnixClient client = UnixClient.connect(path)) {
      client.send("nobody reads this");
      assertEquals(reply.length, client.input().readNBytes(reply.length).length);
      client.finish();
      assertEquals(-1, client.input().read());
    }
  }

  @Test
  void thatIsAbortedFailsAtThePeerIfInputIsUnread() throws Exception {
    var sent = new CountDownLatch(1);
    Handler aborts =
        connection -> {
          sent.await();
          connection.abort();
        };
    try (Server _ = serving(aborts).start();
        UnixClient client = UnixClient.connect(path)) {
      client.send("x".repeat(10_000));
      sent.countDown();
      assertTrue(client.seesFailure());
      assertInstanceOf(CloseReason.Aborted.class, events.awaitReason());
    }
  }

  @Test
  void thatIsAbortedEndsAtThePeerAsUsualIfAllWasRead() throws Exception {
    Handler fails =
        connection -> {
          connection.input().readNBytes(5);
          connection.output().write("part".getBytes(US_ASCII));
          connection.output().flush();
          connection.abort();
        };
    try (Server _ = serving(fails).start();
        UnixClient client = UnixClient.connect(path)) {
      client.send("hello");
      assertEquals("part", client.receiveAll());
    }
  }

  @Test
  void tellsThatThePeerIsGone() throws Exception {
    Handler writes =
        connection -> {
          while (true) {
            connection.output().write(new byte[100_000]);
          }
        };
    try (Server _ = serving(writes).start()) {
      try (UnixClient client = UnixClient.connect(path)) {
        client.receive(1);
      }
      assertInstanceOf(CloseReason.PeerReset.class, events.awaitReason());
    }
  }

  @NeedsModule("jdk.net")
  @Test
  void knowsThePeersUserBeforeTheFirstByte() throws Exception {
    var found = new CompletableFuture<Optional<UnixDomainPrincipal>>();
    Handler asks = connection -> found.complete(connection.peerCredentials());
    try (Server _ = serving(asks).start();
        UnixClient client = UnixClient.connect(path)) {
      assertEquals(System.getProperty("user.name"), found.get().orElseThrow().user().getName());
      assertNotNull(found.get().orElseThrow().group());
      client.finish();
      Connection closed = events.awaitClosed(1).getFirst().connection();
      assertThrows(ConnectionClosedException.class, closed::peerCredentials);
    }
  }

  @Test
  void knowsItOverTcpNot() throws Exception {
    var found = new CompletableFuture<Optional<UnixDomainPrincipal>>();
    Handler asks = connection -> found.complete(connection.peerCredentials());
    try (Server server = Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(asks).start();
        Client _ = Client.connect(server)) {
      assertEquals(Optional.empty(), found.get());
    }
  }

  @Test
  void isNamedByTheListener() throws Exception {
    var names = new CompletableFuture<List<Object>>();
    Handler tells =
        connection ->
            names.complete(
                List.of(
                    connection.toString().replace("connection %d ".formatted(connection.id()), ""),
                    connection.localAddress(),
                    connection.remoteAddress().toString()));
    try (Server _ = serving(tells).start();
        UnixClient _ = UnixClient.connect(path)) {
      assertEquals(List.of("at unix:" + path, UnixDomainSocketAddress.of(path), ""), names.get());
    }
  }

  @Test
  void ofTwoHundredThatConnectAtOnceEachIsServed() throws Exception {
    try (Server server = serving(ECHO).start()) {
      List<Future<?>> clients = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        clients.add(
            begin(() -> {
              try (UnixClient client = UnixClient.connect(path)) {
                client.exchange("hello");
              }
              return null;
            }));
      }
      for (Future<?> client : clients) {
        client.get();
      }
      assertEquals(200, events.awaitClosed(200).size());
      await().until(() -> server.connections() == 0);
    }
  }

  @Test
  void runsOnAnEventLoopAsWell() throws Exception {
    try (Server _ = serving(ECHO).eventLoops(1).start();
        UnixClient one = UnixClient.connect(path);
        UnixClient other = UnixClient.connect(path)) {
      one.exchange("hello");
      other.exchange("hello");
      one.exchange("and again");
    }
  }

  @Test
  void countsForTheSameLimitAsOneOverTcp() throws Exception {
    try (Server server =
            serving(ECHO)
                .listen(Listen.tcp("127.0.0.1", 0))
                .admission(AdmissionRules.DEFAULT.maxConnections(2))
                .start();
        Client tcp = Client.connect(server);
        UnixClient unix = UnixClient.connect(path)) {
      tcp.exchange("first");
      unix.exchange("second");
      try (UnixClient waiting = UnixClient.connect(path).send("third")) {
        assertEquals(2, server.connections());
        assertEquals(2, events.opened());
        tcp.close();
        assertEquals("third", waiting.receive(5));
      }
    }
  }

  @Test
  void readsEndOfStreamInADrainWhenItWaits() throws Exception {
    try (Server server = serving(ECHO).start();
        UnixClient idle = UnixClient.connect(path)) {
      idle.exchange("hello");
      var report = begin(server::drain);
      assertEquals("", idle.receiveAll());
      idle.close();
      assertEquals(1, report.get().finished());
      assertInstanceOf(CloseReason.Drained.class, events.awaitReason());
    }
  }

  @Test
  void finishesItsMessageInADrain() throws Exception {
    Handler answersLines =
        connection -> {
          var lines = Lines.of(connection, 100);
          for (String line; (line = lines.read()) != null; ) {
            connection.output().write((line + "\n").getBytes(US_ASCII));
          }
        };
    try (Server server = serving(answersLines).start();
        UnixClient busy = UnixClient.connect(path)) {
      // The answer to the first line shows that the next one was begun.
      busy.send("one\ntw");
      assertEquals("one\n", busy.receive(4));
      var report = begin(server::drain);
      await().until(() -> server.state().isAtLeast(ServerState.DRAINING));
      busy.send("o\n");
      assertEquals("two\n", busy.receiveAll());
      busy.close();
      assertEquals(1, report.get().finished());
    }
  }

  @Test
  void thatIgnoresADrainIsCancelledAndItsPlaceTold() throws Exception {
    var never = new CountDownLatch(1);
    try (Server server =
            serving(connection -> never.await()).drainTimeout(Duration.ofMillis(300)).start();
        UnixClient client = UnixClient.connect(path)) {
      await().until(() -> events.opened() == 1);
      DrainReport report = server.drain();
      assertEquals(1, report.forced());
      assertTrue(report.forcedAt().getFirst().toString().startsWith("unix:(unnamed) at "));
      assertFalse(client.seesFailure());
      assertInstanceOf(CloseReason.Cancelled.class, events.awaitReason());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FIRST_BYTE", "IDLE", "MESSAGE", "WRITE_STALL", "HALF_CLOSED"})
  void hasTheTimeLimitsOfOneOverTcp(TimeLimits.Kind limit) throws Exception {
    Duration time = Duration.ofMillis(300);
    TimeLimits limits =
        switch (limit) {
          case FIRST_BYTE -> TimeLimits.NONE.firstByte(time);
          case IDLE -> TimeLimits.NONE.idle(time);
          case MESSAGE -> TimeLimits.NONE.message(time);
          case WRITE_STALL -> TimeLimits.NONE.writeStall(time);
          default -> TimeLimits.NONE.halfClosed(time);
        };
    Handler handler =
        switch (limit) {
          case MESSAGE -> connection -> Lines.of(connection, 100).read();
          case WRITE_STALL -> connection -> connection.output().write(new byte[10_000_000]);
          case HALF_CLOSED ->
              connection -> {
                connection.finishOutput();
                connection.input().read();
              };
          default -> ECHO;
        };
    try (Server server = serving(handler).timeLimits(TimeLimits.NONE).start();
        UnixClient client = UnixClient.connect(path)) {
      if (limit == TimeLimits.Kind.IDLE) {
        client.exchange("hello");
      } else if (limit == TimeLimits.Kind.MESSAGE) {
        client.send("half of a li");
      }
      server.changeTimeLimits(limits);
      if (limit == TimeLimits.Kind.FIRST_BYTE || limit == TimeLimits.Kind.IDLE) {
        assertEquals("", client.receiveAll());
        client.finish();
      }
      assertEquals(new CloseReason.TimedOut(limit), events.awaitReason());
      client.receiveAll();
    }
  }

  @Test
  void isNotWaitedForWithoutEndWhenItDoesNotFinish() throws Exception {
    TimeLimits limits = TimeLimits.NONE.linger(Duration.ofMillis(300));
    try (Server server = serving(connection -> {}).timeLimits(limits).start();
        UnixClient client = UnixClient.connect(path)) {
      assertEquals("", client.receiveAll());
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
      await().until(() -> server.connections() == 0);
    }
  }
}
