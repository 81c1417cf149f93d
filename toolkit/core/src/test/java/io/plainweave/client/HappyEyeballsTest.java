package io.plainweave.client;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.TcpOptions;
import io.plainweave.fixture.FullListener;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.internal.time.Countdown;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A host with several addresses")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class HappyEyeballsTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  private ServerSocket target;
  private Thread acceptor;

  /** Listens at 127.0.0.1 only, and takes everybody. */
  @BeforeEach
  void listen() throws IOException {
    target = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    acceptor = Thread.ofVirtual().start(this::acceptAndClose);
  }

  private void acceptAndClose() {
    try {
      while (true) {
        target.accept().close();
      }
    } catch (SocketException closed) {
      // The test is over.
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void close() throws Exception {
    target.close();
    acceptor.join();
  }

  private static List<InetAddress> addresses(String... literals) {
    return Stream.of(literals).map(InetAddress::ofLiteral).toList();
  }

  private TcpDestination host(String... literals) {
    return new TcpDestination(
        "two.example",
        target.getLocalPort(),
        null,
        TcpOptions.DEFAULT,
        (_, _) -> addresses(literals),
        null);
  }

  private static InetAddress reached(SocketChannel channel) throws IOException {
    return ((InetSocketAddress) channel.getRemoteAddress()).getAddress();
  }

  /** A listener at another address of the same port, at which connections wait. */
  private FullListener silent(String literal) throws IOException {
    return FullListener.at(new InetSocketAddress(literal, target.getLocalPort()));
  }

  @Test
  void letsItsFamiliesTakeTurns() {
    List<InetAddress> resolved =
        addresses("192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8::2");
    assertEquals(
        addresses("2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "192.0.2.3"),
        HappyEyeballs.interleaved(resolved, true));
    assertEquals(
        addresses("192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2", "192.0.2.3"),
        HappyEyeballs.interleaved(resolved, false));
  }

  @Test
  void isTriedWithIpv6First() {
    assertEquals(
        addresses("::1", "127.0.0.1"), HappyEyeballs.inOrder(addresses("127.0.0.1", "::1")));
  }

  @Test
  void isReachedByTheNextOneWhenOneRefuses() throws Exception {
    // A delay that would last as long as the test shows that the failure has ended it.
    List<InetSocketAddress> both =
        addresses("127.0.0.2", "127.0.0.1").stream()
            .map(address -> new InetSocketAddress(address, target.getLocalPort()))
            .toList();
    var eyeballs =
        new HappyEyeballs(host("127.0.0.1"), both, Countdown.of(LONG), LONG.toNanos() * 10);
    try (SocketChannel channel = eyeballs.connect()) {
      assertEquals(both.get(1), channel.getRemoteAddress());
    }
  }

  @Test
  void isReachedByTheNextOneWhileOneIsSilent() throws Exception {
    try (var _ = silent("127.0.0.2");
        SocketChannel channel = host("127.0.0.2", "127.0.0.1").connect(Countdown.of(LONG))) {
      assertEquals(InetAddress.ofLiteral("127.0.0.1"), reached(channel));
    }
  }

  @Test
  void isWaitedForWhileTheOthersHaveFailed() throws Exception {
    try (FullListener silent = silent("127.0.0.2")) {
      var connected = new CompletableFuture<InetAddress>();
      Thread connects =
          Thread.ofVirtual()
              .start(() -> {
                try (SocketChannel channel =
                    host("127.0.0.2", "127.0.0.3").connect(Countdown.of(LONG))) {
                  connected.complete(reached(channel));
                } catch (Exception e) {
                  connected.completeExceptionally(e);
                }
              });
      await().until(() -> connects.getState() == Thread.State.TIMED_WAITING);
      silent.makeRoom();
      assertEquals(InetAddress.ofLiteral("127.0.0.2"), connected.get(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void saysWhatEachOfThemHasSaid() {
    TcpDestination host = host("127.0.0.2", "127.0.0.3");
    var failure = assertThrows(ConnectException.class, () -> host.connect(Countdown.of(LONG)));
    assertEquals(
        "cannot connect to "
            + host
            + ": 127.0.0.2 Connection refused, 127.0.0.3 Connection refused",
        failure.getMessage());
    assertInstanceOf(ConnectException.class, failure.getCause());
    assertEquals(1, failure.getSuppressed().length);
    assertNotEquals(failure.getCause(), failure.getSuppressed()[0]);
  }

  @Test
  void namesAFewOfManyThatHaveFailed() {
    TcpDestination host =
        host("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7");
    var failure = assertThrows(ConnectException.class, () -> host.connect(Countdown.of(LONG)));
    assertTrue(
        failure.getMessage().endsWith("127.0.0.5 Connection refused, 2 more addresses"),
        failure.getMessage());
    assertEquals(5, failure.getSuppressed().length);
  }

  @Test
  void hasOneLimitForAllOfThem() throws Exception {
    try (var _ = silent("127.0.0.2")) {
      TcpDestination host = host("127.0.0.3", "127.0.0.2");
      var failure =
          assertThrows(
              ConnectException.class, () -> host.connect(Countdown.of(Duration.ofSeconds(1))));
      assertEquals(
          "cannot connect to " + host + ": 127.0.0.3 Connection refused, 127.0.0.2 no answer",
          failure.getMessage());
      assertInstanceOf(SocketTimeoutException.class, failure.getSuppressed()[0]);
    }
  }

  @Test
  void isLeftWithoutATraceByAnInterrupt() throws Exception {
    try (var _ = silent("127.0.0.2");
        var _ = silent("127.0.0.3")) {
      var thrown = new CompletableFuture<Exception>();
      Thread connects =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  host("127.0.0.2", "127.0.0.3").connect(Countdown.of(Duration.ZERO)).close();
                } catch (Exception e) {
                  thrown.complete(e);
                }
              });
      await().until(() -> connects.getState() == Thread.State.TIMED_WAITING);
      connects.interrupt();
      var interrupted =
          assertInstanceOf(InterruptedException.class, thrown.get(10, TimeUnit.SECONDS));
      assertTrue(
          interrupted.getMessage().startsWith("interrupted while connecting to two.example"));
    }
  }

  @Test
  void leavesNothingOfAThousandConnections() throws Exception {
    TcpDestination host = host("127.0.0.2", "127.0.0.1");
    for (int i = 0; i < 1_000; i++) {
      host.connect(Countdown.of(LONG)).close();
    }
  }

  /** All attempts begin in one moment, and one thread in three is interrupted in the middle. */
  @Test
  void leavesNothingWhenSeveralAnswerInOneMoment() throws Exception {
    try (var everywhere = new ServerSocket(0, 50)) {
      Thread accepts =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  while (true) {
                    everywhere.accept().close();
                  }
                } catch (IOException closed) {
                  // The test is over.
                }
              });
      List<InetSocketAddress> all = new ArrayList<>();
      for (int i = 1; i <= 4; i++) {
        all.add(new InetSocketAddress("127.0.0." + i, everywhere.getLocalPort()));
      }
      TcpDestination host = host("127.0.0.1");
      var random = new Random(8305);
      for (int round = 0; round < 500; round++) {
        Collections.shuffle(all, random);
        var eyeballs = new HappyEyeballs(host, List.copyOf(all), Countdown.of(LONG), 0);
        var failure = new CompletableFuture<Throwable>();
        Thread connects =
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    eyeballs.connect().close();
                    failure.complete(null);
                  } catch (InterruptedException e) {
                    failure.complete(null);
                  } catch (Throwable e) {
                    failure.complete(e);
                  }
                });
        if (round % 3 == 0) {
          LockSupport.parkNanos(random.nextLong(500_000));
          connects.interrupt();
        }
        assertEquals(null, failure.get(20, TimeUnit.SECONDS), "round " + round);
      }
      everywhere.close();
      accepts.join();
    }
  }
}
