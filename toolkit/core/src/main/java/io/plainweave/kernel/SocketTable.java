package io.plainweave.kernel;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The TCP sockets that listen in this process's network namespace, as the kernel of Linux tells of
 * them (proc(5)). It knows what Java cannot ask: whether a socket still listens, and how many
 * connections wait in its backlog.
 */
public final class SocketTable {
  private static final Path IPV4 = Path.of("/proc/self/net/tcp");
  private static final Path IPV6 = Path.of("/proc/self/net/tcp6");

  /** The state of a socket that listens (TCP_LISTEN in the kernel's tcp_states.h). */
  private static final String LISTENS = "0A";

  /**
   * A socket that listens.
   *
   * @param address where, in the kernel's notation
   * @param waiting how many connections wait to be accepted
   * @param inode which socket it is
   */
  public record Entry(String address, int waiting, long inode) {}

  private SocketTable() {}

  /**
   * All sockets that listen at an address; none where the system does not tell. One may be missing
   * if others came and went while the table was read.
   *
   * @throws IOException if it cannot be read, as without a descriptor left
   */
  public static List<Entry> at(InetSocketAddress address) throws IOException {
    List<Entry> found = new ArrayList<>();
    read(
        address,
        entry -> {
          found.add(entry);
          return true;
        });
    return found;
  }

  /** The first one there that is wanted, as {@link #at}, but in half the time. */
  public static Optional<Entry> first(InetSocketAddress address, Predicate<Entry> wanted)
      throws IOException {
    var found = new AtomicReference<@Nullable Entry>();
    read(
        address,
        entry -> {
          boolean isWanted = wanted.test(entry);
          if (isWanted) {
            found.set(entry);
          }
          return !isWanted;
        });
    return Optional.ofNullable(found.get());
  }

  /**
   * Reads the head of a table: behind those that listen there may be a million connections. It
   * takes milliseconds, since the kernel looks for those as well.
   */
  private static void read(InetSocketAddress address, Predicate<Entry> goesOn) throws IOException {
    Path table = address.getAddress() instanceof Inet4Address ? IPV4 : IPV6;
    if (!Files.isReadable(table)) {
      return;
    }
    String wanted = KernelNotation.of(address);
    try (BufferedReader lines = Files.newBufferedReader(table, StandardCharsets.US_ASCII)) {
      lines.readLine();
      for (String line; (line = lines.readLine()) != null; ) {
        Entry entry = parse(line);
        if (entry == null || (entry.address().equals(wanted) && !goesOn.test(entry))) {
          return;
        }
      }
    }
  }

  /**
   * Reads a line: {@code sl local_address rem_address st tx_queue:rx_queue tr:when retrnsmt uid
   * timeout inode …}, numbers before {@code uid} in hexadecimal.
   *
   * @return null if the socket does not listen, or the line is another one
   */
  static @Nullable Entry parse(String line) {
    String[] fields = line.strip().split("\\s+", -1);
    if (fields.length < 10 || !fields[3].equals(LISTENS)) {
      return null;
    }
    try {
      return new Entry(
          fields[1],
          Integer.parseInt(fields[4].substring(fields[4].indexOf(':') + 1), 16),
          Long.parseLong(fields[9]));
    } catch (NumberFormatException anotherLine) {
      return null;
    }
  }
}
