package io.plainweave.loadtests.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.control.Failure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class OpenLoadTest {
  private static final Duration TICK = Duration.ofMillis(10);
  private static final double RATE = 1_000;
  private static final Duration TIME = Duration.ofMillis(100);

  private final CountDownLatch release = new CountDownLatch(1);
  private ServerSocket listener;
  private ClientLoop loop;
  private Thread server;

  @BeforeEach
  void open() throws IOException {
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    loop = new ClientLoop();
  }

  @AfterEach
  void close() throws Exception {
    release.countDown();
    loop.close();
    listener.close();
    server.join();
  }

  @Test
  void messagesThatWaitForTheServerCountFromWhenTheyWereDue() throws Exception {
    echo(false);
    OpenLoad load = new OpenLoad(loop, RATE, 100);
    long start = System.nanoTime();

    while (System.nanoTime() - start < TIME.toNanos()) {
      step(load);
    }
    release.countDown();
    while (!load.isOver()) {
      step(load);
    }

    Histogram latencies = loop.takeLatencies();
    assertEquals(100, latencies.getTotalCount());
    assertTrue(
        latencies.getCountBetweenValues(20_000_000, Long.MAX_VALUE) >= 70,
        "each that was due in the first 80 ms of 100 waited for 20 ms and more");
  }

  @Test
  void isOverWhenItsLastConnectionHasFailed() throws Exception {
    echo(true);
    OpenLoad load = new OpenLoad(loop, RATE, Long.MAX_VALUE);
    release.countDown();

    while (!load.isOver()) {
      step(load);
    }

    assertEquals(1, loop.answered(), "the first message of the connection");
    assertEquals(Map.of(Failure.UNEXPECTED_EOF, 1), loop.failures().counts());
  }

  /** One connection that has exchanged its first message; the second waits for the release. */
  private void echo(boolean once) throws IOException {
    server =
        Thread.ofVirtual()
            .start(() -> {
              try (Socket socket = listener.accept()) {
                var in = socket.getInputStream();
                var out = socket.getOutputStream();
                out.write(in.readNBytes(Message.BYTES));
                byte[] second = in.readNBytes(Message.BYTES);
                release.await();
                if (!once) {
                  out.write(second);
                  in.transferTo(out);
                }
              } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    loop.connect(7, (InetSocketAddress) listener.getLocalSocketAddress());
    while (loop.answered() == 0) {
      loop.poll(TICK);
    }
    loop.takeLatencies();
  }

  private void step(OpenLoad load) throws IOException {
    load.act();
    Duration next = load.untilNext();
    loop.poll(next.compareTo(TICK) < 0 ? next : TICK);
  }
}
