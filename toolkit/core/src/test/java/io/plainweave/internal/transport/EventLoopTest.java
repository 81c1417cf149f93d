package io.plainweave.internal.transport;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UdpClient;
import io.plainweave.server.Server;
import io.plainweave.server.ServerInsides;
import io.plainweave.server.ServerState;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("An event loop")
@Timeout(30)
@ExtendWith(ResourceGuard.class)
@Tag("event-loops")
class EventLoopTest {
  private final BlockingQueue<ServerEvent> events = new LinkedBlockingQueue<>();

  private Server start(int loops, Handler handler) throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .eventLoops(loops)
        .observer(events::add)
        .stopOnSignal(false)
        .handler(handler)
        .start();
  }

  @Test
  void runsAConnectionAndAllThatItForksOnOneThread() throws Exception {
    Set<String> carriers = ConcurrentHashMap.newKeySet();
    try (Server server =
            start(
                1,
                connection -> {
                  carriers.add(carrier());
                  try (var scope = connection.openScope()) {
                    scope.fork("first", () -> carriers.add(carrier()));
                    scope.fork("second", () -> carriers.add(carrier()));
                    scope.join();
                  }
                  connection.input().transferTo(connection.output());
                  carriers.add(carrier());
                });
        Client client = Client.connect(server)) {
      client.exchange("hello");
      client.finish();
      assertEquals("", client.receiveAll());
    }
    assertEquals(Set.of("plainweave event loop"), carriers);
  }

  @Test
  void runsTheHandlersOfDatagramsAndSessionsWhichMayConnect() throws Exception {
    Set<String> carriers = ConcurrentHashMap.newKeySet();
    Udp udp = Udp.at("127.0.0.1", 0);
    try (Server echo =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .stopOnSignal(false)
                .handler(connection -> connection.input().transferTo(connection.output()))
                .start();
        Server server =
            Server.builder()
                .eventLoops(1)
                .stopOnSignal(false)
                .datagrams(
                    udp,
                    datagram -> {
                      try (Connection upstream =
                          Connector.tcp("127.0.0.1", echo.port()).connect()) {
                        upstream.output().write(datagram.bytes());
                        upstream.output().flush();
                        datagram.reply(upstream.input().readNBytes(datagram.bytes().length));
                      }
                      carriers.add(carrier());
                    })
                .sessions(
                    udp,
                    session -> {
                      for (byte[] next; (next = session.receive()) != null; ) {
                        carriers.add(carrier());
                        session.send(next);
                      }
                    })
                .start();
        UdpClient toHandler = UdpClient.of(server);
        UdpClient toSession = UdpClient.at("127.0.0.1", server.datagrams().getLast().address())) {
      for (int i = 0; i < 5; i++) {
        assertEquals("to a handler", toHandler.ask("to a handler"));
        assertEquals("to a session", toSession.ask("to a session"));
      }
    }
    assertEquals(Set.of("plainweave event loop"), carriers);
  }

  @Test
  void connectsAndLooksUpNamesWithoutHoldingUpTheOthers() throws Exception {
    try (Server echo =
            Server.builder()
                .listen(Listen.tcp("localhost", 0))
                .stopOnSignal(false)
                .handler(connection -> connection.input().transferTo(connection.output()))
                .start();
        Server server =
            start(
                1,
                connection -> {
                  try (Connection upstream = Connector.tcp("localhost", echo.port()).connect()) {
                    Relay.between(connection, upstream);
                  }
                });
        Client one = Client.connect(server);
        Client two = Client.connect(server)) {
      one.exchange("hello");
      two.exchange("hello");
    }
  }

  @Test
  void hasItsTurnOfConnectionsInOrder() throws Exception {
    Set<Thread> loops = ConcurrentHashMap.newKeySet();
    try (Server server =
        start(2, connection -> connection.input().transferTo(connection.output()))) {
      for (int i = 0; i < 100; i++) {
        try (Client client = Client.connect(server)) {
          client.exchange("message " + i);
        }
      }
      // One of a server before may take a moment to be gone.
      await()
          .untilAsserted(() -> {
            loops.clear();
            Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("plainweave event loop"))
                .forEach(loops::add);
            // One more than loops, for the moment in which a task keeps one of them.
            assertEquals(3, loops.size());
          });
    }
    for (Thread loop : loops) {
      // Its work is over when the server has ended; the thread itself is gone a moment later.
      assertTrue(loop.join(Duration.ofSeconds(10)), "a loop outlives its server");
    }
  }

  @Test
  void goesOnWhileHandlersWaitForOtherThings() throws Exception {
    var release = new CountDownLatch(1);
    try (Server server =
            start(
                1,
                connection -> {
                  if (connection.input().read() == 'w') {
                    release.await();
                  } else {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
                    Thread.yield();
                    release.countDown();
                  }
                  connection.output().write('!');
                });
        Client waiting = Client.connect(server);
        Client other = Client.connect(server)) {
      waiting.send("w");
      other.send("x");
      assertEquals("!", other.receiveAll());
      assertEquals("!", waiting.receiveAll());
    }
  }

  @Test
  void cancelsHandlersThatWait() throws Exception {
    var inside = new CountDownLatch(1);
    var ended = new CountDownLatch(1);
    try (Server server =
            start(
                1,
                connection -> {
                  inside.countDown();
                  try {
                    new CountDownLatch(1).await();
                  } finally {
                    ended.countDown();
                  }
                });
        Client client = Client.connect(server)) {
      client.send("x");
      inside.await();
      server.shutdownNow();
      ended.await();
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertThrows(IOException.class, client::receiveAll);
    }
  }

  @Test
  void isReportedIfNoThreadIsLeftThatCouldTakeIt() throws Exception {
    var release = new CountDownLatch(1);
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .eventLoops(2)
                .maxCarriers(2)
                .observer(events::add)
                .stopOnSignal(false)
                .handler(connection -> {
                  connection.input().read();
                  while (release.getCount() > 0) {
                    Thread.onSpinWait();
                  }
                })
                .start();
        Client client = Client.connect(server)) {
      client.send("x");
      ServerEvent event = events.poll(20, TimeUnit.SECONDS);
      while (event != null && !(event instanceof ServerEvent.CarriersBusy)) {
        event = events.poll(20, TimeUnit.SECONDS);
      }
      var busy = assertInstanceOf(ServerEvent.CarriersBusy.class, event);
      assertEquals(2, busy.parallelism());
      release.countDown();
    } finally {
      release.countDown();
    }
  }

  /** Where a native method or a class initializer waits, the virtual thread keeps its carrier. */
  @Test
  void wakesAHandlerThatCannotLeaveIt() throws Exception {
    var reads = new CompletableFuture<Thread>();
    try (Server server =
            start(
                1,
                connection -> {
                  if (connection.input().read() == 'i') {
                    toBeRead = connection.input();
                    reads.complete(Thread.currentThread());
                    connection.output().write(WaitsInItsInitializer.READ);
                  }
                  connection.input().transferTo(connection.output());
                });
        Client other = Client.connect(server);
        Client client = Client.connect(server)) {
      other.send("-");
      other.exchange("before");
      client.send("i");
      await().until(() -> reads.get().getState() == Thread.State.WAITING);
      client.send("x");
      assertEquals("x", client.receive(1));
      other.exchange("after");
    }
  }

  private static volatile InputStream toBeRead;

  private static final class WaitsInItsInitializer {
    static final int READ;

    static {
      try {
        READ = toBeRead.read();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Test
  void cannotBeOfANegativeNumber() {
    var failure =
        assertThrows(IllegalArgumentException.class, () -> Server.builder().eventLoops(-1));
    assertEquals("eventLoops must not be negative: -1", failure.getMessage());
    assertNull(failure.getCause());
  }

  /** The name of the platform thread that carries the calling virtual one. */
  private static String carrier() {
    // VirtualThread[#22,name]/runnable@CARRIER
    String text = Thread.currentThread().toString();
    return text.substring(text.lastIndexOf('@') + 1);
  }

  /** On the JDK's scheduler, too. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void thatFailsEndsTheServerAndAllItsConnections(int loops) throws Exception {
    var inside = new CountDownLatch(1);
    var run = new CompletableFuture<Throwable>();
    Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .eventLoops(loops)
            .stopOnSignal(false)
            .observer(events::add)
            .handler(connection -> {
              inside.countDown();
              connection.input().read();
            })
            .build();
    Thread.ofPlatform()
        .start(() -> {
          try {
            server.run();
            run.complete(null);
          } catch (Throwable e) {
            run.complete(e);
          }
        });
    await().until(() -> server.state() == ServerState.RUNNING);
    try (Client client = Client.connect(server)) {
      inside.await();
      for (int i = 0; i < Math.max(loops, Runtime.getRuntime().availableProcessors()); i++) {
        breakDown(ServerInsides.pollers(server).next());
      }
      assertThrows(IOException.class, client::receiveAll);
      assertInstanceOf(ClosedSelectorException.class, run.get(10, TimeUnit.SECONDS).getCause());
      assertEquals(ServerState.TERMINATED, server.state());
    }
  }

  private static void breakDown(Poller poller) throws Exception {
    Field selector = Poller.class.getDeclaredField("selector");
    selector.setAccessible(true);
    ((Selector) selector.get(poller)).close();
  }
}
