package io.plainweave.internal.connection;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A connection")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ConnectionTest {
  private static Server start(Handler handler) throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(handler)
        .drainTimeout(Duration.ofSeconds(10))
        .start();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void knowsBothAddressesAlsoWhenItIsClosed() throws Exception {
    var ended = new CompletableFuture<Connection>();
    try (Server server = start(ended::complete);
        Client client = Client.connect(server)) {
      client.finish();
      Connection connection = ended.get();
      await().until(() -> !connection.isOpen());
      assertEquals(client.socket().getLocalSocketAddress(), connection.remoteAddress());
      assertEquals(
          new InetSocketAddress(InetAddress.getByName("127.0.0.1"), server.port()),
          connection.localAddress());
    }
  }

  @Test
  void readsEndOfStreamWhenThePeerFinishesAndCanStillReply() throws Exception {
    Handler countsThenReplies =
        connection -> {
          int count = connection.input().readAllBytes().length;
          connection.output().write(bytes("got " + count));
        };
    try (Server server = start(countsThenReplies);
        Client client = Client.connect(server)) {
      client.send("four");
      client.finish();
      assertEquals("got 4", client.receiveAll());
    }
  }

  @Test
  void readsOnAfterItHasFinishedItsOutput() throws Exception {
    var received = new CompletableFuture<String>();
    Handler finishesFirst =
        connection -> {
          connection.output().write(bytes("bye"));
          connection.finishOutput();
          connection.finishOutput();
          assertThrows(IOException.class, () -> connection.output().write(1));
          received.complete(
              new String(connection.input().readAllBytes(), StandardCharsets.US_ASCII));
        };
    try (Server server = start(finishesFirst);
        Client client = Client.connect(server)) {
      assertEquals("bye", client.receiveAll());
      client.send("late words");
      client.finish();
      assertEquals("late words", received.get(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void closingTheOutputStreamFinishesTheOutput() throws Exception {
    Handler closesItsStream =
        connection -> {
          try (var output = connection.output()) {
            output.write(bytes("all"));
          }
          assertEquals('x', connection.input().read());
        };
    try (Server server = start(closesItsStream);
        Client client = Client.connect(server)) {
      assertEquals("all", client.receiveAll());
      client.send("x");
    }
  }

  @Test
  void sendsWhatWasWrittenWhenTheHandlerNextWaitsForInput() throws Exception {
    Handler asksTwice =
        connection -> {
          connection.output().write(bytes("name? "));
          int first = connection.input().read();
          connection.output().write(bytes("age? "));
          int second = connection.input().read();
          connection.output().write(first);
          connection.output().write(second);
        };
    try (Server server = start(asksTwice);
        Client client = Client.connect(server)) {
      assertEquals("name? ", client.receive(6));
      client.send("a");
      assertEquals("age? ", client.receive(5));
      client.send("b");
      assertEquals("ab", client.receiveAll());
    }
  }

  @Test
  void doesNotSendTheUnfinishedReplyOfAHandlerThatFails() throws Exception {
    Handler failsInTheMiddle =
        connection -> {
          connection.output().write(bytes("half a re"));
          throw new IllegalStateException("expected by this test");
        };
    try (Server server = start(failsInTheMiddle);
        Client client = Client.connect(server)) {
      assertTrue(client.seesReset());
    }
  }

  @Test
  void deliversTheReplyThoughInputWasLeftUnread() throws Exception {
    byte[] reply = new byte[2_000_000];
    new Random(1).nextBytes(reply);
    Handler repliesWithoutReading = connection -> connection.output().write(reply);
    try (Server server = start(repliesWithoutReading);
        Client client = Client.connect(server)) {
      client.send("x".repeat(20_000));
      var received = new ByteArrayOutputStream();
      client.socket().getInputStream().transferTo(received);
      assertArrayEquals(reply, received.toByteArray());
    }
  }

  @Test
  void doesNotWaitForEverForAPeerThatNeverFinishes() throws Exception {
    try (Server server = start(connection -> connection.output().write('x'));
        Client client = Client.connect(server)) {
      assertEquals("x", client.receiveAll());
      await().atMost(Duration.ofSeconds(10)).until(() -> server.connections() == 0);
    }
  }

  @Test
  void abortIsSeenAsResetByThePeer() throws Exception {
    try (Server server = start(Connection::abort);
        Client client = Client.connect(server)) {
      assertTrue(client.seesReset());
    }
  }

  @Test
  void abortFromAnotherThreadEndsAReadAtOnce() throws Exception {
    var connected = new CompletableFuture<Connection>();
    var failure = new CompletableFuture<Exception>();
    Handler reads =
        connection -> {
          connected.complete(connection);
          try {
            connection.input().read();
          } catch (IOException e) {
            failure.complete(e);
          }
        };
    try (Server server = start(reads);
        Client client = Client.connect(server)) {
      Connection connection = connected.get();
      connection.abort();
      connection.abort();
      assertFalse(connection.isOpen());
      assertTrue(failure.get(10, TimeUnit.SECONDS) instanceof IOException);
      assertTrue(client.seesReset());
    }
  }

  @Test
  void closedByItsHandlerStaysClosed() throws Exception {
    var afterwards = new CompletableFuture<Boolean>();
    Handler closesTwice =
        connection -> {
          connection.output().write(bytes("end"));
          connection.close();
          connection.close();
          afterwards.complete(connection.isOpen());
        };
    try (Server server = start(closesTwice);
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals("end", client.receiveAll());
      assertFalse(afterwards.get(10, TimeUnit.SECONDS));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 127, 128, 129, 16_383, 16_384, 16_385, 3_000_000})
  void carriesMessagesOfEverySizeByteForByte(int size) throws Exception {
    byte[] message = new byte[size];
    new Random(size).nextBytes(message);
    Handler echo = connection -> connection.input().transferTo(connection.output());
    Handler echoByArray =
        connection -> {
          byte[] buffer = new byte[5_000];
          for (int n; (n = connection.input().read(buffer)) >= 0; ) {
            connection.output().write(buffer, 0, n);
          }
        };
    for (Handler handler : new Handler[] {echo, echoByArray}) {
      try (Server server = start(handler);
          Client client = Client.connect(server)) {
        var sender =
            CompletableFuture.runAsync(() -> {
              try {
                client.socket().getOutputStream().write(message);
                client.finish();
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
        assertArrayEquals(message, client.socket().getInputStream().readAllBytes());
        sender.get();
      }
    }
  }

  @Test
  void readsSingleBytesAndArraysInTurnWithoutLosingAny() throws Exception {
    byte[] sent = new byte[100_000];
    new Random(7).nextBytes(sent);
    var received = new CompletableFuture<byte[]>();
    Handler readsInEveryWay =
        connection -> {
          var all = new ByteArrayOutputStream();
          var in = connection.input();
          var random = new Random(8);
          byte[] chunk = new byte[400];
          while (true) {
            int n = 1;
            if (random.nextBoolean()) {
              int b = in.read();
              chunk[0] = (byte) b;
              n = b < 0 ? -1 : 1;
            } else {
              n = in.read(chunk, 0, 1 + random.nextInt(chunk.length));
            }
            if (n < 0) {
              break;
            }
            all.write(chunk, 0, n);
          }
          received.complete(all.toByteArray());
        };
    try (Server server = start(readsInEveryWay);
        Client client = Client.connect(server)) {
      client.socket().getOutputStream().write(sent);
      client.finish();
      assertArrayEquals(sent, received.get(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void tellsHowMuchCanBeReadWithoutWaiting() throws Exception {
    var available = new CompletableFuture<Integer>();
    var all = new CountDownLatch(1);
    Handler looks =
        connection -> {
          connection.input().read();
          all.await();
          await().until(() -> connection.input().available() == 999);
          available.complete(connection.input().available());
        };
    try (Server server = start(looks);
        Client client = Client.connect(server)) {
      client.send("x".repeat(1_000));
      all.countDown();
      assertEquals(999, available.get(10, TimeUnit.SECONDS));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"exception", "stack overflow", "out of memory"})
  void endsAloneWhenItsHandlerFails(String failure) throws Exception {
    Handler failsOnDemand =
        connection -> {
          while (true) {
            switch (connection.input().read()) {
              case 'e' -> throw new IllegalStateException("expected by this test");
              case 's' -> overflow(1);
              case 'o' -> throw new OutOfMemoryError("expected by this test");
              case -1 -> {
                return;
              }
              default -> connection.output().write('.');
            }
          }
        };
    try (Server server = start(failsOnDemand);
        Client good = Client.connect(server);
        Client bad = Client.connect(server)) {
      good.send("x");
      assertEquals(".", good.receive(1));
      bad.send(failure.substring(0, 1));
      assertTrue(bad.seesReset());
      good.send("x");
      assertEquals(".", good.receive(1));
      await().until(() -> server.connections() == 1);
    }
  }

  private static int overflow(int depth) {
    return overflow(depth + 1) + depth;
  }

  @Test
  void leavesNothingWhenItsPeerIsGone() throws Exception {
    Handler echo = connection -> connection.input().transferTo(connection.output());
    try (Server server = start(echo)) {
      for (int i = 0; i < 50; i++) {
        Client client = Client.connect(server);
        client.exchange("hello");
        client.reset();
      }
      await().until(() -> server.connections() == 0);
    }
  }

  @Test
  void readsAndWritesAtTheSameTimeFromTwoThreads() throws Exception {
    byte[] data = new byte[1_000_000];
    new Random(3).nextBytes(data);
    Handler duplex =
        connection -> {
          Thread writer =
              Thread.startVirtualThread(() -> {
                try {
                  for (int i = 0; i < data.length; i += 100) {
                    connection.output().write(data, i, 100);
                  }
                  connection.output().flush();
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
          assertArrayEquals(data, connection.input().readAllBytes());
          writer.join();
        };
    try (Server server = start(duplex);
        Client client = Client.connect(server)) {
      var sender =
          CompletableFuture.runAsync(() -> {
            try {
              client.socket().getOutputStream().write(data);
              client.finish();
            } catch (IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          });
      assertArrayEquals(data, client.socket().getInputStream().readAllBytes());
      sender.get();
    }
  }
}
