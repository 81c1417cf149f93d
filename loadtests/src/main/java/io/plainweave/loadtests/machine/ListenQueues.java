package io.plainweave.loadtests.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * How often the listeners of this machine had no room, since its start: Linux' counters of all
 * listeners in the network namespace.
 *
 * @param overflows connections for which a queue was too short
 * @param drops connection requests that were dropped for that or any other reason
 */
public record ListenQueues(long overflows, long drops) {
  /** The counters now; empty where the system does not tell. */
  public static Optional<ListenQueues> read() {
    return read(Path.of("/proc/net/netstat"));
  }

  /** A line of names and one of values for each group of counters. */
  static Optional<ListenQueues> read(Path file) {
    if (!Files.isReadable(file)) {
      return Optional.empty();
    }
    try {
      List<List<String>> tcp =
          Files.readAllLines(file).stream()
              .filter(line -> line.startsWith("TcpExt: "))
              .map(line -> Arrays.asList(line.split(" ")))
              .toList();
      return tcp.size() < 2
          ? Optional.empty()
          : Optional.of(new ListenQueues(value(tcp, "ListenOverflows"), value(tcp, "ListenDrops")));
    } catch (IOException | IllegalArgumentException unknown) {
      return Optional.empty();
    }
  }

  private static long value(List<List<String>> tcp, String name) {
    int column = tcp.getFirst().indexOf(name);
    if (column < 0 || column >= tcp.get(1).size()) {
      throw new IllegalArgumentException("no " + name);
    }
    return Long.parseLong(tcp.get(1).get(column));
  }
}
