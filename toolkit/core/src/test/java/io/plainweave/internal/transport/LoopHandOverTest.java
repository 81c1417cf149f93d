package io.plainweave.internal.transport;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileInputStream;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("An event loop that a task keeps")
@Timeout(30)
@ExtendWith(ResourceGuard.class)
@Tag("event-loops")
class LoopHandOverTest {
  private static final int SPIN = 's';

  private final BlockingQueue<ServerEvent> events = new LinkedBlockingQueue<>();
  private final CountDownLatch inside = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);

  private Server start(int loops, int maxCarriers, Handler handler) throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .eventLoops(loops)
        .maxCarriers(maxCarriers)
        .observer(events::add)
        .stopOnSignal(false)
        .handler(handler)
        .start();
  }

  /** Spins if that is the first byte, and gives all bytes back. */
  private void spinOrEcho(Connection connection) throws Exception {
    int first = connection.input().read();
    if (first == SPIN) {
      inside.countDown();
      spin();
    }
    connection.output().write(first);
    connection.input().transferTo(connection.output());
  }

  private void spin() {
    while (release.getCount() > 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void goesOnWhileAHandlerComputes() throws Exception {
    try (Server server = start(1, 4, this::spinOrEcho);
        Client spinning = Client.connect(server);
        Client before = Client.connect(server)) {
      before.exchange("before");
      spinning.send("s and more");
      inside.await();
      for (int i = 0; i < 10; i++) {
        before.exchange("meanwhile");
        try (Client after = Client.connect(server)) {
          after.exchange("after");
        }
      }
      assertEquals(1, release.getCount());
      release.countDown();
      assertEquals("s and more", spinning.receive(10));
      spinning.exchange("again");
    }
  }

  @Test
  void goesOnWhileAHandlerWaitsForAFile(@TempDir Path folder) throws Exception {
    Path pipe = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    Handler handler =
        connection -> {
          if (connection.input().read() == 'f') {
            inside.countDown();
            // Whoever opens a pipe for reading waits for somebody who writes, see fifo(7).
            try (var file = new FileInputStream(pipe.toFile())) {
              connection.output().write(file.readAllBytes());
            }
          } else {
            connection.output().write('!');
          }
        };
    try (Server server = start(1, 4, handler);
        Client reading = Client.connect(server)) {
      reading.send("f");
      inside.await();
      for (int i = 0; i < 10; i++) {
        try (Client other = Client.connect(server)) {
          other.send("x");
          assertEquals("!", other.receiveAll());
        }
      }
      Files.writeString(pipe, "from the pipe");
      assertEquals("from the pipe", reading.receiveAll());
    }
  }

  @Test
  void staysWithTheThreadThatHasTakenIt() throws Exception {
    var carriers = new LinkedBlockingQueue<Thread>();
    Handler handler =
        connection -> {
          carriers.add(carrier());
          if (connection.input().read() == SPIN) {
            inside.countDown();
            spin();
            carriers.add(carrier());
            Thread.yield();
            carriers.add(carrier());
          }
          connection.output().write('!');
        };
    try (Server server = start(1, 4, handler);
        Client spinning = Client.connect(server)) {
      spinning.send("s");
      inside.await();
      Thread old = carriers.take();
      try (Client other = Client.connect(server)) {
        other.send("x");
        assertEquals("!", other.receiveAll());
      }
      Thread next = carriers.take();
      assertNotEquals(old, next);
      release.countDown();
      assertEquals("!", spinning.receiveAll());
      assertEquals(old, carriers.take(), "a turn ends where it has begun");
      assertEquals(next, carriers.take(), "the next turn is on the thread that has the loop");
    }
  }

  @Test
  void isKeptByAsManyTasksAsThereMayBeThreadsAndThenReported() throws Exception {
    int maxCarriers = 4;
    List<Client> spinning = new ArrayList<>();
    try (Server server = start(1, maxCarriers, this::spinOrEcho);
        Client before = Client.connect(server)) {
      try {
        before.exchange("before");
        for (int i = 0; i < maxCarriers - 1; i++) {
          spinning.add(Client.connect(server));
          spinning.getLast().send("s");
        }
        before.exchange("with one thread left");
        spinning.add(Client.connect(server));
        spinning.getLast().send("s");
        await().atMost(Duration.ofSeconds(20)).until(() -> reported() == maxCarriers);
        before.send("with none");
        release.countDown();
        assertEquals("with none", before.receive(9));
        for (Client client : spinning) {
          assertEquals("s", client.receive(1));
          client.exchange("and again");
        }
      } finally {
        release.countDown();
        for (Client client : spinning) {
          client.close();
        }
      }
    }
  }

  /** How many threads all are kept, by what was reported; 0 if nothing was. */
  private int reported() {
    return events.stream()
        .mapMulti((ServerEvent event, Consumer<Integer> next) -> {
          if (event instanceof ServerEvent.CarriersBusy busy) {
            next.accept(busy.parallelism());
          }
        })
        .findFirst()
        .orElse(0);
  }

  @Test
  void isNotReportedIfAnotherThreadHasTakenIt() throws Exception {
    try (Server server = start(1, 4, this::spinOrEcho);
        Client spinning = Client.connect(server);
        Client other = Client.connect(server)) {
      spinning.send("s");
      inside.await();
      long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(2_500);
      while (System.nanoTime() < until) {
        other.exchange("hello");
      }
      release.countDown();
      assertEquals("s", spinning.receive(1));
      assertEquals(0, reported());
    }
  }

  @Test
  void endsWithItsServerThoughATaskComputes() throws Exception {
    try (Server server =
            start(
                1,
                4,
                connection -> {
                  connection.input().read();
                  inside.countDown();
                  while (!Thread.currentThread().isInterrupted()) {
                    Thread.onSpinWait();
                  }
                });
        Client client = Client.connect(server)) {
      client.send("x");
      inside.await();
      server.shutdownNow();
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
    }
  }

  @Test
  void drainsWhileATaskComputes() throws Exception {
    try (Server server = start(1, 4, this::spinOrEcho);
        Client spinning = Client.connect(server);
        Client idle = Client.connect(server)) {
      idle.exchange("hello");
      spinning.send("s");
      inside.await();
      server.shutdown();
      assertEquals("", idle.receiveAll());
      release.countDown();
      assertEquals("s", spinning.receiveAll());
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
    }
  }

  /** Each turn is as long as the monitor's patience, more or less, so that they meet often. */
  @Test
  void losesAndDoublesNothingHoweverOftenItIsHandedOver() throws Exception {
    int clients = 12;
    int messages = 25;
    var turns = new AtomicInteger();
    Handler handler =
        connection -> {
          var in = new DataInputStream(connection.input());
          var out = new DataOutputStream(connection.output());
          try (var scope = connection.openScope()) {
            for (int number = in.read(); number >= 0; number = in.read()) {
              var answer = new CompletableFuture<Integer>();
              int asked = number;
              scope.fork(
                  "computes",
                  () -> {
                    turns.incrementAndGet();
                    compute(Duration.ofMillis(asked % 13));
                    answer.complete(asked);
                  });
              compute(Duration.ofMillis(asked % 11));
              out.write(answer.get());
              out.flush();
            }
            scope.join();
          }
        };
    try (Server server = start(2, 8, handler);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Object>> all = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        var random = new Random(i);
        all.add(
            threads.submit(
                (Callable<Object>)
                    () -> {
                      try (Client client = Client.connect(server)) {
                        for (int j = 0; j < messages; j++) {
                          client.exchange(String.valueOf((char) ('0' + random.nextInt(64))));
                        }
                        client.finish();
                        assertEquals("", client.receiveAll());
                      }
                      return "done";
                    }));
      }
      for (Future<Object> each : all) {
        assertEquals("done", each.get());
      }
    }
    assertEquals(clients * messages, turns.get());
  }

  private static void compute(Duration time) {
    long until = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < until) {
      Thread.onSpinWait();
    }
  }

  @Test
  void isWatchedByNobodyWhileItHasNothingToDo() throws Exception {
    try (Server server = start(2, 4, this::spinOrEcho);
        Client client = Client.connect(server)) {
      client.exchange("hello");
      await().until(() -> monitor().getState() == Thread.State.WAITING);
      client.exchange("again");
      await().until(() -> monitor().getState() == Thread.State.WAITING);
      client.exchange("and again");
    }
  }

  private static Thread monitor() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("plainweave loop monitor"))
        .findAny()
        .orElseThrow();
  }

  /** The platform thread that carries the calling virtual one: threads of loops share a name. */
  private static Thread carrier() throws ReflectiveOperationException {
    Field carrier = Class.forName("java.lang.VirtualThread").getDeclaredField("carrierThread");
    carrier.setAccessible(true);
    return (Thread) carrier.get(Thread.currentThread());
  }
}
