package io.plainweave.loadtests.compare;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The loads, against servers that do as they are told. */
@Timeout(30)
final class LoadTest {
  private static final long MILLIS = 200;

  @ParameterizedTest
  @ValueSource(strings = {"echo-1", "echo-20", "pipelined-16", "message-16k", "message-1m"})
  void aClosedLoopCountsEveryMessageThatCameBack(String name) throws Exception {
    AtomicLong bytes = new AtomicLong();
    try (ScriptedServer server =
        new ScriptedServer((in, out) -> {
          byte[] buffer = new byte[65_536];
          for (int length; (length = in.read(buffer)) >= 0; ) {
            bytes.addAndGet(length);
            out.write(buffer, 0, length);
          }
        })) {
      Work work = Work.of(name);
      Load load = run(work, server, 0, 0);

      assertTrue(load.messages() > 0, "no message");
      assertEquals(0, load.messages() % work.depth());
      long sent = bytes.get() / work.bytes();
      // What was in flight when the window closed is answered, but not counted.
      long last = (long) work.connections() * work.depth();
      assertTrue(
          load.messages() <= sent && sent <= load.messages() + last,
          load.messages() + " of " + sent);
      assertEquals(0, bytes.get() % work.bytes());
      // One more than were answered, if somebody waited longer at the end than anybody before.
      long unanswered = load.latencies().getTotalCount() - load.messages() / work.depth();
      assertTrue(unanswered == 0 || unanswered == 1, () -> unanswered + " more latencies");
      assertEquals(work.connections(), server.accepted.get());
      await().atMost(10, SECONDS).until(() -> server.ended.get() == work.connections());
    }
  }

  @Test
  void nothingIsCountedInTheWarmUp() throws Exception {
    AtomicLong messages = new AtomicLong();
    try (ScriptedServer server =
        new ScriptedServer((in, out) -> {
          byte[] buffer = new byte[64];
          while (in.readNBytes(buffer, 0, 64) == 64) {
            messages.incrementAndGet();
            out.write(buffer);
          }
        })) {
      Load load = run(Work.of("echo-2"), server, 0, 1 - MILLIS, 2 * MILLIS);

      assertTrue(
          load.messages() < messages.get() / 2,
          () -> "counted " + load.messages() + " of " + messages);
    }
  }

  @Test
  void aMessageAllocatesNothing() throws Exception {
    try (ScriptedServer server = new ScriptedServer(ScriptedServer.ECHO)) {
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      LoadOrder order = order(Work.of("echo-20"), server, 0, 0, 3 * MILLIS);
      try (Load load = Load.of(order)) {
        load.connect();
        Window window = new Window(order);
        long before = threads.getCurrentThreadAllocatedBytes();
        load.run(window);
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;

        // What the window and the selector allocate now and then is spread over thousands.
        assertTrue(
            bytes < 16 * load.messages(), bytes + " bytes for " + load.messages() + " messages");
      }
    }
  }

  @Test
  void churnSendsOneMessageOnEachConnectionAndEndsItFirst() throws Exception {
    AtomicLong bytes = new AtomicLong();
    try (ScriptedServer server =
        new ScriptedServer((in, out) -> {
          out.write(in.readNBytes(64));
          bytes.addAndGet(64 + in.readAllBytes().length);
        })) {
      Load load = run(Work.of("churn"), server, 0, 0);

      assertTrue(load.messages() > 16, () -> "only " + load.messages());
      await().atMost(10, SECONDS).until(() -> server.ended.get() == server.accepted.get());
      assertEquals(64L * server.accepted.get(), bytes.get());
      long uncounted = server.accepted.get() - load.messages();
      assertTrue(uncounted >= 0 && uncounted <= 2 * 16, () -> uncounted + " not counted");
      assertEquals(0, server.open());
    }
  }

  @Test
  void idleConnectionsHaveExchangedAMessageAndStayOpen() throws Exception {
    AtomicLong bytes = new AtomicLong();
    try (ScriptedServer server =
            new ScriptedServer((in, out) -> {
              out.write(in.readNBytes(64));
              bytes.addAndGet(64);
              in.readAllBytes();
            });
        IdleConnections idle = new IdleConnections()) {
      idle.open(order(Work.of("idle-100"), server, 0, 0, 1));

      assertEquals(100, idle.size());
      assertEquals(100, server.open());
      await().atMost(10, SECONDS).until(() -> bytes.get() == 6_400);
      idle.close();
      await().atMost(10, SECONDS).until(() -> server.ended.get() == 100);
    }
  }

