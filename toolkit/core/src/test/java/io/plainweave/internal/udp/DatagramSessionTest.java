package io.plainweave.internal.udp;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Deadline;
import io.plainweave.TimeLimits;
import io.plainweave.event.DrainReport;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UdpClient;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.server.ServerInsides;
import io.plainweave.udp.DatagramDrop;
import io.plainweave.udp.DatagramSession;
import io.plainweave.udp.DatagramStatistics;
import io.plainweave.udp.SessionHandler;
import io.plainweave.udp.Udp;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A session with a peer by UDP")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class DatagramSessionTest {
  private final Queue<ServerEvent.SessionClosed> closed = new ConcurrentLinkedQueue<>();
  private final Queue<ServerEvent.SessionOpened> opened = new ConcurrentLinkedQueue<>();

  private ServerBuilder builder(Udp udp, SessionHandler handler) {
    return Server.builder()
        .sessions(udp, handler)
        .observer(event -> {
          switch (event) {
            case ServerEvent.SessionOpened e -> opened.add(e);
            case ServerEvent.SessionClosed e -> closed.add(e);
            default -> {
              // Not about a session.
            }
          }
        });
  }

  private Server start(SessionHandler handler) throws Exception {
    return builder(udp(), handler).start();
  }

  private static Udp udp() {
    return Udp.at("127.0.0.1", 0);
  }

  private static DatagramStatistics figures(Server server) {
    return server.datagrams().getFirst();
  }

  private CloseReason awaitReason() {
    CloseReason reason = awaitFirstReason();
    assertEquals(1, opened.size());
    return reason;
  }

  private CloseReason awaitFirstReason() {
    await().until(() -> !closed.isEmpty());
    return closed.element().reason();
  }

  /** Answers with how many datagrams have come from this peer. */
  private static void count(DatagramSession session) throws InterruptedException {
    int count = 0;
    for (byte[] next; (next = session.receive()) != null; ) {
      count++;
      session.send((new String(next) + count).getBytes());
    }
  }

  @Test
  void isOneThreadForAllThatComesFromOnePeer() throws Exception {
    try (Server server = start(DatagramSessionTest::count);
        UdpClient one = UdpClient.of(server);
        UdpClient other = UdpClient.of(server)) {
      assertEquals("a1", one.ask("a"));
      assertEquals("b2", one.ask("b"));
      assertEquals("a1", other.ask("a"));
      assertEquals("c3", one.ask("c"));
      assertEquals(2, opened.size());
      assertEquals(2, figures(server).handlers());
      assertEquals(
          one.socket().getLocalSocketAddress(), opened.element().session().remoteAddress());
    }
    assertEquals(2, closed.size());
    closed.forEach(e -> assertInstanceOf(CloseReason.Drained.class, e.reason()));
  }

  @Test
  void endsWithItsHandlerAndAnotherBeginsWithTheNextDatagram() throws Exception {
    try (Server server = start(session -> session.send(session.receive()));
        UdpClient client = UdpClient.of(server)) {
      for (int i = 1; i <= 3; i++) {
        assertEquals("hello", client.ask("hello"));
        int ended = i;
        await().until(() -> closed.size() == ended);
      }
      closed.forEach(e -> assertInstanceOf(CloseReason.Finished.class, e.reason()));
      DatagramSession gone = opened.element().session();
      assertFalse(gone.isOpen());
      assertFalse(gone.send(new byte[1]));
      assertFalse(client.hasMail());
    }
  }

  @Test
  void waitsForAnAnswerNoLongerThanTheDeadlineOfItsThread() throws Exception {
    SessionHandler handler =
        session -> {
          session.receive();
          Duration minute = Duration.ofMinutes(1);
          byte[] answer = Deadline.in(Duration.ofMillis(50)).call(() -> session.receive(minute));
          session.send((answer == null ? "late" : "in time").getBytes());
        };
    try (Server server = start(handler);
        UdpClient client = UdpClient.of(server)) {
      assertEquals("late", client.ask("hello"));
    }
  }

  @Test
  void endsWithAHandlerThatThrowsAndConcernsNoOther() throws Exception {
    try (Server server =
            start(session -> {
              for (byte[] next; (next = session.receive()) != null; ) {
                if (new String(next).equals("fail")) {
                  throw new IllegalStateException("by the test");
                }
                session.send(next);
              }
            });
        UdpClient one = UdpClient.of(server);
        UdpClient other = UdpClient.of(server)) {
      assertEquals("hello", one.ask("hello"));
      assertEquals("hello", other.ask("hello"));
      one.send("fail");
      await().until(() -> closed.size() == 1);
      assertInstanceOf(CloseReason.HandlerFailed.class, closed.element().reason());
      assertEquals("on", other.ask("on"));
      assertEquals("again", one.ask("again"));
    }
  }

  @Test
  void endsWhenNothingComesForTheIdleTime() throws Exception {
    var goodbye = new CountDownLatch(1);
    try (Server server =
            builder(
                    udp(),
                    session -> {
                      count(session);
                      assertNull(session.receive());
                      session.send("goodbye".getBytes());
                      goodbye.await();
                    })
                .timeLimits(TimeLimits.DEFAULT.idle(Duration.ofMillis(300)))
                .start();
        UdpClient client = UdpClient.of(server)) {
      assertEquals("a1", client.ask("a"));
      assertEquals("goodbye", client.receive());
      // While it says goodbye another one may have begun.
      server.changeTimeLimits(TimeLimits.NONE);
      assertEquals("b1", client.ask("b"));
      goodbye.countDown();
      await().until(() -> closed.size() == 1);
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.IDLE), closed.element().reason());
      assertEquals("c2", client.ask("c"));
    }
  }

  @Test
  void endsWhenItsSocketIsLost() throws Exception {
    try (Server server =
            builder(udp(), DatagramSessionTest::count)
                .timeLimits(TimeLimits.DEFAULT.idle(Duration.ZERO))
                .start();
        UdpClient client = UdpClient.of(server)) {
      assertEquals("a1", client.ask("a"));
      ServerInsides.datagrams(server).close(ServerInsides.observer(server));
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertInstanceOf(CloseReason.Drained.class, awaitReason());
    }
  }

  @Test
  void keepsAFewDatagramsForABusyHandlerAndDropsTheNewest() throws Exception {
    var busy = new CountDownLatch(1);
    var finish = new CountDownLatch(1);
    try (Server server =
            builder(
                    udp().mailbox(2),
                    session -> {
                      session.receive();
                      busy.countDown();
                      finish.await();
                      count(session);
                    })
                .start();
        UdpClient client = UdpClient.of(server)) {
      client.send("first");
      busy.await();
      for (String text : List.of("a", "b", "c", "d")) {
        client.send(text);
      }
      await().until(() -> figures(server).dropped(DatagramDrop.MAILBOX_FULL) == 2);
      finish.countDown();
      assertEquals("a1", client.receive());
      assertEquals("b2", client.receive());
      assertEquals("e3", client.ask("e"));
    }
  }

  @Test
  void isRefusedBeyondTheLimitUntilAnotherEnds() throws Exception {
    try (Server server =
            builder(
                    udp().maxHandlers(1),
                    session -> {
                      session.validate();
                      for (byte[] next; (next = session.receive()) != null && next.length > 0; ) {
                        session.send(next);
                      }
                    })
                .start();
        UdpClient one = UdpClient.of(server);
        UdpClient other = UdpClient.of(server)) {
      assertEquals("hello", one.ask("hello"));
      other.send("hello");
      await().until(() -> figures(server).dropped(DatagramDrop.BUSY) == 1);
      one.send("");
      await().until(() -> closed.size() == 1 && figures(server).handlers() == 0);
      assertEquals("hello", other.ask("hello"));
    }
  }

  @Test
  void givesWayToAnotherWhenItIsQuietAndMayBeForged() throws Exception {
    try (Server server =
            builder(udp().maxHandlers(2), DatagramSessionTest::count)
                .timeLimits(TimeLimits.NONE)
                .start();
        UdpClient forged = UdpClient.of(server);
        UdpClient known = UdpClient.of(server);
        UdpClient other = UdpClient.of(server)) {
      assertEquals("a1", known.ask("a"));
      sessionWith(known).validate();
      assertEquals("a1", forged.ask("a"));
      await()
          .until(() -> {
            other.send("b");
            return other.hasMail();
          });
      assertEquals(
          forged.socket().getLocalSocketAddress(), closed.element().session().remoteAddress());
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.IDLE), closed.element().reason());
      assertTrue(figures(server).dropped(DatagramDrop.BUSY) > 0);
      assertEquals("c2", known.ask("c"));
    }
  }

  private DatagramSession sessionWith(UdpClient client) {
    return opened.stream()
        .map(ServerEvent.SessionOpened::session)
        .filter(session -> session.remoteAddress().equals(client.socket().getLocalSocketAddress()))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void countsWhatItsHandlerHasLeftUnread() throws Exception {
    var busy = new CountDownLatch(1);
    var finish = new CountDownLatch(1);
    try (Server server =
            start(session -> {
              busy.countDown();
              finish.await();
            });
        UdpClient client = UdpClient.of(server)) {
      client.send("a");
      busy.await();
      client.send("b");
      await().until(() -> figures(server).received() == 2);
      finish.countDown();
      await().until(() -> figures(server).dropped(DatagramDrop.UNREAD) == 2);
    }
  }

  @Test
  void readsWhatHasComeAndThenTheEndInADrain() throws Exception {
    var busy = new CountDownLatch(1);
    var finish = new CountDownLatch(1);
    var atEnd = new CompletableFuture<Boolean>();
    try (Server server =
            start(session -> {
              session.receive();
              busy.countDown();
              finish.await();
              count(session);
              atEnd.complete(session.send("end".getBytes()));
            });
        UdpClient client = UdpClient.of(server)) {
      client.send("first");
      busy.await();
      client.send("a");
      client.send("b");
      await().until(() -> figures(server).received() == 3);
      server.shutdown();
      await()
          .until(() -> {
            // Another one each time: the receiver may not have seen the drain, and begin a session.
            try (UdpClient late = UdpClient.of(server)) {
              late.send("too late");
            }
            return figures(server).dropped(DatagramDrop.DRAINING) > 0;
          });
      int open = figures(server).handlers();
      long received = figures(server).received();
      client.send("too late");
      await().until(() -> figures(server).received() > received);
      finish.countDown();
      assertEquals("a1", client.receive());
      assertEquals("b2", client.receive());
      assertEquals("end", client.receive());
      assertTrue(atEnd.get(10, TimeUnit.SECONDS));
      DrainReport report = server.drain();
      assertEquals(open, report.finished());
      assertEquals(0, report.forced());
      assertInstanceOf(CloseReason.Drained.class, awaitFirstReason());
    }
  }

  @Test
  void goesOnWithAnExchangeInADrain() throws Exception {
    var begun = new CountDownLatch(1);
    try (Server server =
            start(session -> {
              for (byte[] request; (request = session.receive()) != null; ) {
                begun.countDown();
                byte[] answer = null;
                for (int i = 0; i < 100 && answer == null; i++) {
                  session.send("more?".getBytes());
                  answer = session.receive(Duration.ofMillis(100));
                }
                session.validate();
                session.send(answer);
              }
            });
        UdpClient client = UdpClient.of(server)) {
      client.send("begin");
      begun.await();
      server.shutdown();
      await().until(() -> client.receive().equals("more?"));
      client.send("answer");
      await().until(() -> client.receive().equals("answer"));
      assertEquals(1, server.drain().finished());
    }
  }

  @Test
  void isCancelledAtTheDeadlineWithASurvivorTold() throws Exception {
    var begun = new CountDownLatch(2);
    var finish = new CountDownLatch(1);
    try (Server server =
            builder(
                    udp(),
                    session -> {
                      String first = new String(session.receive());
                      begun.countDown();
                      if (first.equals("deaf")) {
                        while (finish.getCount() > 0) {
                          Thread.onSpinWait();
                          Thread.yield();
                        }
                      } else {
                        session.receive(Duration.ofMinutes(1));
                      }
                    })
                .drainTimeout(Duration.ZERO)
                .start();
        UdpClient deaf = UdpClient.of(server);
        UdpClient other = UdpClient.of(server)) {
      deaf.send("deaf");
      other.send("other");
      begun.await();
      DrainReport report = server.drain();
      assertEquals(2, report.forced());
      assertEquals(0, report.finished());
      assertEquals(1, report.survivors().size());
      assertEquals(deaf.socket().getLocalSocketAddress(), report.survivors().getFirst().peer());
      finish.countDown();
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      closed.forEach(e -> assertInstanceOf(CloseReason.Cancelled.class, e.reason()));
      assertEquals(2, closed.size());
    }
  }
}
