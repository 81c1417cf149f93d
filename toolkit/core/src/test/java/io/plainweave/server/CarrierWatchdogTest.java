package io.plainweave.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.event.HandlerPosition;
import io.plainweave.event.ServerEvent;
import io.plainweave.event.ServerObserver;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.NeedsModule;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UdpClient;
import io.plainweave.internal.thread.JdkScheduler;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@NeedsModule("jdk.management")
@DisplayName("The watchdog of the carriers")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class CarrierWatchdogTest {
  private final int carriers = JdkScheduler.carriers();
  private final AtomicBoolean stop = new AtomicBoolean();
  private final AtomicInteger computing = new AtomicInteger();
  private final CountDownLatch release = new CountDownLatch(1);
  private final Queue<ServerEvent.CarriersBusy> alarms = new ConcurrentLinkedQueue<>();
  private final List<Client> clients = new ArrayList<>();

  @AfterEach
  void endClients() throws IOException {
    stop.set(true);
    for (Client client : clients) {
      client.close();
    }
  }

  /** Computes until the test has had enough. */
  private void computeInALoop() {
    computing.incrementAndGet();
    while (!stop.get()) {
      Thread.onSpinWait();
    }
  }

  /** Computes or waits for a client that says so, and echoes for the others. */
  private Server start(int maxCarriers) throws Exception {
    Handler byFirstByte =
        connection -> {
          switch (connection.input().read()) {
            case 'c' -> computeInALoop();
            case 'w' -> release.await();
            default -> connection.input().transferTo(connection.output());
          }
        };
    ServerObserver notesAlarms =
        event -> {
          if (event instanceof ServerEvent.CarriersBusy busy) {
            alarms.add(busy);
          }
        };
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(byFirstByte)
        .observer(notesAlarms)
        .eventLoops(0)
        .maxCarriers(maxCarriers)
        .drainTimeout(Duration.ofSeconds(10))
        .stopOnSignal(false)
        .start();
  }

  private void keepAllCarriers(Server server) throws IOException {
    for (int i = 0; i < carriers; i++) {
      Client client = Client.connect(server);
      clients.add(client);
      client.send("c");
    }
    await().until(() -> computing.get() == carriers);
  }

  @Test
  void namesTheHandlersOfDatagramsThatKeepThem() throws Exception {
    try (Server server =
            Server.builder()
                .eventLoops(0)
                .datagrams(Udp.at("127.0.0.1", 0), _ -> computeInALoop())
                .observer(event -> {
                  if (event instanceof ServerEvent.CarriersBusy busy) {
                    alarms.add(busy);
                  }
                })
                .maxCarriers(1)
                .build();
        UdpClient client = UdpClient.of(server.start())) {
      for (int i = 0; i < carriers; i++) {
        client.send("c");
      }
      await().until(() -> !alarms.isEmpty());
      // Where the machine is busy, too, the first alarm may come before all of them compute.
      await()
          .until(() ->
              alarms.stream()
                  .anyMatch(
                      it -> it.running().stream().filter(this::isTheLoop).count() == carriers));
      stop.set(true);
    }
  }

  @Test
  void namesTheBackgroundTasksThatKeepThem() throws Exception {
    ServerBuilder builder =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .handler(_ -> {})
            .background("waits", release::await)
            .observer(event -> {
              if (event instanceof ServerEvent.CarriersBusy busy) {
                alarms.add(busy);
              }
            })
            .maxCarriers(1)
            .stopOnSignal(false);
    for (int i = 0; i < carriers; i++) {
      builder.background("computes " + i, this::computeInALoop);
    }
    try (Server _ = builder.start()) {
      await()
          .until(() ->
              alarms.stream()
                  .anyMatch(it ->
                      it.tasks().size() == carriers
                          && it.tasks().stream()
                              .allMatch(task -> task.name().startsWith("computes"))));
      stop.set(true);
    }
  }

  @Test
  void namesTheCodeThatKeepsThemAndLetsTheOthersBeServed() throws Exception {
    try (Server server = start(carriers + 1);
        Client other = Client.connect(server)) {
      other.send("e");
      other.exchange("before");
      keepAllCarriers(server);
      other.exchange("is served again");
      await().until(() -> !alarms.isEmpty());
      ServerEvent.CarriersBusy alarm = alarms.element();
      assertEquals(carriers + 1, alarm.parallelism());
      assertEquals(carriers + 1, JdkScheduler.carriers());
      assertTrue(alarm.waited().compareTo(Duration.ofSeconds(1)) >= 0, alarm::toString);
      assertEquals(carriers, alarm.running().stream().filter(this::isTheLoop).count());
      stop.set(true);
    }
    assertEquals(carriers, JdkScheduler.carriers(), "taken back at the end of the server");
  }

  private boolean isTheLoop(HandlerPosition position) {
    return position.stack().stream()
        .anyMatch(frame -> frame.getMethodName().equals("computeInALoop"));
  }

  /**
   * The scheduler does not wake an added carrier by itself when tasks were queued before: those are
   * to be served, too.
   */
  @Test
  void getsTheAddedCarrierToWorkThoughNothingMoreArrives() throws Exception {
    for (int round = 0; round < 3; round++) {
      try (Server server = start(carriers + 1)) {
        keepAllCarriers(server);
        for (int i = 0; i < 20; i++) {
          Client waiting = Client.connect(server);
          clients.add(waiting);
          waiting.send("ehello");
        }
        for (Client waiting : clients.subList(clients.size() - 20, clients.size())) {
          assertEquals("hello", waiting.receive(5));
        }
        stop.set(true);
        endClients();
      }
      clients.clear();
      computing.set(0);
      stop.set(false);
    }
  }

  @Test
  void namesTheCodeThatKeepsThemNotThatWhichWaitsForThem() throws Exception {
    try (Server server = start(carriers)) {
      for (int i = 0; i < 20; i++) {
        Client client = Client.connect(server);
        clients.add(client);
        client.send("w");
      }
      await().until(() -> server.connections() == 20);
      keepAllCarriers(server);
      release.countDown();
      await().until(() -> alarms.stream().anyMatch(alarm -> alarm.running().size() == carriers));
      assertTrue(
          alarms.stream().flatMap(alarm -> alarm.running().stream()).allMatch(this::isTheLoop),
          alarms::toString);
      stop.set(true);
    }
  }

  @Test
  @Tag("slow")
  void keepsWhatItHasAddedWhileItIsNeededAndTakesItBackThen() throws Exception {
    try (Server server = start(carriers + 1);
        Client other = Client.connect(server)) {
      other.send("e");
      other.exchange("before");
      keepAllCarriers(server);
      other.exchange("is served again");
      long end = System.nanoTime() + Duration.ofSeconds(14).toNanos();
      while (System.nanoTime() < end) {
        other.exchange("and again");
        assertEquals(carriers + 1, JdkScheduler.carriers());
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
      }
      stop.set(true);
      await().until(() -> JdkScheduler.carriers() == carriers);
    }
  }

  @Test
  void addsNoMoreThanItMay() throws Exception {
    try (Server server = start(carriers)) {
      keepAllCarriers(server);
      await().until(() -> alarms.size() >= 2);
      assertEquals(carriers, JdkScheduler.carriers());
      alarms.forEach(alarm -> assertEquals(carriers, alarm.parallelism()));
      stop.set(true);
    }
  }

  @Test
  void isSilentWhileThereIsACarrierLeft() throws Exception {
    try (Server server = start(carriers + 1)) {
      for (int i = 0; i < carriers - 1; i++) {
        Client client = Client.connect(server);
        clients.add(client);
        client.send("c");
      }
      await().until(() -> computing.get() == carriers - 1);
      long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
      await().atMost(Duration.ofSeconds(10)).until(() -> System.nanoTime() > end);
      assertEquals(List.of(), List.copyOf(alarms));
      stop.set(true);
    }
  }

  /** The one who broadcasts and those who send keep the carrier busy, and let everybody run. */
  @Test
  void isSilentWhileABroadcastKeepsTheOnlyCarrierBusy() throws Exception {
    var group = new Group();
    Handler member =
        connection -> {
          var outbox = new Outbox(connection, 10, Outbox.Policy.DISCONNECT);
          try (var scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            group.join(connection.remoteAddress().toString(), outbox);
            for (int b; (b = connection.input().read()) >= 0; ) {
              group.broadcast(new byte[] {(byte) b});
            }
            outbox.close();
            scope.join();
          }
        };
    int members = 600;
    int messages = 600;
    JdkScheduler.setCarriers(1);
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .handler(member)
            .eventLoops(0)
            .observer(event -> {
              if (event instanceof ServerEvent.CarriersBusy busy) {
                alarms.add(busy);
              }
            })
            .stopOnSignal(false)
            .start()) {
      for (int i = 0; i < members; i++) {
        clients.add(Client.connect(server));
      }
      await().until(() -> group.names().size() == members);
      clients.getFirst().send("m".repeat(messages));
      for (Client client : clients) {
        assertEquals(messages, client.receive(messages).length());
        client.close();
      }
      assertEquals(List.of(), List.copyOf(alarms));
    } finally {
      JdkScheduler.setCarriers(carriers);
    }
  }
}
