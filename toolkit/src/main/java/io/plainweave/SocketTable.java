package io.plainweave;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The TCP sockets that listen in this process's network namespace, as the kernel of Linux tells of
 * them (proc(5)). It knows what Java cannot ask: whether a socket still listens, and how many
 * connections wait in its backlog.
 */
final class SocketTable {
  private static final List<Path> TABLES =
      List.of(Path.of("/proc/self/net/tcp"), Path.of("/proc/self/net/tcp6"));

  /** The state of a socket that listens (TCP_LISTEN in the kernel's tcp_states.h). */
  private static final String LISTENS = "0A";

  /**
   * A socket that listens.
   *
   * @param port where it listens
   * @param waiting how many connections wait to be accepted
   * @param inode which socket it is
   */
  record Entry(int port, int waiting, long inode) {}

  private SocketTable() {}

  /**
   * All that listen; none where the system does not tell. One may be missing if others came and
   * went while the table was read.
   *
   * @throws IOException if it cannot be read, as without a descriptor left
   */
  static List<Entry> listening() throws IOException {
    List<Entry> all = new ArrayList<>();
    for (Path table : TABLES) {
      if (Files.isReadable(table)) {
        read(table, all);
      }
    }
    return all;
  }

  /** Reads the head of a table: behind those that listen there may be a million connections. */
  private static void read(Path table, List<Entry> into) throws IOException {
    try (BufferedReader lines = Files.newBufferedReader(table, StandardCharsets.US_ASCII)) {
      lines.readLine();
      for (String line; (line = lines.readLine()) != null; ) {
        Entry socket = parse(line);
        if (socket == null) {
          return;
        }
        into.add(socket);
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
          Integer.parseInt(afterColon(fields[1]), 16),
          Integer.parseInt(afterColon(fields[4]), 16),
          Long.parseLong(fields[9]));
    } catch (NumberFormatException anotherLine) {
      return null;
    }
  }

  private static String afterColon(String pair) {
    return pair.substring(pair.indexOf(':') + 1);
  }
}
