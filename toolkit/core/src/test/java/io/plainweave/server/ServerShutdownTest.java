package io.plainweave.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.Undisturbed;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The shutdown of a server")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ServerShutdownTest {
  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  private static Server start(Handler handler, Duration drainTimeout) throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(handler)
        .drainTimeout(drainTimeout)
        .start();
  }

  @Test
  void refusesNewConnectionsFromTheFirstMoment() throws Exception {
    var release = new CountDownLatch(1);
    try (Server server = start(connection -> release.await(), Duration.ofSeconds(10));
        Client _ = Client.connect(server)) {
      await().until(() -> server.connections() == 1);
      server.shutdown();
      assertThrows(ConnectException.class, () -> Client.connect(server));
      assertEquals(ServerState.DRAINING, server.state());
      release.countDown();
    }
  }

  @Test
  void refusesNewConnectionsAlsoWhileTheAcceptorIsStillWakingUp() throws Exception {
    for (int round = 0; round < 50; round++) {
      try (Server server = start(ECHO, Duration.ofSeconds(10))) {
        server.shutdown();
        assertThrows(ConnectException.class, () -> Client.connect(server).close());
      }
    }
  }

  @Test
  void endsTheInputOfConnectionsThatWaitForTheirNextMessage() throws Exception {
    try (Server server = start(ECHO, Duration.ofSeconds(10));
        Client silent = Client.connect(server);
        Client idle = Client.connect(server)) {
      idle.exchange("hello");
      await().until(() -> server.connections() == 2);
      server.shutdown();
      assertEquals("", silent.receiveAll());
      assertEquals("", idle.receiveAll());
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
    }
  }

  @Test
  void letsAHandlerAtWorkFinishAndDeliversItsReply() throws Exception {
    var working = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    Handler slow =
        connection -> {
          connection.input().read();
          working.countDown();
          go.await();
          connection.output().write('y');
          connection.input().transferTo(connection.output());
        };
    try (Server server = start(slow, Duration.ofSeconds(10));
        Client client = Client.connect(server)) {
      client.send("x");
      working.await();
      server.shutdown();
      assertFalse(server.awaitTermination(Duration.ofMillis(300)));
      go.countDown();
      assertEquals("y", client.receiveAll());
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
    }
  }

  @Test
  void doesNotCutAStreamThatFlows() throws Exception {
    Undisturbed.run(ServerShutdownTest::streamInADrain);
  }

  private static void streamInADrain() throws Exception {
    try (Server server = start(ECHO, Duration.ofSeconds(10));
        Client client = Client.connect(server)) {
      client.exchange("begin");
      server.shutdown();
      for (int i = 0; i < 20; i++) {
        client.exchange("piece " + i);
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      }
      client.finish();
      assertEquals("", client.receiveAll());
    }
  }

  @Test
  void closeCancelsWhatHasNotFinishedInTime() throws Exception {
    var interrupted = new CompletableFuture<Exception>();
    Handler waitsForEver =
        connection -> {
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            interrupted.complete(e);
            throw e;
          }
        };
    Server server = start(waitsForEver, Duration.ofMillis(100));
    try (Client client = Client.connect(server)) {
      await().until(() -> server.connections() == 1);
      server.close();
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertTrue(interrupted.isDone());
      assertTrue(client.seesReset());
    }
  }

  @Test
  void cancelEndsReadersAndWritersAndSleepersAlike() throws Exception {
    Handler byFirstByte =
        connection -> {
          switch (connection.input().read()) {
            case 'r' -> connection.input().read();
            case 'w' -> connection.output().write(new byte[100_000_000]);
            default -> Thread.sleep(Duration.ofDays(1));
          }
        };
    Server server = start(byFirstByte, Duration.ofSeconds(10));
    List<Client> clients = new ArrayList<>();
    try {
      for (String kind : List.of("r", "w", "s", "r", "w", "s")) {
        Client client = Client.connect(server);
        client.send(kind);
        clients.add(client);
      }
      await().until(() -> server.connections() == 6);
      server.shutdownNow();
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertEquals(0, server.connections());
    } finally {
      for (Client client : clients) {
        client.close();
      }
    }
  }

  @Test
  void closeReturnsThoughAHandlerIgnoresTheInterrupt() throws Exception {
    var stop = new AtomicBoolean();
    var entered = new CountDownLatch(1);
    Handler stubborn =
        connection -> {
          entered.countDown();
          while (!stop.get()) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            Thread.interrupted();
          }
        };
    Server server = start(stubborn, Duration.ofMillis(100));
    try (Client _ = Client.connect(server)) {
      entered.await();
      server.close();
      assertEquals(ServerState.CANCELLING, server.state());
      stop.set(true);
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
    }
  }

  @Test
  void runReturnsWhenNothingIsLeft() throws Exception {
    Server server = Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(ECHO).build();
    var ended = new CompletableFuture<ServerState>();
    Thread runner =
        Thread.ofPlatform()
            .start(() -> {
              try {
                server.run();
                ended.complete(server.state());
              } catch (IOException | InterruptedException e) {
                ended.completeExceptionally(e);
              }
            });
    await().until(() -> server.state() == ServerState.RUNNING);
    try (Client client = Client.connect(server)) {
      client.exchange("hello");
      server.shutdown();
      assertEquals(ServerState.TERMINATED, ended.get(10, TimeUnit.SECONDS));
      assertEquals("", client.receiveAll());
    }
    runner.join();
  }

  @Test
  void anInterruptOfRunCancelsAndIsRethrown() throws Exception {
    Server server = Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(ECHO).build();
    var ended = new CompletableFuture<Throwable>();
    Thread runner =
        Thread.ofPlatform()
            .start(() -> {
              try {
                server.run();
                ended.complete(new AssertionError("returned"));
              } catch (IOException | InterruptedException e) {
                ended.complete(e);
              }
            });
    await().until(() -> server.state() == ServerState.RUNNING);
    try (Client client = Client.connect(server)) {
      client.exchange("hello");
      runner.interrupt();
      assertTrue(ended.get(10, TimeUnit.SECONDS) instanceof InterruptedException);
      assertEquals(ServerState.TERMINATED, server.state());
      assertTrue(client.seesReset());
    }
    runner.join();
  }

  @Test
  void manyCallersOfCloseAllReturn() throws Exception {
    Server server = start(ECHO, Duration.ofSeconds(10));
    try (Client client = Client.connect(server)) {
      client.exchange("hello");
      List<CompletableFuture<Void>> closers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        closers.add(CompletableFuture.runAsync(server::close, Thread::startVirtualThread));
      }
      CompletableFuture.allOf(closers.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);
      assertEquals(ServerState.TERMINATED, server.state());
    }
  }

  @Test
  void aStartThatMeetsAShutdownLeavesNothing() throws Exception {
    for (int i = 0; i < 50; i++) {
      Server server =
          Server.builder()
              .listen(Listen.tcp("127.0.0.1", 0))
              .handler(ECHO)
              .drainTimeout(Duration.ofSeconds(10))
              .build();
      var closer = CompletableFuture.runAsync(server::close, Thread::startVirtualThread);
      try {
        server.start();
      } catch (IllegalStateException closedBefore) {
        assertTrue(closedBefore.getMessage().contains("once"));
      }
      closer.get(10, TimeUnit.SECONDS);
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
    }
  }

  @Test
  void everyConnectionAcceptedDuringAShutdownIsServedOrClosed() throws Exception {
    for (int round = 0; round < 10; round++) {
      Server server = start(ECHO, Duration.ofSeconds(10));
      var stop = new AtomicBoolean();
      var connecting = new CountDownLatch(20);
      List<CompletableFuture<Void>> clients = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        clients.add(
            CompletableFuture.runAsync(
                () -> {
                  while (!stop.get()) {
                    try (Client client = Client.connect(server)) {
                      connecting.countDown();
                      client.exchange("hello");
                    } catch (IOException refused) {
                      return;
                    } catch (AssertionError endedByTheDrain) {
                      return;
                    }
                  }
                },
                Thread::startVirtualThread));
      }
      connecting.await();
      server.close();
      stop.set(true);
      CompletableFuture.allOf(clients.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);
      assertEquals(0, server.connections());
      assertEquals(ServerState.TERMINATED, server.state());
    }
  }

  @Test
  void aListenerThatFailsLetsNoHandlerKeepTheServerForEver() throws Exception {
    var entered = new CountDownLatch(1);
    var failed = new CompletableFuture<Throwable>();
    Handler waits =
        _ -> {
          entered.countDown();
          new CountDownLatch(1).await();
        };
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .handler(waits)
                .drainTimeout(Duration.ofMillis(1))
                .observer(event -> {
                  if (event instanceof ServerEvent.ListenerFailed(_, Throwable cause)) {
                    failed.complete(cause);
                  }
                })
                .start();
        Client client = Client.connect(server)) {
      entered.await();
      var failure = new StackOverflowError();
      var lifecycle = new Lifecycle();
      var listeners = new Listeners(List.of(), server.home(), lifecycle);
      new Supervisor(server, listeners, server.home(), 1, false, lifecycle)
          .failed(server.addresses().getFirst(), failure);
      assertTrue(client.seesReset());
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertEquals(failure, failed.get());
    }
  }
}
