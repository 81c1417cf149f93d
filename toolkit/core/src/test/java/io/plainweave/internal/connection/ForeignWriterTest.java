package io.plainweave.internal.connection;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A handler that writes to the connection of another one")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ForeignWriterTest {
  private static final int LENGTH = 20_000_000;

  @Test
  void doesNotCutItsMessageWhenItsOwnClientIsGone() throws Exception {
    BlockingQueue<Connection> readers = new LinkedBlockingQueue<>();
    var interrupted = new CompletableFuture<Boolean>();
    Handler relaysToTheReader =
        connection -> {
          if (connection.input().read() == 'r') {
            readers.add(connection);
            connection.input().read();
            return;
          }
          Connection reader = readers.take();
          try (ConnectionScope scope = connection.openScope()) {
            scope.fork("input", () -> connection.input().transferTo(connection.output()));
            reader.output().write(new byte[LENGTH]);
            reader.output().flush();
            interrupted.complete(Thread.currentThread().isInterrupted());
            scope.join();
          }
        };
    var events = new ConnectionEvents();
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .observer(events)
                .handler(relaysToTheReader)
                .start();
        Client reader = Client.connect(server);
        Client sender = Client.connect(server)) {
      reader.send("r");
      await().until(() -> !readers.isEmpty());
      SocketConnection slow = (SocketConnection) readers.peek();
      sender.send("s");
      await().until(() -> slow.socketOutput().isSending() && slow.channel().isAwaited());
      sender.reset();
      SocketConnection gone =
          events.openConnections().stream()
              .map(SocketConnection.class::cast)
              .filter(connection -> connection != slow)
              .findFirst()
              .orElseThrow();
      await().until(() -> gone.reason() != null);
      // The reaper interrupts the owner of a scope of an ended connection, once.
      await().until(() -> gone.scopes().all().getFirst().isOwnerTold());
      assertEquals(LENGTH, reader.receive(LENGTH).length());
      assertTrue(interrupted.get(10, TimeUnit.SECONDS));
      reader.send("x");
      reader.finish();
      assertEquals(0, reader.receiveAll().length());
    }
  }
}
