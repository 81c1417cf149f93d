package io.plainweave.loadtests.fullheap;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Measures time for a process: what its threads have waited for a processor, ready to run, does not
 * count. On a machine that does other things as well, its time is its own all the same; one that
 * does nothing waits for none, and is not excused.
 */
final class ServerClock {
  private final Path threads;
  private final long begin = System.nanoTime();
  private final long waitedBefore;

  ServerClock(long pid) {
    threads = Path.of("/proc/" + pid + "/task");
    waitedBefore = waited();
  }

  /** The milliseconds since it was made, by the clock on the wall. */
  long wallMillis() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
  }

  /** The same without those that do not count. */
  long millis() {
    long waited = TimeUnit.NANOSECONDS.toMillis(Math.max(0, waited() - waitedBefore));
    return Math.max(0, wallMillis() - waited);
  }

  /** Nanoseconds that all threads have waited: the second number of schedstat (proc(5)). */
  private long waited() {
    try (Stream<Path> all = Files.list(threads)) {
      return all.toList().stream().mapToLong(ServerClock::waited).sum();
    } catch (IOException e) {
      return 0; // the process is gone
    }
  }

  private static long waited(Path thread) {
    try {
      List<String> numbers = List.of(Files.readString(thread.resolve("schedstat")).split("\\s+"));
      return Long.parseLong(numbers.get(1));
    } catch (IOException e) {
      return 0; // the thread is gone
    }
  }
}
