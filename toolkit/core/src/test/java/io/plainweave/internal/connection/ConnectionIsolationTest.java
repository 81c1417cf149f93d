package io.plainweave.internal.connection;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.plainweave.Connection;
import io.plainweave.ConnectionBusyException;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.TlsServer;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What other threads do to a connection must not reach a third one. Each case runs for a second;
 * {@code -Dplainweave.isolation.seconds=60} makes it a proof.
 */
@DisplayName("No byte of one connection reaches another")
@ExtendWith(ResourceGuard.class)
@Timeout(120)
class ConnectionIsolationTest {
  private static final int SECONDS = Integer.getInteger("plainweave.isolation.seconds", 1);
  private static final int ECHO_CLIENTS = 3;
  private static final int VICTIMS = 6;
  private static final byte FOREIGN = '#';

  @TempDir private static Path folder;

  /** Handlers that other threads disturb; the others are echoes. */
  private final Queue<Connection> victims = new ConcurrentLinkedQueue<>();

  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicInteger echoes = new AtomicInteger();
  private final AtomicInteger disturbed = new AtomicInteger();
  private final AtomicReference<String> wrong = new AtomicReference<>();
  private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();

  static Stream<Arguments> servers() {
    Stream<Arguments> some = Stream.of(arguments(0, false), arguments(2, true));
    return SECONDS == 1
        ? some
        : Stream.concat(some, Stream.of(arguments(0, true), arguments(2, false)));
  }

  @ParameterizedTest(name = "{0} event loops, TLS {1}")
  @MethodSource("servers")
  void whenAnotherThreadClosesItsWriter(int loops, boolean encrypted) throws Exception {
    disturb(
        loops,
        encrypted,
        ConnectionIsolationTest::writeForEver,
        victim -> {
          waitALittle();
          victim.close();
        });
  }

  @ParameterizedTest
  @MethodSource("servers")
  void whenAnotherThreadAbortsItsWriter(int loops, boolean encrypted) throws Exception {
    disturb(
        loops,
        encrypted,
        ConnectionIsolationTest::writeForEver,
        victim -> {
          waitALittle();
          victim.abort();
        });
  }

  @ParameterizedTest
  @MethodSource("servers")
  void whenAnotherThreadWritesUntilItsHandlerHasLeft(int loops, boolean encrypted)
      throws Exception {
    disturb(loops, encrypted, _ -> waitALittle(), ConnectionIsolationTest::writeForEver);
  }

  @ParameterizedTest
  @MethodSource("servers")
  void whenTwoThreadsReadItAtATime(int loops, boolean encrypted) throws Exception {
    disturb(
        loops,
        encrypted,
        ConnectionIsolationTest::readForEver,
        ConnectionIsolationTest::readForEver);
  }

  /** At any moment of the other thread's work, which is what is to be tried. */
  private static void waitALittle() {
    LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(2_000_000));
  }

  private interface Disturbance {
    void to(Connection victim) throws Exception;
  }

  private void disturb(int loops, boolean encrypted, Handler ofVictims, Disturbance disturbance)
      throws Exception {
    TlsServer tls = TlsServer.in(folder);
    ServerBuilder builder =
        Server.builder()
            .listen(encrypted ? tls.listen() : Listen.tcp("127.0.0.1", 0))
            .observer(event -> {})
            .timeLimits(TimeLimits.DEFAULT.linger(Duration.ofMillis(200)))
            .handler(connection -> {
              if (connection.input().read() == 'e') {
                connection.input().transferTo(connection.output());
              } else {
                victims.add(connection);
                try {
                  ofVictims.handle(connection);
                } catch (IOException ended) {
                  // As it is meant to.
                }
              }
            });
    if (loops > 0) {
      builder.eventLoops(loops);
    }
    try (Server server = builder.start()) {
      for (int i = 0; i < ECHO_CLIENTS; i++) {
        start(() -> checkEchoes(tls, server, encrypted));
      }
      for (int i = 0; i < VICTIMS; i++) {
        start(() -> beVictim(tls, server, encrypted));
      }
      start(() -> {
        while (!over.get()) {
          Connection victim = victims.poll();
          if (victim == null) {
            Thread.yield();
          } else {
            disturbed.incrementAndGet();
            threads.add(Thread.startVirtualThread(() -> disturbOne(disturbance, victim)));
          }
        }
      });
      long begin = System.nanoTime();
      await()
          .atMost(Duration.ofSeconds(SECONDS + 60))
          .until(() ->
              wrong.get() != null
                  || (System.nanoTime() - begin > SECONDS * 1_000_000_000L
                      && echoes.get() > 0
                      && disturbed.get() > 0));
      over.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
    }
    assertNull(wrong.get());
  }

  private void start(Disturbed task) {
    threads.add(
        Thread.ofPlatform()
            .start(() -> {
              try {
                task.run();
              } catch (Exception e) {
                wrong.compareAndSet(null, e.toString());
              }
            }));
  }

  private interface Disturbed {
    void run() throws Exception;
  }

  private static void disturbOne(Disturbance disturbance, Connection victim) {
    try {
      disturbance.to(victim);
    } catch (Exception ended) {
      // As it is meant to.
    }
  }

  private static void writeForEver(Connection connection) throws IOException {
    byte[] foreign = new byte[700];
    Arrays.fill(foreign, FOREIGN);
    OutputStream output = connection.output();
    while (true) {
      for (int i = 0; i < 7; i++) {
        output.write(foreign);
      }
      output.flush();
    }
  }

  private static void readForEver(Connection connection) throws IOException {
    byte[] target = new byte[100];
    while (true) {
      try {
        if (connection.input().read(target) < 0) {
          return;
        }
      } catch (ConnectionBusyException | IndexOutOfBoundsException misuse) {
        Thread.yield(); // one of two readers is told, and tries again
      }
    }
  }

  /** Sends what no other connection has, and checks that exactly this comes back. */
  private void checkEchoes(TlsServer tls, Server server, boolean encrypted) throws Exception {
    try (Socket socket = connect(tls, server, encrypted)) {
      socket.getOutputStream().write('e');
      byte[] sent = new byte[1_500];
      for (int round = 0; !over.get() && wrong.get() == null; round++) {
        Arrays.fill(sent, (byte) (128 + round % 128));
        socket.getOutputStream().write(sent);
        byte[] back = socket.getInputStream().readNBytes(sent.length);
        if (!Arrays.equals(sent, back)) {
          wrong.compareAndSet(
              null, "sent " + sent[0] + " and received " + Arrays.toString(Arrays.copyOf(back, 9)));
        }
        echoes.incrementAndGet();
      }
    }
  }

  /** Connects again and again, sends a little and reads until its connection has ended. */
  private void beVictim(TlsServer tls, Server server, boolean encrypted) throws Exception {
    byte[] some = new byte[3_000];
    Arrays.fill(some, FOREIGN);
    while (!over.get() && wrong.get() == null) {
      try (Socket socket = connect(tls, server, encrypted)) {
        socket.getOutputStream().write('v');
        socket.getOutputStream().write(some);
        if (!encrypted) {
          socket.shutdownOutput();
        }
        socket.setSoTimeout(100);
        byte[] flood = new byte[10_000];
        while (!over.get() && socket.getInputStream().read(flood) >= 0) {
          // Until somebody ends it.
        }
      } catch (IOException ended) {
        // As it is meant to.
      }
    }
  }

  private static Socket connect(TlsServer tls, Server server, boolean encrypted) throws Exception {
    Socket socket =
        encrypted
            ? tls.connect(server, "TLSv1.3")
            : new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(20_000);
    return socket;
  }
}
