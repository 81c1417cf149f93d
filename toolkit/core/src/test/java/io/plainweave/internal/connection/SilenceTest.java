package io.plainweave.internal.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.internal.time.Ticks;
import io.plainweave.server.Server;
import io.plainweave.server.ServerInsides;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The silence of a peer")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class SilenceTest {
  private static Server start(TimeLimits limits, Handler handler) throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(handler)
        .timeLimits(limits)
        .start();
  }

  private static void workFor(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < end) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
  }

  @Test
  void doesNotCountWhileTheHandlerIsNotListening() throws Exception {
    var waited = new CompletableFuture<Integer>();
    var servers = new CompletableFuture<Server>();
    Handler worksLongerThanTheLimit =
        connection -> {
          connection.input().read();
          workFor(Duration.ofMillis(1_500));
          Ticks ticks = ServerInsides.ticks(servers.get());
          int begin = ticks.now();
          assertEquals(-1, connection.input().read());
          waited.complete(ticks.now() - begin);
        };
    try (Server server =
            start(TimeLimits.NONE.idle(Duration.ofSeconds(1)), worksLongerThanTheLimit);
        Client client = Client.connect(server)) {
      servers.complete(server);
      client.send("x");
      assertEquals("", client.receiveAll());
      int wait = waited.get(10, TimeUnit.SECONDS);
      assertTrue(
          wait >= Ticks.of(Duration.ofSeconds(1)), () -> "ended after a wait of ticks: " + wait);
    }
  }

  @Test
  void isNoReasonToEndAConnectionOnWhichTheHandlerSpokeFirst() throws Exception {
    Handler greets =
        connection -> {
          connection.output().write("hello".getBytes());
          connection.input().transferTo(connection.output());
        };
    try (Server server = start(TimeLimits.NONE.firstByte(Duration.ofMillis(300)), greets);
        Client client = Client.connect(server);
        Client other = Client.connect(server)) {
      assertEquals("hello", client.receive(5));
      assertEquals("hello", other.receive(5));
      workFor(Duration.ofSeconds(1));
      client.exchange("late");
      other.exchange("later");
    }
  }
}
