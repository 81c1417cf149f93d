package io.plainweave.messaging;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TcpOptions;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The limits of an outbox")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class OutboxLimitsTest {
  private static final int RETAINED = 5_000;

  private final ClosedConnections closed = new ClosedConnections();

  /** Uses an outbox that does not send yet. */
  @FunctionalInterface
  private interface Use {
    void accept(Outbox outbox) throws Exception;
  }

  /** What a client receives of all that was offered before the outbox began to send. */
  private String sent(OutboxLimits limits, Outbox.Policy policy, Use use) throws Exception {
    var done = new CompletableFuture<Void>();
    Handler handler =
        connection -> {
          var outbox = new Outbox(connection, limits, policy);
          try {
            use.accept(outbox);
            done.complete(null);
          } catch (Throwable e) {
            done.completeExceptionally(e);
          }
          outbox.close();
          outbox.run();
        };
    try (Server server = closed.start(handler);
        Client client = Client.connect(server)) {
      client.finish();
      String received = client.receiveAll();
      done.get();
      return received;
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(US_ASCII);
  }

  private static <T> FutureTask<T> start(Callable<T> task) {
    var started = new FutureTask<>(task);
    Thread.startVirtualThread(started);
    return started;
  }

  // The bounds

  @Test
  void sayWhereAProducerStopsAndGoesOn() {
    // @start region="bounds"
    OutboxLimits limits =
        OutboxLimits.DEFAULT
            .maxMessages(500)
            .maxBytes(64 * 1024)
            .marks(50, 10); // stop at 250 messages or 32 KiB, go on at 50 and 6.4 KiB
    // @end
    assertTrue(limits.isHigh(250, 0));
    assertTrue(limits.isHigh(1, 32 * 1024));
    assertFalse(limits.isHigh(249, 32 * 1024 - 1));
    assertTrue(limits.isLow(50, 6_553));
    assertFalse(limits.isLow(50, 6_554));
    assertFalse(limits.isLow(51, 0));
  }

  @Test
  void countBytes() throws Exception {
    String sent =
        sent(
            OutboxLimits.DEFAULT.maxBytes(10),
            Outbox.Policy.DROP_OLDEST,
            outbox -> {
              outbox.offer(bytes("aaaa "));
              outbox.offer(bytes("bbbb "));
              assertEquals(new Outbox.Size(2, 10), outbox.size());
              outbox.offer(bytes("c"));
              assertEquals(new Outbox.Size(2, 6), outbox.size());
              assertEquals(1, outbox.dropped());
            });
    assertEquals("bbbb c", sent);
  }

  @Test
  void letASingleMessageBeLarger() throws Exception {
    String sent =
        sent(
            OutboxLimits.DEFAULT.maxBytes(3),
            Outbox.Policy.DROP_OLDEST,
            outbox -> {
              outbox.offer(bytes("abc"));
              outbox.offer(bytes("larger"));
              assertEquals(new Outbox.Size(1, 6), outbox.size());
            });
    assertEquals("larger", sent);
  }

  @Test
  void leaveNoOutboxWithoutABound() {
    OutboxLimits inBytes = OutboxLimits.DEFAULT.maxMessages(0);
    var refused = assertThrows(IllegalArgumentException.class, () -> inBytes.maxBytes(0));
    assertEquals("maxMessages and maxBytes must not both be 0", refused.getMessage());
    assertTrue(inBytes.allow(1_000_000, 1_000_000));
    assertFalse(inBytes.allow(2, 2_000_000));
    assertThrows(IllegalArgumentException.class, () -> inBytes.maxMessages(-1));
    assertThrows(IllegalArgumentException.class, () -> inBytes.maxBytes(-1));
    assertThrows(IllegalArgumentException.class, () -> inBytes.marks(101, 1));
    assertThrows(IllegalArgumentException.class, () -> inBytes.marks(50, 50));
    assertThrows(IllegalArgumentException.class, () -> inBytes.stall(Duration.ofNanos(-1)));
  }

  // A policy by message

  // @start region="policies"
  /** The subscriber gets each acknowledgement, and of the news what it has time for. */
  private static void answer(Outbox outbox, int request) throws InterruptedException {
    outbox.offer(bytes("ack " + request + "\n"), Outbox.Policy.BLOCK);
  }

  private static void publish(Outbox outbox, String news) throws InterruptedException {
    outbox.offer(bytes(news + "\n")); // the outbox has Policy.DROP_OLDEST
  }

  // @end

  @Test
  void dropNewsButNoReply() throws Exception {
    String sent =
        sent(
            OutboxLimits.DEFAULT.maxMessages(3),
            Outbox.Policy.DROP_OLDEST,
            outbox -> {
              publish(outbox, "one");
              answer(outbox, 1);
              publish(outbox, "two");
              publish(outbox, "three");
              assertEquals(1, outbox.dropped());
            });
    assertEquals("ack 1\ntwo\nthree\n", sent);
  }

  @Test
  void dropTheNewMessageWhereAllOthersAreWorthMore() throws Exception {
    String sent =
        sent(
            OutboxLimits.DEFAULT.maxMessages(2),
            Outbox.Policy.DROP_OLDEST,
            outbox -> {
              answer(outbox, 1);
              answer(outbox, 2);
              publish(outbox, "news");
              assertEquals(1, outbox.dropped());
            });
    assertEquals("ack 1\nack 2\n", sent);
  }

  @Test
  void dropNewsForAReply() throws Exception {
    for (Outbox.Policy policy : List.of(Outbox.Policy.BLOCK, Outbox.Policy.DISCONNECT)) {
      String sent =
          sent(
              OutboxLimits.DEFAULT.maxMessages(2),
              Outbox.Policy.DROP_OLDEST,
              outbox -> {
                publish(outbox, "one");
                publish(outbox, "two");
                assertTrue(outbox.offer(bytes("ack\n"), policy));
                assertEquals(1, outbox.dropped());
              });
      assertEquals("two\nack\n", sent);
    }
  }

  @Test
  void letAReplyWaitForTheRepliesBeforeIt() throws Exception {
    var answered = new CompletableFuture<FutureTask<Boolean>>();
    Handler handler =
        connection -> {
          var outbox = new Outbox(connection, 1, Outbox.Policy.DROP_OLDEST);
          answer(outbox, 1);
          FutureTask<Boolean> answer = start(() -> outbox.offer(bytes("ack"), Outbox.Policy.BLOCK));
          answered.complete(answer);
          connection.input().read(); // until the client says so
          try (var scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            assertTrue(answer.get());
            outbox.close();
            scope.join();
          }
        };
    try (Server server = closed.start(handler);
        Client client = Client.connect(server)) {
      FutureTask<Boolean> answer = answered.get();
      assertThrows(TimeoutException.class, () -> answer.get(50, TimeUnit.MILLISECONDS));
      client.send("x");
      client.finish();
      assertEquals("ack 1\nack", client.receiveAll());
    }
  }

  // Marks

  // @start region="marks"
  /** Produces no faster than the peer takes it, and in runs. */
  private static void produce(Outbox outbox, Iterable<byte[]> rows) throws InterruptedException {
    for (byte[] row : rows) {
      if (outbox.isHigh() && !outbox.awaitLow()) {
        return; // the peer is gone
      }
      outbox.offer(row);
    }
  }

  // @end

  @Test
  void tellAProducerWhenToStopAndWhenToGoOn() throws Exception {
    OutboxLimits limits = OutboxLimits.DEFAULT.maxMessages(10).maxBytes(0).marks(80, 20);
    sent(
        limits,
        Outbox.Policy.DISCONNECT,
        outbox -> {
          for (int i = 1; i <= 8; i++) {
            assertFalse(outbox.isHigh(), "below the high mark with " + i);
            outbox.offer(bytes("x"));
          }
          assertTrue(outbox.isHigh());
          OutboxQueue queue = outbox.queue();
          FutureTask<Boolean> goesOn = start(outbox::awaitLow);
          while (outbox.size().messages() > 3) {
            queue.poll();
            assertTrue(outbox.isHigh());
          }
          assertFalse(goesOn.isDone());
          queue.poll();
          assertFalse(outbox.isHigh());
          assertTrue(goesOn.get());
          outbox.offer(bytes("x"));
          assertFalse(outbox.isHigh(), "it stays what it was between the marks");
        });
  }

  @Test
  void letAProducerOfMuchKeepPace() throws Exception {
    byte[] row = new byte[10_000];
    Handler handler =
        connection -> {
          var outbox = new Outbox(connection, OutboxLimits.DEFAULT, Outbox.Policy.DISCONNECT);
          try (var scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            produce(outbox, Collections.nCopies(3_000, row));
            outbox.close();
            scope.join();
          }
        };
    try (Server server = closed.start(handler);
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals(30_000_000, client.receiveAll().length());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void letAProducerGoWhenTheOutboxIsClosed() throws Exception {
    sent(
        OutboxLimits.DEFAULT.maxMessages(1),
        Outbox.Policy.DISCONNECT,
        outbox -> {
          outbox.offer(bytes("x"));
          FutureTask<Boolean> waits = start(outbox::awaitLow);
          assertThrows(TimeoutException.class, () -> waits.get(50, TimeUnit.MILLISECONDS));
          outbox.close();
          assertFalse(waits.get());
        });
  }

  // Who is slow

  private static final byte[] MESSAGE = new byte[1_000];

  // @start region="retained"
  private static final OutboxLimits LIMITS =
      OutboxLimits.DEFAULT.maxMessages(500).stall(Duration.ofSeconds(10));

  /** A new subscriber gets what was published before it came, as fast as it reads. */
  private static void subscribe(Connection connection, Iterable<byte[]> retained) throws Exception {
    var outbox = new Outbox(connection, LIMITS, Outbox.Policy.DISCONNECT);
    try (var scope = connection.openScope()) {
      scope.fork("outbox", outbox);
      for (byte[] message : retained) {
        outbox.offer(message);
      }
      connection.input().readAllBytes(); // until the subscriber finishes
      outbox.close();
      scope.join();
    }
  }

  // @end

  private Server startWithSmallBuffer(Handler handler) throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0).options(TcpOptions.DEFAULT.sendBuffer(16 * 1024)))
        .timeLimits(TimeLimits.NONE)
        .observer(closed)
        .stopOnSignal(false)
        .handler(handler)
        .start();
  }

  private static Socket narrow(Server server) throws Exception {
    var socket = new Socket();
    socket.setReceiveBufferSize(16 * 1024);
    socket.connect(new InetSocketAddress("127.0.0.1", server.port()));
    return socket;
  }

  @Test
  void haveRoomForWhatWasRetainedWhereTheSubscriberReadsOneMegabytePerSecond() throws Exception {
    Handler handler = connection -> subscribe(connection, Collections.nCopies(RETAINED, MESSAGE));
    try (Server server = startWithSmallBuffer(handler);
        Socket subscriber = narrow(server)) {
      InputStream in = subscriber.getInputStream();
      int all = RETAINED * MESSAGE.length;
      long begin = System.nanoTime();
      for (int read = 0; read < all; ) {
        // 1 byte in a microsecond
        while (System.nanoTime() - begin < read * 1_000L) {
          LockSupport.parkNanos(read * 1_000L - (System.nanoTime() - begin));
        }
        read += in.readNBytes(Math.min(10_000, all - read)).length;
      }
      subscriber.shutdownOutput();
      assertEquals(-1, in.read());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void takeAPeerForSlowThatHasTakenNothingForSoLong() throws Exception {
    var outboxes = new CompletableFuture<Outbox>();
    var refusedAfter = new CompletableFuture<Long>();
    OutboxLimits limits = OutboxLimits.DEFAULT.maxMessages(5).stall(Duration.ofMillis(500));
    Handler handler =
        connection -> {
          var outbox = new Outbox(connection, limits, Outbox.Policy.DISCONNECT);
          try (var scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            outboxes.complete(outbox);
            scope.join();
          }
        };
    try (Server server = startWithSmallBuffer(handler);
        Socket _ = narrow(server)) {
      Outbox outbox = outboxes.get();
      byte[] large = new byte[100_000];
      start(() -> {
        long begin = System.nanoTime();
        while (outbox.offer(large)) {
          begin = System.nanoTime();
        }
        return refusedAfter.complete(System.nanoTime() - begin);
      });
      assertEquals(new CloseReason.SlowPeer(), closed.next());
      long waited = TimeUnit.NANOSECONDS.toMillis(refusedAfter.get());
      assertTrue(waited >= 450, () -> "waited for ms: " + waited);
    }
  }

  @Test
  void tellAPieceOfALargeMessageFromNothing() throws Exception {
    var outboxes = new CompletableFuture<Outbox>();
    OutboxLimits limits = OutboxLimits.DEFAULT.maxMessages(1).stall(Duration.ofSeconds(1));
    Handler handler =
        connection -> {
          var outbox = new Outbox(connection, limits, Outbox.Policy.DISCONNECT);
          try (var scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            outboxes.complete(outbox);
            scope.join();
          }
        };
    try (Server server = startWithSmallBuffer(handler);
        Socket steady = narrow(server)) {
      Outbox outbox = outboxes.get();
      // One message takes longer than the limit, and the next one, too.
      byte[] large = new byte[1_000_000];
      FutureTask<Boolean> offers =
          start(() -> outbox.offer(large) && outbox.offer(large) && outbox.offer(large));
      InputStream in = steady.getInputStream();
      for (int piece = 0; !offers.isDone(); piece++) {
        in.readNBytes(30_000);
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        assertTrue(piece < 100, "the third message has a place when the first one is sent");
      }
      assertTrue(offers.get());
      outbox.close();
      in.transferTo(OutputStream.nullOutputStream());
    }
  }
}
