package io.plainweave.internal.connection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.PeerState;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.NeedsModule;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.WaitingTask;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The state of the peer")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class PeerStateTest {
  private final ClosedConnections closed = new ClosedConnections();

  /** What a server computes; it takes its time. */
  private final WaitingTask search = new WaitingTask();

  private static void awaitState(Connection connection, PeerState state) {
    await().until(() -> connection.peerState() == state);
  }

  // To ask

  private static int countSlowly(Connection connection) {
    int parts = 0;
    // @start region="ask"
    while (connection.peerState() != PeerState.GONE && parts < 1_000_000) {
      parts++; // a part of the work
    }
    // @end
    return parts;
  }

  @Test
  void isOpenWhileThePeerIsSilentAndWhileItSends() throws Exception {
    Handler asks =
        connection -> {
          assertEquals(PeerState.OPEN, connection.peerState());
          connection.output().write('?');
          connection.output().flush();
          await().until(() -> ahead(connection) == 5);
          assertEquals(PeerState.OPEN, connection.peerState());
          connection.output().write(connection.input().readNBytes(5));
          connection.output().flush();
          awaitState(connection, PeerState.FINISHED);
          assertEquals(-1, connection.input().read());
          connection.output().write("and still a reply".getBytes(US_ASCII));
        };
    try (Server server = closed.start(asks);
        Client client = Client.connect(server)) {
      assertEquals("?", client.receive(1));
      client.exchange("hello");
      client.finish();
      assertEquals("and still a reply", client.receiveAll());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  /** How many bytes are kept for the next read, after a look. */
  private static int ahead(Connection connection) {
    connection.peerState();
    var unread = ((SocketConnection) connection).input().unread();
    return unread == null ? 0 : unread.remaining();
  }

  @Test
  void isFinishedBehindBytesThatWereNotRead() throws Exception {
    var read = new CompletableFuture<String>();
    Handler asks =
        connection -> {
          awaitState(connection, PeerState.FINISHED);
          read.complete(new String(connection.input().readAllBytes(), US_ASCII));
        };
    try (Server server = closed.start(asks);
        Client client = Client.connect(server)) {
      client.send("one ");
      client.send("two");
      client.finish();
      assertEquals("one two", read.get());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void isGoneAfterAReset() throws Exception {
    Handler asks = PeerStateTest::countUntilGone;
    try (Server server = closed.start(asks);
        Client client = Client.connect(server)) {
      client.send("read ahead");
      client.reset();
      assertInstanceOf(CloseReason.PeerReset.class, closed.next());
    }
  }

  private static void countUntilGone(Connection connection) {
    await()
        .untilAsserted(() -> {
          countSlowly(connection);
          assertEquals(PeerState.GONE, connection.peerState());
        });
  }

  @Test
  void isKnownBehindNoMoreThanOneBuffer() throws Exception {
    int much = 300_000;
    Handler asks =
        connection -> {
          await().until(() -> ahead(connection) >= 8 * 1024);
          int before = ahead(connection);
          assertEquals(PeerState.OPEN, connection.peerState());
          assertEquals(before, ahead(connection));
          assertEquals(much, connection.input().readAllBytes().length);
          assertEquals(PeerState.FINISHED, connection.peerState());
        };
    try (Server server = closed.start(asks);
        Client client = Client.connect(server)) {
      client.socket().getOutputStream().write(new byte[much]);
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void isAskedByAnInterruptedThreadThatChangesNothing() throws Exception {
    Handler asks =
        connection -> {
          Thread.currentThread().interrupt();
          assertEquals(PeerState.OPEN, connection.peerState());
          assertTrue(Thread.interrupted());
          connection.input().transferTo(connection.output());
        };
    try (Server server = closed.start(asks);
        Client client = Client.connect(server)) {
      client.exchange("hello");
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @NeedsModule("jdk.management") // by which the watchdog adds a carrier
  @Test
  void isAskedByManyThreadsBesideTheOneThatReads() throws Exception {
    Handler asks =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork(
                "reader",
                () -> {
                  // Each read enters anew, and meets a look.
                  for (int b; (b = connection.input().read()) >= 0; ) {
                    connection.output().write(b);
                  }
                });
            for (int i = 0; i < 2; i++) {
              scope.forkBackground(
                  "asks",
                  () -> {
                    while (!Thread.currentThread().isInterrupted()) {
                      connection.peerState();
                      Thread.yield();
                    }
                  });
            }
            scope.join();
          }
        };
    try (Server server = closed.start(asks);
        Client client = Client.connect(server)) {
      for (int i = 0; i < 2_000; i++) {
        client.exchange("message " + i);
      }
      client.finish();
      assertEquals("", client.receiveAll());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  // What a scope does

  private void searchFor(Connection connection) throws Exception {
    String asked = Lines.of(connection, 100).read();
    // @start region="scope"
    try (var scope = connection.openScope()) {
      scope.endWhen(PeerState.FINISHED);
      var found = scope.fork("search", () -> search(asked));
      connection.output().write(found.join().getBytes(US_ASCII));
      scope.join();
    }
    // @end
  }

  private String search(String asked) throws InterruptedException {
    if (asked.equals("slow")) {
      search.run();
    }
    return "found " + asked;
  }

  @Test
  void endsAScopeThatIsNotNeededAfterAFin() throws Exception {
    try (Server server = closed.start(this::searchFor);
        Client client = Client.connect(server)) {
      client.send("slow\n");
      search.awaitRunning();
      client.send("more");
      assertFalse(search.isCancelledWithin(Duration.ofMillis(400)));
      client.finish();
      search.awaitCancelled();
      assertEquals(new CloseReason.PeerFinished(), closed.next());
    }
  }

  @Test
  void endsNoScopeWhosePeerWaits() throws Exception {
    try (Server server = closed.start(this::searchFor);
        Client client = Client.connect(server)) {
      client.send("quick\n");
      assertEquals("found quick", client.receive(11));
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  /** Ends with a peer that is lost, not with one that has sent all it wants. */
  private void searchUntilGone(Connection connection) throws Exception {
    try (var scope = connection.openScope()) {
      scope.endWhen(PeerState.GONE);
      search.run();
      scope.join();
    }
  }

  @Test
  void endsAScopeAtAReset() throws Exception {
    try (Server server = closed.start(this::searchUntilGone);
        Client client = Client.connect(server)) {
      search.awaitRunning();
      client.send("more");
      assertFalse(search.isCancelledWithin(Duration.ofMillis(400)));
      client.reset();
      search.awaitCancelled();
      assertInstanceOf(CloseReason.PeerReset.class, closed.next());
    }
  }

  @Test
  void endsNoScopeAtAFinThatIsNone() throws Exception {
    var goesOn = new CountDownLatch(1);
    Handler handler =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.endWhen(PeerState.GONE);
            goesOn.await();
            connection.output().write("late".getBytes(US_ASCII));
            scope.join();
          }
        };
    try (Server server = closed.start(handler);
        Client client = Client.connect(server)) {
      client.finish();
      assertFalse(client.isAtEndWithin(Duration.ofMillis(400)));
      goesOn.countDown();
      assertEquals("late", client.receiveAll());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void takesNothingFromAHandlerThatReadsInBetween() throws Exception {
    Handler handler =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.endWhen(PeerState.GONE);
            scope.fork(
                "reader",
                () -> {
                  for (int b; (b = connection.input().read()) >= 0; ) {
                    connection.output().write(b);
                    if (b == '.') {
                      connection.output().flush();
                      // Beyond the next look of the reaper.
                      awaitTicks(connection, 3);
                    }
                  }
                });
            scope.join();
          }
        };
    try (Server server = closed.start(handler);
        Client client = Client.connect(server)) {
      for (int i = 0; i < 5; i++) {
        client.exchange("some text.");
      }
      client.finish();
      assertEquals("", client.receiveAll());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  private static void awaitTicks(Connection connection, int ticks) {
    var socket = (SocketConnection) connection;
    int begin = socket.now();
    await().until(() -> socket.now() - begin >= ticks);
  }

  @Test
  void isNoEndWhileItIsOpen() throws Exception {
    var told = new CountDownLatch(1);
    Handler handler =
        connection -> {
          try (var scope = connection.openScope()) {
            var e =
                assertThrows(IllegalArgumentException.class, () -> scope.endWhen(PeerState.OPEN));
            assertEquals("a scope does not end when its peer is OPEN", e.getMessage());
            told.countDown();
          }
        };
    closed.serve(handler);
    assertEquals(0, told.getCount());
  }
}
