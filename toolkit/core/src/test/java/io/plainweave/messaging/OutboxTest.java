package io.plainweave.messaging;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.MalformedMessageException;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("An outbox")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class OutboxTest {
  private final ClosedConnections closed = new ClosedConnections();

  /** Uses an outbox that does not send yet. */
  @FunctionalInterface
  private interface Use {
    void accept(Outbox outbox) throws Exception;
  }

  /** Reads until the peer finishes, and sends what is offered meanwhile. */
  private static Handler listening(
      int capacity, Outbox.Policy policy, CompletableFuture<Outbox> outboxes) {
    return connection -> {
      var outbox = new Outbox(connection, capacity, policy);
      try (var scope = connection.openScope()) {
        scope.fork("outbox", outbox);
        outboxes.complete(outbox);
        connection.input().readAllBytes();
        outbox.close();
        scope.join();
      }
    };
  }

  /** What a client receives of all that was offered before the outbox began to send. */
  private String sent(int capacity, Outbox.Policy policy, Use use) throws Exception {
    Handler handler =
        connection -> {
          var outbox = new Outbox(connection, capacity, policy);
          use.accept(outbox);
          outbox.close();
          outbox.run();
        };
    try (Server server = closed.start(handler);
        Client client = Client.connect(server)) {
      client.finish();
      return client.receiveAll();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(US_ASCII);
  }

  private static void offerAll(Outbox outbox, String... messages) throws InterruptedException {
    for (String message : messages) {
      assertTrue(outbox.offer(bytes(message)));
    }
  }

  // Sending

  @Test
  void sendsWhatOthersOfferWhileTheHandlerReads() throws Exception {
    BlockingQueue<Outbox> subscribers = new LinkedBlockingQueue<>();
    // @start region="outbox"
    Handler handler =
        connection -> {
          var outbox = new Outbox(connection, 100, Outbox.Policy.DROP_OLDEST);
          try (var scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            subscribers.add(outbox); // others offer from now on
            connection.input().readAllBytes(); // until the peer finishes, or the server drains
            outbox.close(); // sends the rest
            scope.join();
          }
        };
    // @end
    try (Server server = closed.start(handler);
        Client client = Client.connect(server)) {
      Outbox outbox = subscribers.take();
      offerAll(outbox, "one,", "two,");
      assertEquals("one,two,", client.receive(8));
      offerAll(outbox, "three");
      assertEquals("three", client.receive(5));
      client.finish();
      assertEquals("", client.receiveAll());
      assertEquals(new CloseReason.Finished(), closed.next());
      assertFalse(outbox.offer(bytes("late")));
      assertEquals(0, outbox.dropped());
    }
  }

  @Test
  void sendsTheRestWhenTheServerDrains() throws Exception {
    var outboxes = new CompletableFuture<Outbox>();
    String large = "x".repeat(30_000);
    try (Server server = closed.start(listening(1_000, Outbox.Policy.BLOCK, outboxes));
        Client client = Client.connect(server)) {
      for (int i = 0; i < 1_000; i++) {
        outboxes.get().offer(bytes(large));
      }
      server.shutdown();
      // The reader sees the end of its input while most of it is queued, since nobody reads yet.
      await().until(() -> !outboxes.get().offer(bytes("late")));
      assertEquals(30_000_000, client.receiveAll().replace("late", "").length());
      client.finish();
      assertEquals(new CloseReason.Drained(), closed.next());
    }
  }

  @Test
  void keepsTheOrderOfEachThreadAndEveryByteThoughManyOfferAtATime() throws Exception {
    int threads = 8;
    int messages = 5_000;
    var outboxes = new CompletableFuture<Outbox>();
    try (Server server = closed.start(listening(16, Outbox.Policy.BLOCK, outboxes));
        Client client = Client.connect(server)) {
      Outbox outbox = outboxes.get();
      for (int t = 0; t < threads; t++) {
        int number = t;
        Thread.startVirtualThread(
            new FutureTask<>(() -> {
              for (int i = 0; i < messages; i++) {
                outbox.offer(bytes(number + " " + i + "\n"));
              }
              return null;
            }));
      }
      var lines =
          new BufferedReader(new InputStreamReader(client.socket().getInputStream(), US_ASCII));
      int[] next = new int[threads];
      for (int i = 0; i < threads * messages; i++) {
        String[] line = lines.readLine().split(" ");
        int number = Integer.parseInt(line[0]);
        assertEquals(next[number]++, Integer.parseInt(line[1]), "in the order of thread " + number);
      }
      assertEquals(0, outbox.dropped());
    }
  }

  // Policies

  @Test
  void dropsTheOldestMessages() throws Exception {
    String sent =
        sent(
            3,
            Outbox.Policy.DROP_OLDEST,
            outbox -> {
              offerAll(outbox, "a", "b", "c", "d", "e");
              assertEquals(2, outbox.dropped());
            });
    assertEquals("cde", sent);
  }

  @Test
  void conflatesMessagesOfOneKeyInTheirPlace() throws Exception {
    String sent =
        sent(
            3,
            Outbox.Policy.CONFLATE,
            outbox -> {
              outbox.offer("EUR", bytes("EUR=1 "));
              outbox.offer("USD", bytes("USD=2 "));
              outbox.offer("EUR", bytes("EUR=3 "));
              outbox.offer(bytes("news "));
              outbox.offer("USD", bytes("USD=4 "));
              assertEquals(2, outbox.dropped());
            });
    assertEquals("EUR=3 USD=4 news ", sent);
  }

  @Test
  void dropsTheOldestMessageWhereNoneHasTheKeyOfTheNewOne() throws Exception {
    String sent =
        sent(
            2,
            Outbox.Policy.CONFLATE,
            outbox -> {
              outbox.offer("a", bytes("a1 "));
              outbox.offer("b", bytes("b1 "));
              outbox.offer("c", bytes("c1 "));
              outbox.offer("b", bytes("b2 "));
              assertEquals(2, outbox.dropped());
            });
    assertEquals("b2 c1 ", sent);
  }

  @Test
  void doesNotLookAtKeysUnlessItConflates() throws Exception {
    String sent =
        sent(
            3,
            Outbox.Policy.DROP_OLDEST,
            outbox -> {
              outbox.offer("k", bytes("1"));
              outbox.offer("k", bytes("2"));
              assertEquals(0, outbox.dropped());
            });
    assertEquals("12", sent);
  }

  @Test
  void letsThoseWhoOfferWaitForAPlace() throws Exception {
    var offered = new CompletableFuture<Boolean>();
    Handler fillsThenSends =
        connection -> {
          var outbox = new Outbox(connection, 2, Outbox.Policy.BLOCK);
          offerAll(outbox, "a", "b");
          Thread third = offerInBackground(outbox, "c", offered);
          await().until(() -> third.getState() == Thread.State.WAITING);
          assertFalse(offered.isDone());
          try (var scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            assertTrue(offered.get());
            outbox.close();
            scope.join();
          }
        };
    try (Server server = closed.start(fillsThenSends);
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals("abc", client.receiveAll());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void refusesThoseWhoWaitForAPlaceWhenItIsClosed() throws Exception {
    String sent =
        sent(
            1,
            Outbox.Policy.BLOCK,
            outbox -> {
              offerAll(outbox, "a");
              var offered = new CompletableFuture<Boolean>();
              Thread second = offerInBackground(outbox, "b", offered);
              await().until(() -> second.getState() == Thread.State.WAITING);
              outbox.close();
              assertFalse(offered.get());
            });
    assertEquals("a", sent);
  }

  @Test
  void wakesThoseWhoWaitForAPlaceWhenTheConnectionFails() throws Exception {
    var outboxes = new CompletableFuture<Outbox>();
    try (Server server = closed.start(listening(1, Outbox.Policy.BLOCK, outboxes));
        Client client = Client.connect(server)) {
      Outbox outbox = outboxes.get();
      var refused = new CompletableFuture<Boolean>();
      Thread.startVirtualThread(
          new FutureTask<>(() -> {
            byte[] large = new byte[1_000_000];
            while (outbox.offer(large)) {}
            return refused.complete(true);
          }));
      client.receive(1);
      client.reset();
      assertTrue(refused.get(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void canBeInterruptedInTheWaitForAPlace() throws Exception {
    String sent =
        sent(
            1,
            Outbox.Policy.BLOCK,
            outbox -> {
              offerAll(outbox, "a");
              Thread.currentThread().interrupt();
              assertThrows(InterruptedException.class, () -> outbox.offer(bytes("b")));
            });
    assertEquals("a", sent);
  }

  @Test
  void disconnectsAPeerThatDoesNotRead() throws Exception {
    var outboxes = new CompletableFuture<Outbox>();
    var thrown = new CompletableFuture<CloseReason>();
    Handler listening = listening(10, Outbox.Policy.DISCONNECT, outboxes);
    Handler tells =
        connection -> {
          try {
            listening.handle(connection);
          } catch (ConnectionClosedException e) {
            thrown.complete(e.reason());
            throw e;
          }
        };
    try (Server server = closed.start(tells);
        Client client = Client.connect(server)) {
      Outbox outbox = outboxes.get();
      byte[] large = new byte[100_000];
      int count = 0;
      while (outbox.offer(large)) {
        assertTrue(count++ < 1_000, "100 MB were taken, though nobody reads");
      }
      assertFalse(outbox.offer(bytes("late")));
      assertEquals(new CloseReason.SlowPeer(), closed.next());
      assertEquals(new CloseReason.SlowPeer(), thrown.get());
      assertTrue(client.seesReset());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"DISCONNECT", "DROP_OLDEST", "CONFLATE"})
  void doesNotTakeABurstForASlowPeer(Outbox.Policy policy) throws Exception {
    // 35 kB: the socket takes all of it even while the client does not read.
    int messages = 5_000;
    var outboxes = new CompletableFuture<Outbox>();
    try (Server server = closed.start(listening(10, policy, outboxes));
        Client client = Client.connect(server)) {
      Outbox outbox = outboxes.get();
      outbox.offer(bytes("."));
      client.receive(1); // it is sending
      var offered =
          new FutureTask<>(() -> {
            for (int i = 0; i < messages; i++) {
              assertTrue(outbox.offer(bytes("message")));
            }
            return outbox.dropped();
          });
      Thread.startVirtualThread(offered);
      assertEquals(7 * messages, client.receive(7 * messages).length());
      assertEquals(0, offered.get());
    }
  }

  /** Its thread cannot begin before the handler waits, which is the only one to run. */
  @ParameterizedTest
  @EnumSource(names = {"DISCONNECT", "DROP_OLDEST", "CONFLATE"})
  void hasItsChanceBeforeItHasBegun(Outbox.Policy policy) throws Exception {
    var dropped = new CompletableFuture<Long>();
    Handler offersAtOnce =
        connection -> {
          var outbox = new Outbox(connection, 10, policy);
          try (var scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            for (int i = 0; i < 1_000; i++) {
              outbox.offer(bytes("message"));
            }
            outbox.close();
            scope.join();
            dropped.complete(outbox.dropped());
          }
        };
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .eventLoops(1)
                .stopOnSignal(false)
                .handler(offersAtOnce)
                .start();
        Client client = Client.connect(server)) {
      assertEquals(7 * 1_000, client.receive(7 * 1_000).length());
      assertEquals(0, dropped.get());
    }
  }

  @Test
  void needsRoomForOneMessage() throws Exception {
    assertEquals(
        "",
        sent(
            1,
            Outbox.Policy.BLOCK,
            outbox ->
                assertThrows(
                    IllegalArgumentException.class,
                    () -> new Outbox(null, 0, Outbox.Policy.BLOCK))));
  }

  // The end

  @Test
  void endsWhenAnotherThreadOfItsScopeFails() throws Exception {
    var outboxes = new CompletableFuture<Outbox>();
    var fail = new CountDownLatch(1);
    var failure = new MalformedMessageException("expected by this test");
    Handler fails =
        connection -> {
          var outbox = new Outbox(connection, 10, Outbox.Policy.BLOCK);
          try (var scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            scope.fork(
                "fails",
                () -> {
                  outboxes.complete(outbox);
                  fail.await();
                  throw failure;
                });
            scope.join();
          }
        };
    try (Server server = closed.start(fails);
        Client client = Client.connect(server)) {
      offerAll(outboxes.get(), "hello");
      assertEquals("hello", client.receive(5));
      fail.countDown();
      assertEquals(new CloseReason.Malformed(failure), closed.next());
      assertFalse(outboxes.get().offer(bytes("late")));
    }
  }

  @Test
  void endsWhenTheServerIsCancelled() throws Exception {
    var outboxes = new CompletableFuture<Outbox>();
    Handler onlySends =
        connection -> {
          var outbox = new Outbox(connection, 10, Outbox.Policy.BLOCK);
          try (var scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            outboxes.complete(outbox);
            scope.join();
          }
        };
    try (Server server = closed.start(onlySends);
        Client _ = Client.connect(server)) {
      Outbox outbox = outboxes.get();
      server.shutdownNow();
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertEquals(new CloseReason.Cancelled(), closed.next());
      assertFalse(outbox.offer(bytes("late")));
    }
  }

  private static Thread offerInBackground(
      Outbox outbox, String message, CompletableFuture<Boolean> offered) {
    return Thread.startVirtualThread(
        new FutureTask<>(() -> offered.complete(outbox.offer(bytes(message)))));
  }
}
