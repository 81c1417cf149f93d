package io.plainweave.internal.udp;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.TimeLimits;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UdpClient;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.udp.DatagramDrop;
import io.plainweave.udp.DatagramSession;
import io.plainweave.udp.SessionHandler;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A session that is ended from outside")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class SessionCloseTest {
  private final BlockingQueue<CloseReason> reasons = new LinkedBlockingQueue<>();
  private final BlockingQueue<DatagramSession> sessions = new LinkedBlockingQueue<>();

  private ServerBuilder builder(SessionHandler handler) {
    return builder(Udp.at("127.0.0.1", 0), handler);
  }

  private ServerBuilder builder(Udp udp, SessionHandler handler) {
    return Server.builder()
        .sessions(udp, handler)
        .timeLimits(TimeLimits.NONE)
        .observer(event -> {
          switch (event) {
            case ServerEvent.SessionOpened e -> sessions.add(e.session());
            case ServerEvent.SessionClosed e -> reasons.add(e.reason());
            default -> {
              // Not about a session.
            }
          }
        });
  }

  private CloseReason reason() throws InterruptedException {
    return reasons.poll(10, TimeUnit.SECONDS);
  }

  private static long dropped(Server server, DatagramDrop why) {
    return server.datagrams().getFirst().dropped(why);
  }

  private static void echo(DatagramSession session) throws InterruptedException {
    for (byte[] next; (next = session.receive()) != null; ) {
      session.send(next);
    }
  }

  // @start region="put-out"
  private final Map<String, DatagramSession> players = new ConcurrentHashMap<>();

  void play(DatagramSession session) throws InterruptedException {
    String name = new String(session.receive());
    players.put(name, session);
    try {
      for (byte[] move; (move = session.receive()) != null; ) {
        session.send(move);
      }
    } finally {
      players.remove(name, session);
    }
  }

  void putOut(String name) { // by any thread
    if (players.get(name) instanceof DatagramSession session) {
      session.send("you are out".getBytes());
      session.close();
    }
  }

  // @end

  @Test
  void wakesItsHandlerAndTheNextDatagramBeginsAnother() throws Exception {
    try (Server server = builder(this::play).start();
        UdpClient client = UdpClient.of(server)) {
      client.send("anna");
      assertEquals("move", client.ask("move"));
      DatagramSession first = sessions.take();
      putOut("anna");
      assertEquals("you are out", client.receive());
      assertEquals(new CloseReason.Finished(), reason());
      await().until(players::isEmpty);
      assertFalse(first.isOpen());
      assertFalse(first.isDraining());
      client.send("anna");
      assertEquals("on", client.ask("on"));
      assertTrue(sessions.take().isOpen());
    }
  }

  @Test
  void wakesAHandlerThatWaitsForAnAnswer() throws Exception {
    var answer = new CompletableFuture<byte[]>();
    try (Server server =
            builder(
                    session -> {
                      session.receive();
                      session.send("ready".getBytes());
                      answer.complete(session.receive(Duration.ofDays(1)));
                    })
                .start();
        UdpClient client = UdpClient.of(server)) {
      assertEquals("ready", client.ask("hello"));
      sessions.take().close();
      assertNull(answer.get(10, TimeUnit.SECONDS));
      assertEquals(new CloseReason.Finished(), reason());
    }
  }

  @Test
  void wakesAHandlerThatWaitsForAnAnswerInADrain() throws Exception {
    var answer = new CompletableFuture<byte[]>();
    try (Server server =
            builder(
                    session -> {
                      session.receive();
                      session.send("ready".getBytes());
                      answer.complete(session.receive(Duration.ofDays(1)));
                    })
                .start();
        UdpClient client = UdpClient.of(server)) {
      assertEquals("ready", client.ask("hello"));
      DatagramSession session = sessions.take();
      server.shutdown();
      await().until(session::isDraining);
      assertFalse(answer.isDone());
      session.close();
      assertNull(answer.get(10, TimeUnit.SECONDS));
      assertEquals(new CloseReason.Drained(), reason());
    }
  }

  @Test
  void dropsWhatWasUnreadAndKeepsItsPlaceUntilTheHandlerReturns() throws Exception {
    var atWork = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    var end = new CompletableFuture<Boolean>();
    try (Server server =
            builder(
                    Udp.at("127.0.0.1", 0).mailbox(1),
                    session -> {
                      session.receive();
                      atWork.countDown();
                      goOn.await();
                      end.complete(session.receive() == null && !session.send(new byte[1]));
                    })
                .start();
        UdpClient client = UdpClient.of(server)) {
      client.send("first");
      atWork.await();
      client.send("second");
      client.send("third");
      // Then the second one is in the mailbox.
      await().until(() -> dropped(server, DatagramDrop.MAILBOX_FULL) == 1);
      sessions.take().close();
      assertEquals(1, dropped(server, DatagramDrop.UNREAD));
      assertEquals(1, server.datagrams().getFirst().handlers());
      assertTrue(reasons.isEmpty());
      client.send("fourth");
      assertTrue(sessions.take().isOpen());
      assertEquals(2, server.datagrams().getFirst().handlers());
      goOn.countDown();
      assertTrue(end.get(10, TimeUnit.SECONDS));
      assertEquals(new CloseReason.Finished(), reason());
    }
  }

  @Test
  void reportsTheFailureOfAHandlerThatThrowsThen() throws Exception {
    try (Server server =
            builder(
                    session -> {
                      echo(session);
                      throw new IOException("by the test");
                    })
                .start();
        UdpClient client = UdpClient.of(server)) {
      assertEquals("hello", client.ask("hello"));
      sessions.take().close();
      assertTrue(reason() instanceof CloseReason.HandlerFailed);
    }
  }

  @Test
  void knowsTheDrainFromSilence() throws Exception {
    // @start region="draining"
    SessionHandler handler =
        session -> {
          for (byte[] move; (move = session.receive()) != null; ) {
            session.send(move);
          }
          if (session.isDraining()) {
            session.send("we are back in a minute".getBytes());
          }
        };
    // @end
    try (Server server = builder(handler).start();
        UdpClient silent = UdpClient.of(server);
        UdpClient other = UdpClient.of(server)) {
      assertEquals("a", silent.ask("a"));
      assertFalse(sessions.take().isDraining());
      server.changeTimeLimits(TimeLimits.NONE.idle(Duration.ofMillis(200)));
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.IDLE), reason());
      server.changeTimeLimits(TimeLimits.NONE);
      assertEquals("b", other.ask("b"));
      server.shutdown();
      assertEquals("we are back in a minute", other.receive());
      assertEquals(new CloseReason.Drained(), reason());
      assertFalse(silent.hasMail());
    }
  }

  @RepeatedTest(10) // the drain of a cancelled server may be first
  void knowsThatTheServerIsCancelled() throws Exception {
    var draining = new CompletableFuture<Boolean>();
    try (Server server =
            builder(
                    session -> {
                      session.send("ready".getBytes());
                      try {
                        session.receive(Duration.ofDays(1));
                        session.receive(Duration.ofDays(1));
                      } catch (InterruptedException e) {
                        draining.complete(session.isDraining());
                        throw e;
                      }
                    })
                .start();
        UdpClient client = UdpClient.of(server)) {
      assertEquals("ready", client.ask("hello"));
      server.shutdownNow();
      assertTrue(draining.get(10, TimeUnit.SECONDS));
      assertEquals(new CloseReason.Cancelled(), reason());
    }
  }
}
