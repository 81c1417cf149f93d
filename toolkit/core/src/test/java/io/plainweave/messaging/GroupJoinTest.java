package io.plainweave.messaging;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Handler;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.MemoryConnection;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A member that joins with a first message")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class GroupJoinTest {
  private final ClosedConnections closed = new ClosedConnections();
  private final Group group = new Group();

  private static byte[] bytes(String text) {
    return text.getBytes(US_ASCII);
  }

  @Test
  void hasItBeforeWhatIsBroadcastMeanwhile() throws Exception {
    var connection = new MemoryConnection("");
    var outbox = new Outbox(connection, 10, Outbox.Policy.DISCONNECT);
    outbox.offer(bytes("welcome,"));
    assertTrue(
        group.join(
            "a",
            outbox,
            () -> {
              broadcast("change,"); // by anybody
              return bytes("all,");
            }));
    group.broadcast(bytes("next"));
    outbox.close();
    outbox.run();
    assertEquals("welcome,all,change,next", connection.sent());
  }

  private void broadcast(String message) {
    try {
      group.broadcast(bytes(message));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void isSentNothingBeforeItWhileItIsMade() throws Exception {
    var asked = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    Handler handler =
        connection -> {
          var outbox = new Outbox(connection, 11, Outbox.Policy.DISCONNECT);
          try (var scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            group.join(
                "a",
                outbox,
                () -> {
                  asked.countDown();
                  await(go);
                  return bytes("first");
                });
            connection.input().readAllBytes();
            outbox.close();
            scope.join();
          }
        };
    try (Server server = closed.start(handler);
        Client client = Client.connect(server)) {
      await(asked);
      for (int i = 0; i < 10; i++) {
        group.broadcast(bytes("," + i));
      }
      go.countDown();
      client.finish();
      assertEquals("first,0,1,2,3,4,5,6,7,8,9", client.receiveAll());
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Each change is one more; a member that has seen a number has seen all before it. */
  @RepeatedTest(20)
  void missesNoChangeThoughManyAreMadeMeanwhile() throws Exception {
    var state = new AtomicInteger();
    var begun = new CountDownLatch(1);
    var changes =
        new FutureTask<>(() -> {
          for (int i = 0; i < 2_000; i++) {
            group.broadcast(bytes(state.incrementAndGet()));
            begun.countDown();
          }
          return null;
        });
    Thread.startVirtualThread(changes);
    begun.await();
    // @start region="first"
    var connection = new MemoryConnection("");
    var outbox = new Outbox(connection, 10_000, Outbox.Policy.DISCONNECT);
    group.join("a", outbox, () -> bytes(state.get()));
    // @end
    changes.get();
    outbox.close();
    outbox.run();
    IntBuffer seen = ByteBuffer.wrap(connection.sent().getBytes(ISO_8859_1)).asIntBuffer();
    assertEquals(2_000, seen.get(seen.limit() - 1));
    for (int i = 1; i < seen.limit(); i++) {
      int step = seen.get(i) - seen.get(i - 1);
      assertTrue(step == 1 || (step <= 0 && i <= 2), "at " + i + " a step of " + step);
    }
  }

  private static byte[] bytes(int number) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
  }

  @Test
  void isNotAskedForItIfItsNameIsTaken() throws Exception {
    var connection = new MemoryConnection("");
    var one = new Outbox(connection, 10, Outbox.Policy.DISCONNECT);
    var other = new Outbox(connection, 10, Outbox.Policy.DISCONNECT);
    assertTrue(group.join("a", one, () -> bytes("one")));
    assertFalse(
        group.join(
            "a",
            other,
            () -> {
              throw new AssertionError("asked");
            }));
    other.offer(bytes("other"));
    other.close();
    other.run();
    assertEquals("other", connection.sent());
  }

  @Test
  void isNoneIfItCannotBeMade() throws Exception {
    var connection = new MemoryConnection("");
    var outbox = new Outbox(connection, 10, Outbox.Policy.DISCONNECT);
    var failure = new IllegalStateException("expected by this test");
    var thrown =
        assertThrows(
            IllegalStateException.class,
            () ->
                group.join(
                    "a",
                    outbox,
                    () -> {
                      throw failure;
                    }));
    assertSame(failure, thrown);
    assertEquals(Set.of(), group.names());
    outbox.offer(bytes("goes on"));
    outbox.close();
    outbox.run();
    assertEquals("goes on", connection.sent());
  }

  @Test
  void getsNothingWhenItsOutboxIsClosed() throws Exception {
    var connection = new MemoryConnection("");
    var outbox = new Outbox(connection, 10, Outbox.Policy.DISCONNECT);
    outbox.close();
    assertTrue(group.join("a", outbox, () -> bytes("late")));
    assertEquals(Set.of(), group.names());
    outbox.run();
    assertEquals("", connection.sent());
    assertEquals(new Outbox.Size(0, 0), outbox.size());
  }
}
