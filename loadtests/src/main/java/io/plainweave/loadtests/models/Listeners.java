package io.plainweave.loadtests.models;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The listening sockets of a port, as the kernel lists them: to look opens no connection, which
 * would be one more that a model serves.
 */
final class Listeners {
  private static final List<Path> TABLES =
      List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));

  private static final String LISTEN = "0A";

  private Listeners() {}

  /** How many connections wait in the accept queue of each listening socket. */
  static List<Integer> queues(int port) throws IOException {
    List<Integer> queues = new ArrayList<>();
    for (Path table : TABLES) {
      try (BufferedReader lines = Files.newBufferedReader(table)) {
        queues.addAll(queues(lines, port));
      } catch (NoSuchFileException e) {
        // A kernel without IPv6 has one table.
      }
    }
    return queues;
  }

  /** Out of one table; the listening sockets come before all others. */
  static List<Integer> queues(BufferedReader table, int port) throws IOException {
    List<Integer> queues = new ArrayList<>();
    table.readLine(); // the names of the columns
    for (String line; (line = table.readLine()) != null; ) {
      // sl local_address remote_address st tx_queue:rx_queue ...
      String[] columns = line.strip().split("\\s+");
      if (!columns[3].equals(LISTEN)) {
        break;
      }
      String local = columns[1];
      if (Integer.parseInt(local.substring(local.lastIndexOf(':') + 1), 16) == port) {
        String queue = columns[4].substring(columns[4].indexOf(':') + 1);
        queues.add(Integer.parseInt(queue, 16));
      }
    }
    return queues;
  }
}
