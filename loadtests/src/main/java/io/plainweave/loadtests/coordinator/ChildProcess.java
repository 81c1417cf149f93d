package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.control.ControlLines;
import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A process of the run, as the coordinator sees it.
 *
 * <p>What it says, and that it ended, goes to the queue of {@link Arrival}s; the last of what it
 * prints to stderr is kept for the case that it dies.
 */
final class ChildProcess {
  /** Something a child did. */
  sealed interface Arrival {
    ChildProcess child();

    /** It said something. */
    record Said(ChildProcess child, Notice notice) implements Arrival {}

    /** It said something that is no notice. */
    record Garbled(ChildProcess child, String line) implements Arrival {}

    /** It ended; nothing more will arrive from it. */
    record Ended(ChildProcess child, int exitCode) implements Arrival {}
  }

  private static final int LAST_LINES = 40; // enough for a stack trace with its message

  private final String name;
  private final Process process;
  private final PrintStream stdin;
  private final BlockingQueue<Arrival> arrivals;
  private final Thread stderr;
  private final Deque<String> lastLines = new ArrayDeque<>(); // guarded by itself

  ChildProcess(String name, Process process, BlockingQueue<Arrival> arrivals) {
    this.name = name;
    this.process = process;
    this.arrivals = arrivals;
    this.stdin = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    this.stderr = Thread.ofPlatform().daemon().name(name + " stderr").start(this::keepLastLines);
    Thread.ofPlatform().daemon().name(name + " stdout").start(this::readNotices);
  }

  String name() {
    return name;
  }

  /** Sends an order. If the child is gone this does nothing: its end arrives, and says more. */
  void tell(Order order) {
    stdin.println(ControlLines.encode(order));
  }

  /** What there is to know about its end. */
  String obituary(int exitCode) {
    String how =
        exitCode > 128
            ? "exit code " + exitCode + " (signal " + (exitCode - 128) + ")"
            : "exit code " + exitCode;
    synchronized (lastLines) {
      return lastLines.isEmpty()
          ? name + " ended with " + how + " and said nothing"
          : name
              + " ended with "
              + how
              + "; its last lines:\n  | "
              + String.join("\n  | ", lastLines);
    }
  }

  /** Lets it end: a child lives as long as its stdin. */
  void release() {
    stdin.close();
  }

  /** Waits for its end, and kills it at the deadline. */
  void awaitEnd(long deadline) throws InterruptedException {
    if (!process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }

  private void readNotices() {
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line; (line = out.readLine()) != null; ) {
        arrivals.add(read(line));
      }
    } catch (IOException e) {
      keep("its stdout could not be read: " + e);
    }
    try {
      int exitCode = process.waitFor();
      stderr.join(Duration.ofSeconds(1));
      arrivals.add(new Arrival.Ended(this, exitCode));
    } catch (InterruptedException e) {
      throw new AssertionError("nobody has this thread to interrupt it", e);
    }
  }

  private Arrival read(String line) {
    try {
      return new Arrival.Said(this, ControlLines.notice(line));
    } catch (IllegalArgumentException e) {
      return new Arrival.Garbled(this, line);
    }
  }

  private void keepLastLines() {
    try (BufferedReader err = process.errorReader()) {
      for (String line; (line = err.readLine()) != null; ) {
        keep(line);
      }
    } catch (IOException e) {
      keep("its stderr could not be read: " + e);
    }
  }

  private void keep(String line) {
    synchronized (lastLines) {
      if (lastLines.size() == LAST_LINES) {
        lastLines.removeFirst();
      }
      lastLines.addLast(line);
    }
  }
}
