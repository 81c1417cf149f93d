package io.plainweave.embedding;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers lines, and logs to the last: when a signal ends it, or it ends by itself. */
public final class LoggedServer {
  private static final Logger LOG = LoggerFactory.getLogger(LoggedServer.class);

  private LoggedServer() {}

  // shown: begin
  public static void main(String[] args) throws Exception {
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("localhost", Integer.parseInt(args[0])))
            .handler(LoggedServer::handle)
            .start()) {
      System.out.println("listening on " + server.port());
      System.in.read(); // stands for what the program does, until it wants to end
    } // drains
    System.exit(0); // then the log may be closed
  }

  // shown: end

  private static void handle(Connection connection) throws IOException {
    var lines = Lines.of(connection, 1_000);
    for (String line; (line = lines.read()) != null; ) {
      LOG.info("asked for {}", line);
      connection.output().write((line + "\n").getBytes(UTF_8));
    }
    LOG.info("asked for nothing more");
  }
}
