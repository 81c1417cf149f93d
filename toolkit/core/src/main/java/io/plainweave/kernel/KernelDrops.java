package io.plainweave.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the kernel has dropped at a UDP socket since it was opened, for lack of room in the socket's
 * buffer above all. Linux tells it in {@code /proc/net/udp} and {@code udp6} (proc(5)), and nowhere
 * else; where those cannot be read, it is nothing.
 */
public final class KernelDrops {
  private static final List<Path> TABLES =
      List.of(Path.of("/proc/net/udp"), Path.of("/proc/net/udp6"));

  // Columns of a line
  private static final int LOCAL_ADDRESS = 1;
  private static final int DROPS = 12;

  private static final byte[] MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

  private KernelDrops() {}

  /** The drops of all sockets at these addresses. */
  public static long at(Set<InetSocketAddress> addresses) {
    Set<String> names =
        addresses.stream()
            .flatMap(address -> names(address).stream())
            .collect(Collectors.toUnmodifiableSet());
    return TABLES.stream().mapToLong(table -> in(table, names)).sum();
  }

  /** The drops of the sockets with these names in a table. */
  static long in(Path table, Set<String> names) {
    try (Stream<String> lines = Files.lines(table, StandardCharsets.ISO_8859_1)) {
      return lines
          .map(line -> line.strip().split("\\s+"))
          .filter(columns -> columns.length > DROPS && names.contains(columns[LOCAL_ADDRESS]))
          .mapToLong(columns -> number(columns[DROPS]))
          .sum();
    } catch (IOException | UncheckedIOException notTold) {
      return 0;
    }
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException notTold) {
      return 0;
    }
  }

  /**
   * How the tables call the address, which may be that of a socket for IPv4, or one for both kinds
   * that has it mapped to IPv6 (RFC 4291, 2.5.5.2).
   */
  private static Set<String> names(InetSocketAddress address) {
    InetAddress host = address.getAddress();
    String port = KernelNotation.port(address);
    if (host.isAnyLocalAddress()) {
      return Set.of("0".repeat(8) + port, "0".repeat(32) + port);
    }
    String name = KernelNotation.of(address);
    return host instanceof Inet4Address
        ? Set.of(name, KernelNotation.words(MAPPED) + name)
        : Set.of(name);
  }
}
