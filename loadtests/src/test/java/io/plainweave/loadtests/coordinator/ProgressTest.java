package io.plainweave.loadtests.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class ProgressTest {
  private final StringWriter written = new StringWriter();
  private final AtomicLong nanoTime = new AtomicLong();

  @Test
  void elsewhereItWritesALineEveryTwoSecondsAndOneAtTheEnd() {
    Progress progress = progress(false);

    progress.begin(Phase.RAMP, 30_000);
    at(1_000);
    progress.update(8_000, 0);
    at(2_000);
    progress.update(16_000, 0);
    at(2_100);
    progress.update(17_000, 2);
    at(4_000);
    progress.end();

    assertEquals(
        """
        ramp  16,000 of 30,000 connected, 8,000/s, 2.0 s
        ramp  17,000 of 30,000 connected, 4,250/s, 4.0 s, 2 errors
        """,
        written.toString().replace(System.lineSeparator(), "\n"));
  }

  @Test
  void onATerminalItRedrawsItsLine() {
    Progress progress = progress(true);

    progress.begin(Phase.SWEEP, 1_000);
    at(500);
    progress.update(500, 0);
    at(550);
    progress.update(550, 0);
    at(1_000);
    progress.update(1_000, 0);
    progress.end();

    assertEquals(
        """
        \rsweep [--------------------] 0 answered, 0.0 s\u001b[K\
        \rsweep [##########----------] 500 answered, 1,000/s, 0.5 s\u001b[K\
        \rsweep [####################] 1,000 answered, 1,000/s, 1.0 s\u001b[K\
        \rsweep [####################] 1,000 answered, 1,000/s, 1.0 s\u001b[K
        """,
        written.toString().replace(System.lineSeparator(), "\n"));
  }

  @Test
  void itSaysNothingBetweenPhases() {
    Progress progress = progress(false);

    progress.begin(Phase.HOLD, 10);
    progress.end();
    String afterEnd = written.toString();
    at(60_000);
    progress.tick();
    progress.end();

    assertEquals(afterEnd, written.toString());
  }

  private Progress progress(boolean terminal) {
    return new Progress(new PrintWriter(written), terminal, nanoTime::get);
  }

  private void at(long millis) {
    nanoTime.set(millis * 1_000_000);
  }
}
