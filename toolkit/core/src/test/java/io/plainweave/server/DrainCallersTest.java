package io.plainweave.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.ConnectionScope;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.event.DrainReport;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who asks for a drain, and how often. */
@DisplayName("A drain that is asked for")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class DrainCallersTest {
  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  private final ConnectionEvents events = new ConnectionEvents();

  private ServerBuilder builder(Handler handler) {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(handler)
        .observer(events)
        .drainTimeout(Duration.ofSeconds(10))
        .stopOnSignal(false);
  }

  private static CompletableFuture<DrainReport> drainInBackground(Server server) {
    return CompletableFuture.supplyAsync(server::drain, Thread::startVirtualThread);
  }

  @Test
  void fromAHandlerDoesNotWaitForItself() throws Exception {
    var inHandler = new CompletableFuture<DrainReport>();
    var servers = new CompletableFuture<Server>();
    Handler drains =
        connection -> {
          inHandler.complete(servers.get().drain());
          connection.output().write('k');
        };
    try (Server server = builder(drains).start();
        Client client = Client.connect(server)) {
      servers.complete(server);
      assertEquals(0, inHandler.get(10, TimeUnit.SECONDS).finished());
      assertEquals("k", client.receiveAll());
      client.finish();
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertEquals(1, server.drain().finished());
    }
  }

  @Test
  void fromAThreadThatAHandlerHasForkedDoesNotWaitForItself() throws Exception {
    var servers = new CompletableFuture<Server>();
    Handler drains =
        connection -> {
          try (ConnectionScope scope = connection.openScope()) {
            scope.fork("drains", () -> servers.get().close());
            scope.join();
          }
          connection.output().write('k');
        };
    try (Server server = builder(drains).start();
        Client client = Client.connect(server)) {
      servers.complete(server);
      assertEquals("k", client.receiveAll());
      client.finish();
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
    }
  }

  @Test
  void byManyAtATimeHasOneResult() throws Exception {
    try (Server server = builder(ECHO).start();
        Client client = Client.connect(server)) {
      client.exchange("hello");
      List<CompletableFuture<DrainReport>> drains = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        drains.add(drainInBackground(server));
      }
      DrainReport first = drains.getFirst().get(10, TimeUnit.SECONDS);
      for (var drain : drains) {
        assertSame(first, drain.get(10, TimeUnit.SECONDS));
      }
      assertEquals(1, first.finished());
    }
  }

  @Test
  void thatIsInterruptedCancelsAtOnce() throws Exception {
    try (Server server = builder(_ -> new CountDownLatch(1).await()).start();
        Client client = Client.connect(server)) {
      await().until(() -> events.opened() == 1);
      var result = new CompletableFuture<DrainReport>();
      var flag = new CompletableFuture<Boolean>();
      Thread drainer =
          Thread.ofPlatform()
              .start(() -> {
                result.complete(server.drain());
                flag.complete(Thread.currentThread().isInterrupted());
              });
      await().until(() -> server.state() == ServerState.DRAINING);
      drainer.interrupt();
      assertEquals(1, result.get(10, TimeUnit.SECONDS).forced());
      assertTrue(flag.get(10, TimeUnit.SECONDS));
      assertTrue(client.seesReset());
      drainer.join();
    }
  }

  @Test
  void withoutADeadlineWaitsUntilSomebodySetsOne() throws Exception {
    var release = new CountDownLatch(1);
    try (Server server =
            builder(connection -> release.await()).drainTimeout(Duration.ofMillis(100)).start();
        Client client = Client.connect(server)) {
      await().until(() -> events.opened() == 1);
      server.shutdown();
      assertFalse(server.awaitTermination(Duration.ofSeconds(1)));
      assertEquals(ServerState.DRAINING, server.state());
      assertEquals(1, server.drain().forced());
      assertTrue(client.seesReset());
    }
  }
}
