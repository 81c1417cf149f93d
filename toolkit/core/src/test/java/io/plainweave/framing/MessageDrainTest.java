package io.plainweave.framing;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionProbe;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.ReadingServer.Source;
import io.plainweave.internal.thread.JdkScheduler;
import io.plainweave.server.Server;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("A drain")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class MessageDrainTest {
  private final BlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
  private final BlockingQueue<CloseReason> closed = new LinkedBlockingQueue<>();
  private final List<String> read = new CopyOnWriteArrayList<>();
  private final CountDownLatch mayGoOn = new CountDownLatch(1);

  /** Replies with a dot to each message, and waits before the reply to one that says so. */
  private Server start(Function<Connection, Source> framing) throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .eventLoops(0)
        .maxCarriers(1)
        .handler(connection -> {
          accepted.add(connection);
          Source source = framing.apply(connection);
          for (String message; (message = source.read()) != null; ) {
            read.add(message);
            if (message.equals("wait")) {
              mayGoOn.await();
            }
            connection.output().write('.');
          }
        })
        .observer(event -> {
          if (event instanceof ServerEvent.ConnectionClosed e) {
            closed.add(e.reason());
          }
        })
        .start();
  }

  private void assertDrained(int connections) throws InterruptedException {
    for (int i = 0; i < connections; i++) {
      assertEquals(new CloseReason.Drained(), closed.poll(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void endsConnectionsBetweenTwoMessages() throws Exception {
    try (Server server = start(Corpus.lines(100));
        Client fresh = Client.connect(server);
        Client used = Client.connect(server)) {
      used.send("hello\n");
      assertEquals(".", used.receive(1));
      await().until(() -> server.connections() == 2);
      server.shutdown();
      assertEquals("", used.receiveAll());
      assertEquals("", fresh.receiveAll());
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertDrained(2);
    }
  }

  @ParameterizedTest
  @MethodSource("io.plainweave.framing.Corpus#good")
  void letsAMessageThatHasBegunBeCompleted(Corpus corpus) throws Exception {
    // Of a message of one byte, there is nothing to wait for.
    byte[] message = Corpus.bytes(corpus.messages().getFirst());
    int begun = message.length - 1;
    try (Server server = start(corpus.framing());
        Client client = Client.connect(server)) {
      Connection inMessage = accepted.poll(10, TimeUnit.SECONDS);
      client.socket().getOutputStream().write(message, 0, begun);
      ConnectionProbe.awaitReceived(inMessage, begun, new AtomicBoolean());
      try (Client idle = Client.connect(server)) {
        accepted.poll(10, TimeUnit.SECONDS);
        server.shutdown();
        assertEquals("", idle.receiveAll());
      }
      if (begun > 0) {
        client.socket().getOutputStream().write(message, begun, 1);
        assertEquals(".", client.receiveAll());
        assertEquals(corpus.outcome().messages().subList(0, 1), read);
      }
      client.finish();
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertDrained(2);
    }
  }

  @Test
  void letsTheMessagesBeAnsweredThatHaveComeTogether() throws Exception {
    try (Server server = start(Corpus.lines(100));
        Client client = Client.connect(server)) {
      client.send("wait\ntwo\nthree\n");
      await().until(() -> read.contains("wait"));
      server.shutdown();
      mayGoOn.countDown();
      assertEquals("...", client.receiveAll());
      assertEquals(List.of("wait", "two", "three"), read);
      assertDrained(1);
    }
  }

  @Test
  void letsAMessageBeAnsweredThatHasComeWhileTheOneBeforeWasAtWork() throws Exception {
    try (Server server = start(Corpus.lines(100));
        Client client = Client.connect(server)) {
      client.send("wait\n");
      await().until(() -> read.contains("wait"));
      client.send("two\n");
      server.shutdown();
      mayGoOn.countDown();
      assertEquals("..", client.receiveAll());
      assertDrained(1);
    }
  }

  @Test
  void neverMakesAWholeLineOfTheBeginningOfOne() throws Exception {
    try (Server server = start(Corpus.lines(100));
        Client client = Client.connect(server)) {
      Connection connection = accepted.poll(10, TimeUnit.SECONDS);
      // Bytes that have come when the drain ends the input, but that the handler has not seen yet.
      try (var _ = new BusyCarriers()) {
        client.send("first\nDELETE 1");
        server.shutdown();
        await().until(() -> ConnectionProbe.inputIsEnded(connection));
      }
      assertEquals(".", client.receiveAll(), "the answer to the first one, and no reset");
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertEquals(List.of("first"), read);
      assertDrained(1);
    }
  }

  /** Keeps all carriers busy, so that no other virtual thread runs. */
  private static final class BusyCarriers implements AutoCloseable {
    private final AtomicBoolean busy = new AtomicBoolean(true);
    private final List<Thread> threads = new ArrayList<>();

    BusyCarriers() {
      int carriers = JdkScheduler.carriers();
      var spinning = new CountDownLatch(carriers);
      for (int i = 0; i < carriers; i++) {
        threads.add(
            Thread.startVirtualThread(() -> {
              spinning.countDown();
              while (busy.get()) {
                Thread.onSpinWait();
              }
            }));
      }
      await().until(() -> spinning.getCount() == 0);
    }

    @Override
    public void close() throws InterruptedException {
      busy.set(false);
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }
}
