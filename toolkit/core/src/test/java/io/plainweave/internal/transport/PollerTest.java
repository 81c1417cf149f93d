package io.plainweave.internal.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.ConnectionBusyException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A poller")
@Timeout(20)
class PollerTest {
  private Poller poller;
  private Thread pollerThread;
  private CompletableFuture<Void> pollerEnd;
  private SocketChannel peer;
  private SocketChannel accepted;
  private PolledChannel channel;

  @BeforeEach
  void connect() throws Exception {
    poller = Poller.open(Thread.ofVirtual().factory());
    pollerEnd = new CompletableFuture<>();
    pollerThread =
        Thread.startVirtualThread(() -> {
          try {
            poller.call();
            pollerEnd.complete(null);
          } catch (Throwable e) {
            pollerEnd.completeExceptionally(e);
          }
        });
    try (var listener = ServerSocketChannel.open()) {
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      peer = SocketChannel.open(listener.getLocalAddress());
      accepted = listener.accept();
    }
    channel = new PolledChannel(accepted, poller);
    channel.prepare();
  }

  @AfterEach
  void close() throws Exception {
    peer.close();
    channel.close();
    poller.stop();
    pollerEnd.get(10, TimeUnit.SECONDS);
    assertFalse(accepted.isRegistered());
  }

  @Test
  void wakesTheReaderWhenThereAreBytes() throws Exception {
    var read = inThread(() -> read(5));
    awaitIdle(read);
    send("hello");
    assertEquals("hello", read.result());
    // The registration is kept: a second wait uses it.
    var again = inThread(() -> read(5));
    awaitIdle(again);
    send("again");
    assertEquals("again", again.result());
  }

  @Test
  void wakesTheReaderAtTheEndOfInput() throws Exception {
    var read = inThread(() -> read(1));
    awaitIdle(read);
    peer.shutdownOutput();
    assertEquals("end", read.result());
  }

  @Test
  void isIdleWhileNobodyReadsWhatHasCome() throws Exception {
    var first = inThread(() -> read(5));
    awaitIdle(first);
    send("hello, and more");
    assertEquals("hello", first.result());
    // Ten bytes lie in the socket. A poller that looked for them would never wait again.
    awaitWaiting(pollerThread);
    // What the thread that comes back for them waits for is there already.
    var second =
        inThread(() -> {
          channel.awaitReadable();
          return read(10);
        });
    assertEquals(", and more", second.result());
  }

  @Test
  void wakesTheWriterWhenThereIsRoom() throws Exception {
    accepted.setOption(StandardSocketOptions.SO_SNDBUF, 4096);
    var full = ByteBuffer.allocate(1 << 22);
    // The kernel moves bytes on to the peer's end until that is full, too.
    await().during(Duration.ofMillis(100)).until(() -> channel.write(full) == 0);
    int sent = full.position();
    var write =
        inThread(() -> {
          channel.awaitWritable();
          return "room for " + Math.min(1, channel.write(full));
        });
    awaitIdle(write);
    var received = ByteBuffer.allocate(sent);
    while (received.hasRemaining()) {
      peer.read(received);
    }
    assertEquals("room for 1", write.result());
    // There is room now, and nobody who wants it.
    awaitWaiting(pollerThread);
  }

  @Test
  void keepsAReaderWaitingWhileAWriterIsWoken() throws Exception {
    var read = inThread(() -> read(2));
    awaitIdle(read);
    var write =
        inThread(() -> {
          channel.awaitWritable();
          return "room";
        });
    assertEquals("room", write.result());
    awaitIdle(read);
    send("ok");
    assertEquals("ok", read.result());
  }

  @Test
  void endsAWaitWhenTheChannelIsClosedAndGivesTheDescriptorBack() throws Exception {
    var read = inThread(() -> read(1));
    awaitIdle(read);
    channel.close();
    assertInstanceOf(ClosedChannelException.class, read.failure());
    await().until(() -> !accepted.isRegistered());
    assertEquals(-1, peer.read(ByteBuffer.allocate(1)));
  }

