package io.plainweave.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.Proxied;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A relay")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class RelayTest {
  @Test
  void letsTheServerReplyToAClientThatHasFinishedFirst() throws Exception {
    try (Proxied proxied = Proxied.connect()) {
      proxied.client().send("request");
      proxied.client().finish();
      assertEquals("request", proxied.upstream().receiveAll());
      proxied.upstream().send("the reply");
      assertEquals("the reply", proxied.client().receive(9));
      proxied.upstream().send(", the rest");
      proxied.upstream().finish();
      assertEquals(", the rest", proxied.client().receiveAll());
      assertEquals(new Relay.Result(7, 19), proxied.result());
      assertEquals(new CloseReason.Finished(), proxied.reason());
    }
  }

  @Test
  void letsTheClientSendOnToAServerThatHasFinishedFirst() throws Exception {
    try (Proxied proxied = Proxied.connect()) {
      proxied.upstream().send("greeting");
      proxied.upstream().finish();
      assertEquals("greeting", proxied.client().receiveAll());
      proxied.client().send("and now");
      assertEquals("and now", proxied.upstream().receive(7));
      proxied.client().send(" for the rest");
      proxied.client().finish();
      assertEquals(" for the rest", proxied.upstream().receiveAll());
      assertEquals(new Relay.Result(20, 8), proxied.result());
      assertEquals(new CloseReason.Finished(), proxied.reason());
    }
  }

  @Test
  void carriesAHundredMegabytesInEachDirectionAtOnceThroughFewBuffers() throws Exception {
    long size = 100_000_000;
    try (Proxied proxied = Proxied.connect();
        ExecutorService peers = Executors.newThreadPerTaskExecutor(Thread::new)) {
      long before = directMemory();
      List<Future<Void>> sides =
          List.of(
              peers.submit(() -> sendNoise(proxied.client(), 1, size)),
              peers.submit(() -> sendNoise(proxied.upstream(), 2, size)),
              peers.submit(() -> receiveNoise(proxied.upstream(), 1, size)),
              peers.submit(() -> receiveNoise(proxied.client(), 2, size)));
      for (Future<Void> side : sides) {
        side.get();
      }
      long used = directMemory() - before;
      assertTrue(used < 2_000_000, () -> "direct memory for 200 MB: " + used);
      assertEquals(new Relay.Result(size, size), proxied.result());
    }
  }

  private static long directMemory() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  private static Void sendNoise(Client to, long seed, long size) throws IOException {
    var random = new Random(seed);
    byte[] chunk = new byte[50_000];
    OutputStream out = to.socket().getOutputStream();
    for (long left = size; left > 0; left -= chunk.length) {
      random.nextBytes(chunk);
      out.write(chunk);
    }
    to.finish();
    return null;
  }

  private static Void receiveNoise(Client from, long seed, long size) throws IOException {
    var random = new Random(seed);
    byte[] chunk = new byte[50_000];
    InputStream in = from.socket().getInputStream();
    for (long left = size; left > 0; left -= chunk.length) {
      random.nextBytes(chunk);
      assertArrayEquals(chunk, in.readNBytes(chunk.length));
    }
    assertEquals(-1, in.read());
    return null;
  }

  @Test
  void takesNoMoreFromOnePeerThanTheOtherReads() throws Exception {
    try (Proxied proxied = Proxied.connect();
        ExecutorService peers = Executors.newThreadPerTaskExecutor(Thread::new)) {
      byte[] chunk = new byte[100_000];
      var sent = new AtomicLong();
      Future<Void> floods =
          peers.submit(() -> {
            while (sent.addAndGet(chunk.length) < 1_000_000_000) {
              proxied.client().socket().getOutputStream().write(chunk);
            }
            return null;
          });
      awaitUnchanged(sent::get);
      assertTrue(sent.get() < 50_000_000, () -> "taken though nobody reads: " + sent);

      // The other direction does not suffer from it.
      proxied.upstream().send("hello");
      assertEquals("hello", proxied.client().receive(5));
      proxied.upstream().reset();
      assertThrows(ExecutionException.class, floods::get);
    }
  }

  private static void awaitUnchanged(LongSupplier value) {
    long[] last = {-1};
    await()
        .pollInterval(Duration.ofMillis(300))
        .until(() -> last[0] == (last[0] = value.getAsLong()));
  }

  @Test
  void passesTheResetOfAClientOn() throws Exception {
    try (Proxied proxied = Proxied.connect()) {
      proxied.client().send("hello");
      assertEquals("hello", proxied.upstream().receive(5));
      proxied.client().reset();
      assertTrue(proxied.upstream().seesReset());
      assertInstanceOf(CloseReason.PeerReset.class, proxied.reason());
    }
  }

  @Test
  void passesTheResetOfAServerOnAndSaysWhoseItWas() throws Exception {
    try (Proxied proxied = Proxied.connect()) {
      proxied.upstream().send("hello");
      assertEquals("hello", proxied.client().receive(5));
      proxied.upstream().reset();
      assertTrue(proxied.client().seesReset());
      var reason = assertInstanceOf(CloseReason.UpstreamFailed.class, proxied.reason());
      String address = "127.0.0.1:" + proxied.upstream().socket().getLocalPort();
      assertTrue(reason.cause().getMessage().contains(address), reason.cause().getMessage());
    }
  }

  @Test
  void passesAResetOnToAPeerThatHasFinished() throws Exception {
    try (Proxied proxied = Proxied.connect()) {
      proxied.client().finish();
      assertEquals("", proxied.upstream().receiveAll());
      proxied.upstream().reset();
      assertTrue(proxied.client().seesReset());
      assertInstanceOf(CloseReason.UpstreamFailed.class, proxied.reason());
    }
  }

  @Test
  void noticesThatAPeerIsGoneWhenItWritesToIt() throws Exception {
    try (Proxied proxied = Proxied.connect()) {
      // Closed in order, but by a process that does not want the reply.
      proxied.client().close();
      assertEquals("", proxied.upstream().receiveAll());
      OutputStream reply = proxied.upstream().socket().getOutputStream();
      assertThrows(
          IOException.class,
          () -> {
            while (true) {
              reply.write(new byte[100_000]);
            }
          });
      assertInstanceOf(CloseReason.PeerReset.class, proxied.reason());
    }
  }

  @Test
  void endsAsAnotherThreadHasClosedIt() throws Exception {
    for (int round = 0; round < 30; round++) {
      var relayed = new SynchronousQueue<Connection>();
      try (Proxied proxied =
          Proxied.connect(TimeLimits.NONE, (connection, _) -> relayed.put(connection))) {
        Connection connection = relayed.take();
        Thread streams = Thread.startVirtualThread(() -> stream(proxied.upstream()));
        proxied.client().receive(1_000);
        connection.close();
        boolean reset = proxied.client().seesReset();
        proxied.client().close();
        assertEquals(
            reset ? new CloseReason.Aborted() : new CloseReason.Finished(), proxied.reason());
        streams.join();
      }
    }
  }

  /** Sends until nobody takes it any longer. */
  private static void stream(Client peer) {
    try {
      while (true) {
        peer.send("a line\n");
      }
    } catch (IOException e) {
      // The relay has ended.
    }
  }

  @Test
  void followsOnWhatWasReadAndWrittenBefore() throws Exception {
    Proxied.Handshake readsALetterAndSendsAHeader =
        (connection, upstream) -> {
          assertEquals('a', connection.input().read());
          connection.output().write("welcome ".getBytes(US_ASCII));
          upstream.output().write("header ".getBytes(US_ASCII));
        };
    try (Proxied proxied = Proxied.connect(TimeLimits.NONE, readsALetterAndSendsAHeader)) {
      proxied.client().send("abc");
      assertEquals("header bc", proxied.upstream().receive(9));
      assertEquals("welcome ", proxied.client().receive(8));
      proxied.upstream().send("back");
      assertEquals("back", proxied.client().receive(4));
    }
  }

  @Test
  void joinsTwoClientsOfTheServerAsWell() throws Exception {
    var waiting = new SynchronousQueue<Connection>();
    Handler joins =
        connection -> {
          if (connection.input().read() == '1') {
            waiting.put(connection);
            await().forever().until(() -> !connection.isOpen());
          } else {
            try (Connection other = waiting.take()) {
              Relay.between(connection, other);
            }
          }
        };
    try (Server server =
            Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(joins).start();
        Client first = Client.connect(server);
        Client second = Client.connect(server)) {
      first.send("1");
      second.send("2");
      first.send("ping");
      assertEquals("ping", second.receive(4));
      second.send("pong");
      second.finish();
      assertEquals("pong", first.receiveAll());
      first.finish();
      assertEquals("", second.receiveAll());
    }
  }
}
