package io.plainweave.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.AttachmentKey;
import io.plainweave.Connection;
import io.plainweave.ConnectionBusyException;
import io.plainweave.Deadline;
import io.plainweave.DeadlineExceededException;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** How the bytes of a connection travel, and what can be seen of them. */
abstract class ByteConformance extends ConformanceBase {
  private static final int MEGABYTE = 1 << 20;

  private static void echo(Connection connection) throws IOException {
    connection.input().transferTo(connection.output());
  }

  @Test
  void carriesEveryByteBothWays() throws Exception {
    between(
        ByteConformance::echo,
        client -> {
          byte[] all = pattern(256 * 256);
          for (int i = 0; i < all.length; i += 256) {
            client.output().write(all, i, 256);
            client.output().flush();
            byte[] back = client.input().readNBytes(256);
            assertArrayEquals(Arrays.copyOfRange(all, i, i + 256), back);
          }
        });
  }

  @Test
  void carriesMoreThanThereIsRoomForInBothDirectionsAtOnce() throws Exception {
    byte[] much = pattern(4 * MEGABYTE);
    between(
        server -> {
          var sent =
              start(() -> {
                server.output().write(much);
                server.finishOutput();
                return true;
              });
          assertArrayEquals(much, server.input().readAllBytes());
          await(sent);
        },
        client -> {
          var got = start(() -> client.input().readAllBytes());
          client.output().write(much);
          client.finishOutput();
          assertArrayEquals(much, await(got));
        });
  }

  @Test
  void letsAWriterWaitForAReaderWhoIsSlow() throws Exception {
    var readsNow = new CountDownLatch(1);
    byte[] much = pattern(16 * MEGABYTE);
    between(
        server -> {
          readsNow.await();
          assertArrayEquals(much, server.input().readAllBytes());
        },
        client -> {
          var sent =
              start(() -> {
                client.output().write(much);
                client.finishOutput();
                return true;
              });
          assertThrows(TimeoutException.class, () -> sent.get(50, TimeUnit.MILLISECONDS));
          readsNow.countDown();
          await(sent);
          assertEquals(-1, client.input().read());
        });
  }

  @Test
  void sendsWhatIsWrittenWhenTheWriterWaitsForInput() throws Exception {
    between(
        server -> {
          server.output().write("hello".getBytes(US_ASCII)); // and nobody flushes it
          assertEquals("bye", receive(server, 3));
        },
        client -> {
          assertEquals("hello", receive(client, 5));
          send(client, "bye");
        });
  }

  @Test
  void sendsSeveralBuffersAsOne() throws Exception {
    between(
        ByteConformance::echo,
        client -> {
          ByteBuffer large = ByteBuffer.allocateDirect(100_000).put(pattern(100_000)).flip();
          client.output().write("first ".getBytes(US_ASCII));
          var back =
              start(() -> {
                assertEquals("first second ", receive(client, 13));
                return client.input().readNBytes(100_000);
              });
          client.write(
              ByteBuffer.wrap("second ".getBytes(US_ASCII)), large, ByteBuffer.allocate(0));
          client.output().flush();
          assertFalse(large.hasRemaining());
          assertArrayEquals(pattern(100_000), await(back));
        });
  }

