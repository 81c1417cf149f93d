package example;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import java.io.IOException;

/** Greets whoever sends a name in a line. */
public final class GreetingServer {
  private GreetingServer() {}

  /** Serves at port 7000, or at the place in the argument. */
  public static void main(String[] args) {
    Server.serve(args, Listen.tcp(7000), GreetingServer::handle);
  }

  static void handle(Connection connection) throws IOException {
    var lines = Lines.of(connection, 1_000);
    for (String name; (name = lines.read()) != null; ) {
      connection.output().write(("hello " + name + "\n").getBytes(UTF_8));
    }
  }
}
