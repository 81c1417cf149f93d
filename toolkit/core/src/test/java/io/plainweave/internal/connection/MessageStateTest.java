package io.plainweave.internal.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Handler;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The state of the reading side")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class MessageStateTest {
  private static final CloseReason DRAINED = new CloseReason.Drained();
  private static final CloseReason TIMED_OUT = new CloseReason.TimedOut(TimeLimits.Kind.IDLE);
  private static final int ROUNDS = 20_000;
  private static final int STEPS = 40;

  /** One input that a reader uses while the reaper wants to end it. */
  private static final class Round {
    final ConnectionInput input;
    final int number;
    final AtomicInteger arrived = new AtomicInteger();
    volatile boolean byReader;
    volatile boolean byReaper;

    Round(SocketConnection connection, int number) {
      this.input = new ConnectionInput(connection, connection.channel());
      this.number = number;
    }

    private void meet() {
      arrived.incrementAndGet();
      while (arrived.get() < 2) {
        Thread.yield();
      }
    }

    /** Waits some times, in each of which it can be ended, and then ends it as in a drain. */
    void read() throws ConnectionClosedException {
      meet();
      ConnectionActivity before;
      for (int step = number % STEPS;
          !byReader && (before = input.beginWait(false)) != null;
          step--) {
        byReader = step <= 0 && input.end(DRAINED, 1);
        input.endWait(before);
      }
    }

    void reap() {
      meet();
      for (int pause = number / STEPS % STEPS; pause > 0; pause--) {
        Thread.onSpinWait();
      }
      byReaper = input.end(TIMED_OUT, 2);
    }

    boolean isConsistent() {
      return byReader != byReaper
          && input.endedBy() == (byReader ? DRAINED : TIMED_OUT)
          && input.endedAt() == (byReader ? 1 : 2);
    }
  }

  @Test
  void namesTheEndThatHasComeFirstWhereTwoMeet() throws Exception {
    var done = new CompletableFuture<List<Round>>();
    Handler runs =
        connection -> {
          List<Round> rounds =
              IntStream.range(0, ROUNDS)
                  .mapToObj(i -> new Round((SocketConnection) connection, i))
                  .toList();
          Thread reaper = Thread.ofPlatform().start(() -> rounds.forEach(Round::reap));
          for (Round round : rounds) {
            round.read();
          }
          reaper.join();
          done.complete(rounds);
        };
    List<Round> rounds;
    try (Server server = new ClosedConnections().start(runs);
        Client _ = Client.connect(server)) {
      rounds = done.get();
    }
    long byReaper = rounds.stream().filter(round -> round.byReaper).count();
    System.out.println("ended by the reaper in " + byReaper + " of " + ROUNDS + " rounds");
    assertEquals(0, rounds.stream().filter(round -> !round.isConsistent()).count());
  }
}
