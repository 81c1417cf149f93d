package io.plainweave.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.Listen;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UnixClient;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The thread of a connection")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ConnectionThreadTest {
  private final ClosedConnections closed = new ClosedConnections();

  private static void writeName(Connection connection) throws IOException {
    connection.output().write(Thread.currentThread().getName().getBytes(US_ASCII));
  }

  private static void tellName(Connection connection) throws IOException {
    writeName(connection);
    connection.finishOutput();
  }

  @Test
  void hasTheNameOfItsListener(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("socket");
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .listen(Listen.unix(path))
                .handler(ConnectionThreadTest::tellName)
                .start();
        Client tcp = Client.connect(server);
        UnixClient unix = UnixClient.connect(path)) {
      assertEquals("plainweave connection at 127.0.0.1:" + server.port(), tcp.receiveAll());
      assertEquals("plainweave connection at unix:" + path, unix.receiveAll());
    }
  }

  /** A dump of threads as JSON, which the JDK makes, fails at a control character in a name. */
  @Test
  void hasANameInOneLineWhateverItsListenerIsCalled() throws Exception {
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0).name("two\nlines"))
                .handler(connection -> {
                  try (ConnectionScope scope = connection.openScope()) {
                    scope.fork(
                        "a\ttab",
                        () -> {
                          writeName(connection);
                          connection.output().write(',');
                          connection.output().write(' ');
                        });
                    scope.join();
                  }
                  tellName(connection);
                })
                .start();
        Client client = Client.connect(server)) {
      assertEquals(
          "a\\ttab, plainweave connection at two\\nlines (127.0.0.1:" + server.port() + ")",
          client.receiveAll());
    }
  }

  private static void nameItself(Connection connection) throws IOException {
    // @start region="name"
    Thread.currentThread().setName(connection.toString());
    // @end
    tellName(connection);
  }

  @Test
  void mayBeNamedByItsHandler() throws Exception {
    try (Server server = closed.start(ConnectionThreadTest::nameItself);
        Client client = Client.connect(server)) {
      String name = client.receiveAll();
      assertTrue(
          name.matches("connection \\d+ from 127.0.0.1:" + client.socket().getLocalPort()), name);
    }
  }
}
