package ${package};

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.admin.Admin;
import io.plainweave.client.Connector;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import java.io.IOException;

/**
 * What the JVM learns from for its AOT cache: the server, and clients that use it as those outside
 * will. Let them do what yours do.
 */
final class Training {
  private static final int CLIENTS = 300;

  private Training() {}

  static void run() throws IOException, InterruptedException {
    Listen free = Listen.tcp("127.0.0.1", 0);
    try (Server server = AdderServer.builder(free, Admin.listen(free)).start()) {
      for (int i = 0; i < CLIENTS; i++) {
        converse(server.port());
      }
    }
  }

  private static void converse(int port) throws IOException, InterruptedException {
    try (Connection connection = Connector.tcp("127.0.0.1", port).connect()) {
      Lines lines = Lines.of(connection, Request.Codec.LONGEST_LINE);
      for (String request : new String[] {"ADD 1", "TOTAL", "HELP"}) {
        lines.write(request);
        lines.read();
      }
    }
  }
}