  @Test
  void endsTheWaitOfAThreadThatIsInterrupted() throws Exception {
    var read = inThread(() -> read(1));
    awaitIdle(read);
    read.thread().interrupt();
    assertInstanceOf(InterruptedIOException.class, read.failure());
    assertTrue(channel.isOpen());
  }

  @Test
  void readsNothingInAThreadThatWasInterruptedBefore() throws Exception {
    send("hello");
    var read =
        inThread(() -> {
          Thread.currentThread().interrupt();
          return read(5);
        });
    assertInstanceOf(InterruptedIOException.class, read.failure());
    assertEquals("hello", read(5));
  }

  @Test
  void letsTheReaderLookAgain() throws Exception {
    var look =
        inThread(() -> {
          channel.awaitReadable();
          return "looked";
        });
    awaitIdle(look);
    channel.wakeReader();
    assertEquals("looked", look.result());
  }

  @Test
  @Timeout(60)
  void losesNoWakeUp() throws Exception {
    // Each round has its one cause and its one wake-up, at any moment of the step into the wait.
    int rounds = 100_000;
    var caused = new AtomicInteger();
    var seen = new AtomicInteger();
    var reader =
        inThread(() -> {
          while (seen.get() < rounds) {
            if (seen.get() < caused.get()) {
              seen.incrementAndGet();
            } else {
              channel.awaitReadable();
            }
          }
          return "seen";
        });
    for (int round = 1; round <= rounds; round++) {
      caused.set(round);
      channel.wakeReader();
      while (seen.get() < round) {
        Thread.onSpinWait();
      }
    }
    assertEquals("seen", reader.result());
  }

  @Test
  void wakesAReaderThatBeginsToWaitWhenReadingHasEnded() throws Exception {
    channel.endReading();
    channel.awaitReadable(); // consumes the wake-up
    channel.awaitReadable(); // needs none
    var linger =
        inThread(() -> {
          channel.awaitPeersEnd();
          return read(1);
        });
    awaitIdle(linger);
    channel.awaitReadable();
    peer.shutdownOutput();
    assertEquals("end", linger.result());
  }

  @Test
  void refusesASecondReaderThatWaits() throws Exception {
    var first = inThread(() -> read(1));
    awaitIdle(first);
    assertThrows(ConnectionBusyException.class, channel::awaitReadable);
    send("x");
    assertEquals("x", first.result());
  }

  @Test
  void refusesAWaitAfterItsEnd() throws Exception {
    poller.stop();
    pollerEnd.get(10, TimeUnit.SECONDS);
    assertThrows(ClosedChannelException.class, channel::awaitReadable);
  }

  private interface Step {
    String run() throws IOException;
  }

  /** A step in a virtual thread of its own. */
  private record Running(Thread thread, FutureTask<String> task) {
    String result() throws Exception {
      return task.get(10, TimeUnit.SECONDS);
    }

    Throwable failure() {
      return assertThrows(ExecutionException.class, () -> task.get(10, TimeUnit.SECONDS))
          .getCause();
    }
  }

  private static Running inThread(Step step) {
    var task = new FutureTask<>(step::run);
    return new Running(Thread.startVirtualThread(task), task);
  }

  /** Waits until neither the step nor the poller has anything to do. */
  private void awaitIdle(Running step) {
    awaitWaiting(step.thread());
    awaitWaiting(pollerThread);
  }

  private static void awaitWaiting(Thread thread) {
    await().during(Duration.ofMillis(50)).until(() -> waits(thread));
  }

  /** With another selector than epoll or kqueue a virtual thread waits in the kernel. */
  private static boolean waits(Thread thread) {
    StackTraceElement[] stack = thread.getStackTrace();
    return thread.getState() == Thread.State.WAITING
        || (stack.length > 0 && stack[0].isNativeMethod());
  }

  private void send(String text) throws IOException {
    peer.write(ByteBuffer.wrap(text.getBytes(US_ASCII)));
  }

  private String read(int length) throws IOException {
    var target = ByteBuffer.allocate(length);
    while (target.hasRemaining()) {
      int n = channel.read(target);
      if (n < 0) {
        return "end";
      }
      if (n == 0) {
        channel.awaitReadable();
      }
    }
    return new String(target.array(), US_ASCII);
  }
}
