package io.plainweave.loadtests.start;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.control.Target;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The start signal")
@Timeout(30)
final class StartSignalTest {
  private static final Duration LONG = Duration.ofMinutes(5);

  private final List<StartSignal> generators = new ArrayList<>();
  private final BlockingQueue<Set<String>> seen = new LinkedBlockingQueue<>();
  private StartServer server;

  @AfterEach
  void close() {
    generators.forEach(StartSignal::close);
    if (server != null) {
      server.close();
    }
  }

  @Test
  void isGivenWhenTheLastGeneratorHasCome() throws Exception {
    FutureTask<Boolean> all = serve(2, LONG);
    StartSignal first = come();
    await().atMost(10, SECONDS).until(() -> first.here() == 1 && first.all() == 2);
    assertFalse(first.isGiven());

    StartSignal second = come();

    await().atMost(10, SECONDS).until(() -> first.isGiven() && second.isGiven());
    assertEquals(true, all.get(10, SECONDS));
    assertEquals(2, second.all(), "the last one learns it too");
  }

  @Test
  void sendsThoseHomeThatWaitWhenTheTimeHasPassed() throws Exception {
    FutureTask<Boolean> all = serve(3, Duration.ofMillis(900));

    StartSignal generator = come();

    assertEquals("1 of 3 generators came within 900ms", failure(generator));
    assertEquals(false, all.get(10, SECONDS));
  }

  @Test
  void doesNotCountAConnectionThatSaysNothing() throws Exception {
    FutureTask<Boolean> all = serve(2, LONG);
    StartSignal generator = come();
    await().atMost(10, SECONDS).until(() -> generator.here() == 1);

    try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      probe.shutdownOutput();
      assertEquals(-1, probe.getInputStream().read(), "it is sent away");
    }

    assertFalse(all.isDone());
    assertEquals(1, generator.here());
  }

  @Test
  void doesNotCountAGeneratorThatHasGone() throws Exception {
    FutureTask<Boolean> all = serve(2, LONG);
    StartSignal first = come();
    await().atMost(10, SECONDS).until(() -> first.here() == 1);
    first.close();
    Set<String> here = seen.poll(10, SECONDS);
    while (!here.isEmpty()) {
      here = seen.poll(10, SECONDS);
    }

    StartSignal second = come();
    await().atMost(10, SECONDS).until(() -> second.here() == 1);

    assertFalse(all.isDone());
    come();
    assertEquals(true, all.get(10, SECONDS));
  }

  @Test
  void failsItsGeneratorsWhenItEndsBefore() throws Exception {
    FutureTask<Boolean> all = serve(2, LONG);
    StartSignal generator = come();
    await().atMost(10, SECONDS).until(() -> generator.here() == 1);

    server.close();

    assertEquals("the start signal at " + at() + " ended before it was given", failure(generator));
    assertFalse(all.isDone());
    come(); // which is refused, again and again
  }

  @Test
  void isNotTakenForWhatElseSpeaksThere() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Target at = new Target("127.0.0.1", other.getLocalPort());
      StartSignal generator = StartSignal.readyAt(at);
      generators.add(generator);
      try (Socket accepted = other.accept()) {
        accepted.getOutputStream().write("220 mail\n".getBytes());

        assertEquals(
            "what is at " + at + " is no start signal: it says \"220 mail\"", failure(generator));
      }
    }
  }

  private FutureTask<Boolean> serve(int all, Duration limit) throws Exception {
    server = StartServer.open(0, all);
    FutureTask<Boolean> waiting = new FutureTask<>(() -> server.awaitAll(limit, seen::add));
    Thread.ofPlatform().daemon().start(waiting);
    return waiting;
  }

  private StartSignal come() {
    StartSignal generator = StartSignal.readyAt(at());
    generators.add(generator);
    return generator;
  }

  private Target at() {
    return new Target("127.0.0.1", server.port());
  }

  /** The sentence with which the generator ends. */
  private static String failure(StartSignal generator) {
    return assertThrows(
            RunFailed.class, () -> await().atMost(10, SECONDS).until(generator::isGiven))
        .getMessage();
  }
}
