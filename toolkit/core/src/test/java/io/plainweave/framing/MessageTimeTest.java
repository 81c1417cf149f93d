package io.plainweave.framing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.ReadingServer.Source;
import io.plainweave.server.Server;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("The time limit of a message")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class MessageTimeTest {
  @ParameterizedTest
  @MethodSource("io.plainweave.framing.Corpus#good")
  void countsUntilTheMessageIsReadAndNotUntilItIsAnswered(Corpus corpus) throws Exception {
    var read = new CountDownLatch(1);
    var mayReply = new CountDownLatch(1);
    BlockingQueue<CloseReason> closed = new LinkedBlockingQueue<>();
    byte[] message = Corpus.bytes(corpus.messages().getFirst());
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .timeLimits(TimeLimits.NONE.message(Duration.ofMillis(300)))
                .handler(connection -> {
                  Source source = corpus.framing().apply(connection);
                  source.read();
                  read.countDown();
                  mayReply.await();
                  connection.output().write('.');
                  source.read();
                })
                .observer(event -> {
                  if (event instanceof ServerEvent.ConnectionClosed e) {
                    closed.add(e.reason());
                  }
                })
                .start();
        Client whole = Client.connect(server);
        Client half = Client.connect(server)) {
      whole.socket().getOutputStream().write(message);
      read.await();
      if (message.length > 1) {
        // It begins later, and so its time has run out later.
        half.socket().getOutputStream().write(message, 0, message.length - 1);
        assertTrue(half.seesReset());
        assertEquals(
            new CloseReason.TimedOut(TimeLimits.Kind.MESSAGE), closed.poll(10, TimeUnit.SECONDS));
      }
      mayReply.countDown();
      assertEquals(".", whole.receive(1));
    }
  }
}
