package io.plainweave.internal.connection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A reply whose handler is interrupted")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class InterruptedReplyTest {
  private final ConnectionEvents events = new ConnectionEvents();

  private Server start(Handler handler) throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .observer(events)
        .handler(handler)
        .drainTimeout(Duration.ofSeconds(10))
        .start();
  }

  @ParameterizedTest
  @ValueSource(ints = {12, 20_012})
  void isWholeIfTheHandlerReturnsWithItsInterruptStatusSet(int length) throws Exception {
    Handler restoresItsStatus =
        connection -> {
          for (int i = 0; i < length; i++) {
            connection.output().write('x');
          }
          Thread.currentThread().interrupt();
        };
    try (Server server = start(restoresItsStatus);
        Client client = Client.connect(server)) {
      assertEquals(length, client.receiveAll().length());
      client.finish();
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void isResetIfTheWriteIsCut() throws Exception {
    var thread = new CompletableFuture<Thread>();
    Handler writesMuch =
        connection -> {
          thread.complete(Thread.currentThread());
          connection.output().write(new byte[50_000_000]);
        };
    try (Server server = start(writesMuch);
        Client client = Client.connect(server)) {
      Thread handler = thread.get();
      await().until(() -> handler.getState() == Thread.State.WAITING);
      handler.interrupt();
      assertTrue(client.seesReset());
      events.awaitReason();
    }
  }

  @Test
  void isResetIfAReadIsInterruptedInTheMiddleOfIt() throws Exception {
    var thread = new CompletableFuture<Thread>();
    Handler repliesHalf =
        connection -> {
          thread.complete(Thread.currentThread());
          connection.output().write("half a re".getBytes(US_ASCII));
          connection.output().flush();
          connection.input().read();
        };
    try (Server server = start(repliesHalf);
        Client client = Client.connect(server)) {
      Thread handler = thread.get();
      assertEquals("half a re", client.receive(9));
      await().until(() -> handler.getState() == Thread.State.WAITING);
      handler.interrupt();
      assertTrue(client.seesReset());
      events.awaitReason();
    }
  }

  @Test
  void isWholeIfItWasFinishedBefore() throws Exception {
    var thread = new CompletableFuture<Thread>();
    var interrupted = new CountDownLatch(1);
    Handler finishesAndReads =
        connection -> {
          thread.complete(Thread.currentThread());
          connection.output().write(new byte[100_000]);
          connection.finishOutput();
          try {
            connection.input().read();
          } finally {
            interrupted.countDown();
          }
        };
    try (Server server = start(finishesAndReads);
        Client client = Client.connect(server)) {
      Thread handler = thread.get();
      await().until(() -> events.opened() == 1 && handler.getState() == Thread.State.WAITING);
      handler.interrupt();
      interrupted.await();
      assertEquals(100_000, client.receiveAll().length());
      events.awaitReason();
    }
  }
}
