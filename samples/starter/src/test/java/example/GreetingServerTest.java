package example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.client.Connector;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class GreetingServerTest {
  @Test
  void greetsByName() throws Exception {
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("localhost", 0)) // a port that is free
                .handler(GreetingServer::handle)
                .stopOnSignal(false) // the test ends it
                .start();
        Connection client = Connector.tcp("localhost", server.port()).connect()) {
      Lines lines = Lines.of(client, 1_000);
      lines.write("Ada");
      assertEquals("hello Ada", lines.read());
    }
  }
}