  @Test
  void anOpenLoopKeepsItsRate() throws Exception {
    try (ScriptedServer server = new ScriptedServer(ScriptedServer.ECHO)) {
      Work work = new Work("open", Work.Kind.OPEN_LOOP, 10, 64, 1, 50);
      Load load = run(work, server, 1_000, 0);

      // A thousand a second for a fifth of one; a busy machine lets it send fewer, and never more.
      assertTrue(
          load.messages() > 20 && load.messages() <= 201, () -> load.messages() + " messages");
    }
  }

  @Test
  void anOpenLoopChargesAPauseToEveryMessageThatWasDueInIt() throws Exception {
    AtomicBoolean paused = new AtomicBoolean();
    try (ScriptedServer server =
        new ScriptedServer((in, out) -> {
          byte[] buffer = new byte[64];
          for (int messages = 0; in.readNBytes(buffer, 0, 64) == 64; messages++) {
            if (messages == 10 && paused.compareAndSet(false, true)) {
              Thread.sleep(150); // the fault that is injected
            }
            out.write(buffer);
          }
        })) {
      Work work = new Work("open", Work.Kind.OPEN_LOOP, 1, 64, 1, 50);
      Load load = run(work, server, 1_000, 3 * MILLIS);

      // 150 messages were due meanwhile; one of them waited 150 ms, the next one 149 ms ...
      long late = load.latencies().getCountBetweenValues(20_000_000, Long.MAX_VALUE);
      assertTrue(late > 80, () -> "only " + late + " messages were charged");
      assertTrue(load.latencies().getMaxValue() > 100_000_000, "the longest is too short");
    }
  }

  @Test
  void whoIsNeverAnsweredDoesNotLookBetterThanWhoIsAnsweredLate() {
    Load load =
        new Churn(new LoadOrder(Work.Kind.CHURN, 1, Protocol.ECHO, 1, 64, 1, 0, 0, 1, List.of()));
    load.count(1, 5_000);

    load.countUnanswered(4_000);
    load.countUnanswered(900_000);

    assertEquals(2, load.latencies().getTotalCount());
    assertEquals(900_000, load.latencies().getMaxValue(), 1_000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"echo-5", "churn"})
  void wrongBytesFailTheLoad(String name) throws Exception {
    try (ScriptedServer server =
        new ScriptedServer((in, out) -> {
          byte[] bytes = in.readNBytes(64);
          bytes[40]++;
          out.write(bytes);
          in.readAllBytes();
        })) {
      IOException failure =
          assertThrows(IOException.class, () -> run(Work.of(name), server, 0, 0, MILLIS));
      assertEquals("received 64 wrong bytes after 0", failure.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"echo-5", "churn"})
  void aServerThatClosesFailsTheLoad(String name) throws Exception {
    try (ScriptedServer server = new ScriptedServer((in, out) -> in.readNBytes(64))) {
      IOException failure = assertThrows(IOException.class, () -> run(Work.of(name), server, 0, 0));
      assertTrue(
          failure.getMessage().startsWith("the server closed a connection"), failure::toString);
    }
  }

  @Test
  void aServerThatIsNotThereFailsTheLoad() throws Exception {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }

    try (Load load =
        Load.of(LoadOrder.of(Work.of("echo-5"), free, Protocol.ECHO, 0, 0, MILLIS, List.of()))) {
      IOException failure = assertThrows(IOException.class, load::connect);
      assertTrue(failure.getMessage().startsWith("cannot connect to "), failure::toString);
    }
  }

  private static Load run(Work work, ScriptedServer server, double rate, long more)
      throws IOException {
    return run(work, server, rate, more, 0);
  }

  private static Load run(Work work, ScriptedServer server, double rate, long more, long warmUp)
      throws IOException {
    LoadOrder order = order(work, server, rate, warmUp, MILLIS + more);
    try (Load load = Load.of(order)) {
      load.connect();
      load.run(new Window(order));
      return load;
    }
  }

  private static LoadOrder order(
      Work work, ScriptedServer server, double rate, long warmUp, long millis) {
    return LoadOrder.of(
        work,
        server.port(),
        Protocol.ECHO,
        rate,
        warmUp,
        millis,
        List.of(ProcessHandle.current().pid()));
  }
}