  @Test
  void sendsAPartOfAFile() throws Exception {
    Path file = Files.createTempFile("plainweave", "part");
    try {
      Files.write(file, pattern(300_000));
      between(
          server -> {
            try (var from = FileChannel.open(file)) {
              server.output().write("head ".getBytes(US_ASCII));
              assertEquals(200_000, server.sendFile(from, 50_000, 200_000));
              assertEquals(0, server.sendFile(from, 300_000, 1), "there is no more");
            }
          },
          client -> {
            assertEquals("head ", receive(client, 5));
            byte[] part = client.input().readAllBytes();
            assertArrayEquals(Arrays.copyOfRange(pattern(300_000), 50_000, 250_000), part);
          });
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void readsUpToAByte() throws Exception {
    between(
        server -> send(server, "one\ntwo\nthree"),
        client -> {
          byte[] line = new byte[100];
          assertEquals("one\n", until(client, line, 100));
          assertEquals("two\n", until(client, line, 100));
          assertEquals("thr", until(client, line, 3));
          assertEquals("ee", until(client, line, 100));
          assertEquals(-1, client.readUntil((byte) '\n', line, 0, 100));
          assertEquals(0, client.readUntil((byte) '\n', line, 0, 0));
        });
  }

  /** As often as it takes: a call returns what there is. */
  private static String until(Connection from, byte[] line, int most) throws IOException {
    int length = 0;
    while (length < most && (length == 0 || line[length - 1] != '\n')) {
      int n = from.readUntil((byte) '\n', line, length, most - length);
      if (n < 0) {
        break;
      }
      length += n;
    }
    return new String(line, 0, length, US_ASCII);
  }

  @Test
  void showsWhatComesNextWithoutTakingIt() throws Exception {
    between(
        server -> send(server, "prefix and more"),
        client -> {
          assertEquals("pre", new String(client.peek(3), US_ASCII));
          assertEquals("prefix", new String(client.peek(6), US_ASCII));
          assertTrue(client.input().available() >= 6);
          assertEquals("prefix and more", receiveAll(client));
          assertEquals(0, client.peek(1).length, "the end has come");
        });
  }

  @Test
  void showsLessWhereTheInputEndsBefore() throws Exception {
    between(
        server -> send(server, "ab"),
        client -> {
          assertEquals("ab", new String(client.peek(10), US_ASCII));
          assertEquals("ab", receiveAll(client));
        });
  }

  @Test
  void takesNothingForNothing() throws Exception {
    between(
        ByteConformance::echo,
        client -> {
          assertEquals(0, client.input().read(new byte[0]));
          client.output().write(new byte[0]);
          client.output().flush();
          send(client, "x");
          assertEquals("x", receive(client, 1));
          assertThrows(
              IndexOutOfBoundsException.class, () -> client.input().read(new byte[1], 1, 1));
        });
  }

  @Test
  void goesOnAfterAReadThatWasTooLate() throws Exception {
    between(
        server -> {
          assertEquals("now", receive(server, 3));
          send(server, "yes");
        },
        client -> {
          assertThrows(
              DeadlineExceededException.class,
              () -> Deadline.in(Duration.ofMillis(10)).call(() -> client.input().read()));
          send(client, "now");
          assertEquals("yes", receive(client, 3));
        });
  }

  @Test
  void refusesASecondReader() throws Exception {
    between(
        ByteConformance::echo,
        client -> {
          var one = start(() -> client.input().read());
          var other = start(() -> client.input().read());
          await("one of them is refused", () -> one.isDone() || other.isDone());
          var refused = one.isDone() ? one : other;
          assertThrows(ConnectionBusyException.class, () -> await(refused));
          send(client, "x");
          assertEquals('x', await(one.isCompletedExceptionally() ? other : one));
        });
  }

  @Test
  void knowsBothAddresses() throws Exception {
    var remote = new CompletableFuture<SocketAddress>();
    var local = new CompletableFuture<SocketAddress>();
    between(
        server -> {
          remote.complete(server.remoteAddress());
          local.complete(server.localAddress());
        },
        client -> {
          assertEquals(client.localAddress(), await(remote));
          assertEquals(client.remoteAddress(), await(local));
        });
  }

  @Test
  void isToldFromOthers() throws Exception {
    var ids = new CompletableFuture<Long>();
    between(
        server -> ids.complete(server.id()),
        client -> {
          assertNotEquals(await(ids), client.id());
          assertTrue(client.toString().contains("" + client.id()), client.toString());
          assertEquals(Optional.empty(), client.proxyHeader());
        });
  }

  @Test
  void keepsWhatIsAttachedToIt() throws Exception {
    AttachmentKey<String> key = AttachmentKey.of("name");
    between(
        server -> assertEquals(Optional.empty(), server.attachment(key)),
        client -> {
          assertEquals(Optional.empty(), client.attach(key, "one"));
          assertEquals(Optional.of("one"), client.attach(key, "two"));
          assertEquals(Optional.of("two"), client.attachment(key));
          assertEquals(Optional.of("two"), client.detach(key));
          assertEquals(Optional.empty(), client.attachment(key));
        });
  }
}
