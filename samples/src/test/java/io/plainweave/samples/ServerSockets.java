package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The sockets of one port, as ss(8) shows them. */
record ServerSockets(List<Row> rows) {
  private static final Pattern PID = Pattern.compile("pid=(\\d+)");

  /**
   * A socket.
   *
   * @param receiveQueue bytes not yet read; of a listening socket, connections not yet accepted
   * @param sendQueue bytes that the peer has not acknowledged; of a listening socket, the backlog
   * @param pids the processes that have a descriptor of it
   */
  record Row(String state, int receiveQueue, int sendQueue, Set<Long> pids) {
    private static Row parse(String line) {
      String[] columns = line.split("\\s+", 4);
      Set<Long> pids =
          PID.matcher(columns[3])
              .results()
              .map(pid -> Long.valueOf(pid.group(1)))
              .collect(Collectors.toSet());
      return new Row(columns[0], Integer.parseInt(columns[1]), Integer.parseInt(columns[2]), pids);
    }
  }

  static ServerSockets of(int port) throws IOException, InterruptedException {
    Process ss =
        new ProcessBuilder("ss", "-Htanp", "sport = :" + port)
            .redirectError(Redirect.INHERIT)
            .start();
    try (var lines = ss.inputReader()) {
      var sockets = new ServerSockets(lines.lines().map(Row::parse).toList());
      assertEquals(0, ss.waitFor(), "ss");
      return sockets;
    }
  }

  List<Row> listening() {
    return in("LISTEN");
  }

  /** The connections, those in an accept queue included: no process has them. */
  List<Row> established() {
    return in("ESTAB");
  }

  /** Connections that wait to be accepted. */
  int queued() {
    return listening().stream().mapToInt(Row::receiveQueue).sum();
  }

  /** Whether a server reads no more of a connection before its client reads. */
  boolean hasBlockedConnection() {
    return established().stream().anyMatch(row -> row.receiveQueue > 0 && row.sendQueue > 0);
  }

  private List<Row> in(String state) {
    return rows.stream().filter(row -> row.state.equals(state)).toList();
  }
}
