package io.plainweave;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.admission.Rate;
import io.plainweave.admission.RateLimiter;
import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.fixture.BorrowedBuffers;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.Lines;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.server.Server;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A rate in bytes")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class ByteRateTest {
  /** One megabyte in a second, in steps that a test sees. */
  private static final Rate MEGABYTE = new Rate(50_000, Duration.ofMillis(50));

  private final ClosedConnections closed = new ClosedConnections();

  // @start region="shape"
  private final RateLimiter all = RateLimiter.of(Rate.perSecond(100_000_000)); // of the server

  private void serve(Connection connection) throws IOException {
    RateLimiter own = RateLimiter.of(new Rate(50_000, Duration.ofMillis(50))); // 1 MB/s
    Duplex shaped = connection.through(all::limit, all::limit).through(in -> in, own::limit);
    Lines lines = Lines.of(shaped, 1_000);
    for (String line; (line = lines.read()) != null; ) {
      lines.write(line.repeat(100_000));
    }
  }

  // @end

  private static long millisSince(long begin) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
  }

  private static void assertAbout(long expected, long millis) {
    assertTrue(
        millis > expected * 0.9 && millis < expected * 2 + 500,
        () -> "took " + millis + " ms instead of about " + expected);
  }

  @Test
  void isThatOfOneConnectionWhereItsLimiterIsItsOwn() throws Exception {
    try (Server server = closed.start(this::serve);
        Client client = Client.connect(server)) {
      long begin = System.nanoTime();
      client.send("0123456789\n");
      assertEquals(1_000_001, client.receive(1_000_001).length());
      assertAbout(950, millisSince(begin));
    }
  }

  @Test
  void isThatOfAllConnectionsWhereTheyShareALimiter() throws Exception {
    RateLimiter shared = RateLimiter.of(MEGABYTE);
    Handler sends =
        connection -> {
          Duplex shaped = connection.through(shared::limit, shared::limit);
          shaped.output().write(new byte[500_000]);
          shaped.finishOutput();
        };
    try (Server server = closed.start(sends);
        Client one = Client.connect(server);
        Client other = Client.connect(server)) {
      long begin = System.nanoTime();
      var receives = new FutureTask<>(() -> one.receiveAll().length());
      Thread.startVirtualThread(receives);
      assertEquals(500_000, other.receiveAll().length());
      assertEquals(500_000, receives.get());
      assertAbout(950, millisSince(begin));
    }
  }

  @Test
  void holdsForWhatIsReceivedAndNoBufferMeanwhile() throws Exception {
    var events = new ConnectionEvents();
    RateLimiter receive = RateLimiter.of(MEGABYTE);
    var received = new CompletableFuture<Long>();
    Handler receives =
        connection -> {
          Duplex shaped = connection.through(receive::limit, out -> out);
          received.complete(shaped.input().transferTo(OutputStream.nullOutputStream()));
        };
    try (Server server =
            Server.builder().listen(Listen.tcp("127.0.0.1", 0), receives).observer(events).start();
        Client client = Client.connect(server)) {
      var sends =
          new FutureTask<>(() -> {
            client.socket().getOutputStream().write(new byte[2_000_000]);
            client.finish();
            return null;
          });
      long begin = System.nanoTime();
      Thread.startVirtualThread(sends);
      await().until(() -> events.opened() == 1);
      var connection = (SocketConnection) events.openConnections().getFirst();
      await().until(() -> connection.input().received() > 200_000);
      receive.changeRate(new Rate(20_000, Duration.ofDays(1))); // it stops where it is
      await().during(Duration.ofMillis(200)).until(() -> BorrowedBuffers.of(connection) == 0);
      assertFalse(received.isDone());
      receive.changeRate(MEGABYTE);
      assertEquals(2_000_000, received.get());
      assertTrue(millisSince(begin) > 1_500);
      sends.get();
    }
  }

  @Test
  void isNoStallOfThePeer() throws Exception {
    RateLimiter slow = RateLimiter.of(new Rate(1_000, Duration.ofSeconds(2)));
    Handler sends =
        connection -> {
          connection.changeTimeLimits(
              TimeLimits.NONE
                  .writeStall(Duration.ofMillis(300))
                  .firstByte(Duration.ofMillis(300))
                  .idle(Duration.ofMillis(300)));
          Duplex shaped = connection.through(in -> in, slow::limit);
          shaped.output().write(new byte[2_000]); // the second half in a second or two
          shaped.finishOutput();
        };
    try (Server server = closed.start(sends);
        Client client = Client.connect(server)) {
      assertEquals(1_000, client.receive(1_000).length(), "what may be sent is sent");
      assertEquals(1_000, client.receiveAll().length());
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void isKeptByARelay() throws Exception {
    RateLimiter both = RateLimiter.of(MEGABYTE);
    Handler echo = connection -> connection.input().transferTo(connection.output());
    try (Server upstream = closed.start(echo);
        Server relay =
            closed.start(connection -> {
              try (Connection to = Connector.tcp("127.0.0.1", upstream.port()).connect()) {
                Relay.between(connection.through(both::limit, both::limit), to);
              }
            });
        Client client = Client.connect(relay)) {
      long begin = System.nanoTime();
      client.send("x".repeat(500_000));
      client.finish();
      assertEquals(500_000, client.receiveAll().length());
      assertAbout(950, millisSince(begin));
    }
  }

  @Test
  void doesNotHoldUpACancel() throws Exception {
    RateLimiter stopped = RateLimiter.of(new Rate(1, Duration.ofDays(1)));
    var failure = new CompletableFuture<IOException>();
    var waits = new CompletableFuture<Thread>();
    Handler sends =
        connection -> {
          Duplex shaped = connection.through(in -> in, stopped::limit);
          waits.complete(Thread.currentThread());
          try {
            shaped.output().write(new byte[10]);
          } catch (IOException e) {
            failure.complete(e);
            throw e;
          }
        };
    try (Server server = closed.start(sends);
        Client _ = Client.connect(server)) {
      Thread handler = waits.get();
      await().until(() -> handler.getState() == Thread.State.TIMED_WAITING);
      server.shutdownNow();
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertInstanceOf(InterruptedIOException.class, failure.get());
      assertEquals(new CloseReason.Cancelled(), closed.next());
    }
  }
}
