package io.plainweave.loadtests.models;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * A limit that would come next, by what so many connections were seen to take.
 *
 * @param connections at which it would be met
 * @param text what it is
 */
record NextLimit(long connections, String text) {
  private static final Path PIDS_OF_THE_CONTAINER = Path.of("/sys/fs/cgroup/pids.max");

  /** From here on a model has a thread for each connection, and not some of its own. */
  private static final double THREADS_THAT_GROW = 0.5;

  /**
   * The first one, descriptors apart.
   *
   * @param connections that are open
   * @param memory bytes that they take
   */
  static NextLimit of(ProcessTree processes, long connections, long memory) throws IOException {
    List<NextLimit> limits = new ArrayList<>();
    double bytes = Math.max(1, (double) memory / connections);
    long available = ProcessTree.availableMemory();
    limits.add(
        new NextLimit(
            connections + (long) (available / bytes),
            text("memory, %,.0f bytes a connection of the server's own", bytes)));
    double threads = (double) processes.threads() / connections;
    if (threads > THREADS_THAT_GROW) {
      double maps = (double) processes.maps() / connections;
      add(limits, Path.of("/proc/sys/vm/max_map_count"), "vm.max_map_count", "maps", maps);
      add(limits, Path.of("/proc/sys/kernel/pid_max"), "kernel.pid_max", "threads", threads);
      add(
          limits,
          Path.of("/proc/sys/kernel/threads-max"),
          "kernel.threads-max",
          "threads",
          threads);
      add(limits, PIDS_OF_THE_CONTAINER, "pids.max of the container", "threads", threads);
    }
    return limits.stream().min(Comparator.comparing(NextLimit::connections)).orElseThrow();
  }

  private static void add(
      List<NextLimit> limits, Path file, String name, String what, double perConnection)
      throws IOException {
    if (!Files.isReadable(file)) {
      return;
    }
    String most = String.join("", Files.readAllLines(file)).strip();
    if (most.matches("\\d{1,18}")) { // "max" where there is none
      long limit = Long.parseLong(most);
      limits.add(
          new NextLimit(
              (long) (limit / perConnection),
              text(
                  "%s, which allows %,d %s: %.1f a connection", name, limit, what, perConnection)));
    }
  }

  /** A number that was computed from others, no more precise than those. */
  static long rounded(double number) {
    return new BigDecimal(number, new MathContext(2)).longValue();
  }

  @Override
  public String toString() {
    return text("about %,d connections by %s", rounded(connections), text);
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
