package io.plainweave.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.internal.connection.SocketConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A shielded task")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ShieldTest {
  @TempDir private Path folder;

  /** Shared by all clients, as that of an embedded database is. */
  private FileChannel database;

  @BeforeEach
  void open() throws IOException {
    database =
        FileChannel.open(
            folder.resolve("data"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  @AfterEach
  void close() throws IOException {
    database.close();
  }

  // @start region="shield"
  private long insert(byte[] record) throws Exception {
    return Shield.call(() -> {
      database.write(ByteBuffer.wrap(record));
      database.force(false);
      return database.position();
    });
  }

  // @end

  @Test
  void isNotInterruptedWhenItsConnectionIsReset() throws Exception {
    var inserting = new CountDownLatch(1);
    var reset = new CountDownLatch(1);
    var interrupted = new CompletableFuture<Boolean>();
    Handler insertsInAFork =
        connection -> {
          try (ConnectionScope scope = connection.openScope()) {
            scope.fork(
                "insert",
                () -> {
                  long position =
                      Shield.call(() -> {
                        inserting.countDown();
                        reset.await();
                        return insert("record".getBytes(US_ASCII));
                      });
                  assertEquals(6, position);
                  interrupted.complete(Thread.currentThread().isInterrupted());
                });
            connection.input().read();
            scope.join();
          }
        };
    var events = new ConnectionEvents();
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .observer(events)
                .handler(insertsInAFork)
                .start();
        Client client = Client.connect(server)) {
      inserting.await();
      client.reset();
      Connection connection = events.openConnections().getFirst();
      await().until(() -> ((SocketConnection) connection).reason() != null);
      reset.countDown();
      assertTrue(interrupted.get(10, TimeUnit.SECONDS));
      assertInstanceOf(CloseReason.PeerReset.class, events.awaitReason());
    }
    assertTrue(database.isOpen());
  }

  @Test
  void withoutItTheResetOfOneClientClosesTheDatabaseOfAll() throws Exception {
    // What the javadoc warns of.
    Thread.currentThread().interrupt();
    assertThrows(IOException.class, () -> database.write(ByteBuffer.allocate(1)));
    assertTrue(Thread.interrupted());
    assertFalse(database.isOpen());
  }

  @Test
  void runsInACallerThatIsInterruptedAlready() throws Exception {
    Thread.currentThread().interrupt();
    assertEquals(6, insert("record".getBytes(US_ASCII)));
    assertTrue(Thread.interrupted());
    assertTrue(database.isOpen());
  }

  @Test
  void throwsWhatTheTaskThrows() {
    var failure = new IOException("expected by this test");
    assertEquals(
        failure,
        assertThrows(
            IOException.class,
            () ->
                Shield.call(() -> {
                  throw failure;
                })));
  }
}
