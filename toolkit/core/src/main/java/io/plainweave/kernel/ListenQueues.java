package io.plainweave.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** What Linux tells of the queues of all listeners in this process's network namespace. */
public final class ListenQueues {
  /**
   * More than any kernel gives: listen(2) cuts it silently to net.core.somaxconn. The JDK's own
   * default is 50.
   */
  public static final int BACKLOG = 65_535;

  private static final Path LONGEST = Path.of("/proc/sys/net/core/somaxconn");
  private static final Path COUNTERS = Path.of("/proc/self/net/netstat");

  private ListenQueues() {}

  /** What a listener gets that asks for it; empty where the system does not tell. */
  public static OptionalInt longest() {
    try {
      return OptionalInt.of(Math.min(BACKLOG, Sysctl.number(LONGEST)));
    } catch (IOException | NumberFormatException cannotTell) {
      return OptionalInt.empty();
    }
  }

  /**
   * How often a connection has found a full backlog, since the machine started; empty where the
   * system does not tell.
   */
  public static OptionalLong overflows() {
    try {
      return overflows(Files.readString(COUNTERS, StandardCharsets.US_ASCII));
    } catch (IOException | NumberFormatException cannotTell) {
      return OptionalLong.empty();
    }
  }

  /** Reads the counters: for each group a line of names, and one of values. */
  static OptionalLong overflows(String counters) {
    List<List<String>> tcp =
        counters
            .lines()
            .filter(line -> line.startsWith("TcpExt: "))
            .map(line -> Arrays.asList(line.split(" ", -1)))
            .toList();
    int column = tcp.size() < 2 ? -1 : tcp.getFirst().indexOf("ListenOverflows");
    if (column < 0 || column >= tcp.get(1).size()) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(Long.parseLong(tcp.get(1).get(column)));
  }
}
