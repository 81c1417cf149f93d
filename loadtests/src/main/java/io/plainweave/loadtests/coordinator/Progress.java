package io.plainweave.loadtests.coordinator;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * The live progress of a run: a bar on a terminal, otherwise a line now and then.
 *
 * <p>It goes to stderr, so that stdout holds the report and nothing else.
 */
public final class Progress {
  private static final Duration REDRAW = Duration.ofMillis(100);
  private static final Duration LINE = Duration.ofSeconds(2);
  private static final int BAR = 20;

  private final PrintWriter out;
  private final boolean terminal;
  private final LongSupplier nanoTime;

  // Confined to the thread that leads the run, as all fields below.
  private Phase phase;
  private long total;
  private long done;
  private long failed;
  private long start;
  private long nextDraw;

  public Progress(PrintWriter out, boolean terminal, LongSupplier nanoTime) {
    this.out = out;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
  }

  /** Whether what is written to stderr is looked at on a terminal that can redraw a line. */
  public static boolean onTerminal() {
    if ("dumb".equals(System.getenv("TERM"))) {
      return false;
    }
    Path stderr = Path.of("/proc/self/fd/2");
    try {
      if (Files.isSymbolicLink(stderr)) {
        String target = Files.readSymbolicLink(stderr).toString();
        return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
      }
    } catch (IOException ignored) {
      // Then the next best answer: whether stdin and stdout are a terminal.
    }
    return System.console() != null && System.console().isTerminal();
  }

  void begin(Phase phase, long total) {
    this.phase = phase;
    this.total = total;
    this.done = 0;
    this.start = nanoTime.getAsLong();
    this.nextDraw = start + interval().toNanos();
    if (terminal) {
      draw();
    }
  }

  void update(long done, long failed) {
    this.done = done;
    this.failed = failed;
    tick();
  }

  /** Shows how far the phase is, if that is due. */
  void tick() {
    long now = nanoTime.getAsLong();
    if (phase != null && now - nextDraw >= 0) {
      nextDraw = now + interval().toNanos();
      draw();
    }
  }

  /** Leaves the last state of the phase on a line of its own. */
  void end() {
    if (phase != null) {
      draw();
      if (terminal) {
        out.println();
        out.flush();
      }
      phase = null;
    }
  }

  private void draw() {
    if (terminal) {
      // Back to the start of the line; what an earlier, longer text left is erased.
      out.print("\r" + text() + "\u001b[K");
    } else {
      out.println(text());
    }
    out.flush();
  }

  /** Kept within 80 columns: a terminal cannot go back to the start of a line that was broken. */
  private String text() {
    double seconds = (nanoTime.getAsLong() - start) / 1e9;
    StringBuilder text = new StringBuilder(String.format("%-5s ", phase.label()));
    if (terminal) {
      int filled = total == 0 ? BAR : (int) Math.min(BAR, BAR * done / total);
      text.append('[').append("#".repeat(filled)).append("-".repeat(BAR - filled)).append("] ");
      text.append(String.format(Locale.ROOT, "%,d %s", done, phase.unit()));
    } else {
      text.append(String.format(Locale.ROOT, "%,d of %,d %s", done, total, phase.unit()));
    }
    if (phase.isRated() && seconds > 0) {
      text.append(String.format(Locale.ROOT, ", %,.0f/s", done / seconds));
    }
    text.append(String.format(Locale.ROOT, ", %.1f s", seconds));
    if (failed > 0) {
      text.append(String.format(Locale.ROOT, ", %,d errors", failed));
    }
    return text.toString();
  }

  private Duration interval() {
    return terminal ? REDRAW : LINE;
  }
}
