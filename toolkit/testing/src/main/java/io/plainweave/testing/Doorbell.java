package io.plainweave.testing;

import io.plainweave.internal.transport.Polled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Lets a poller come whose selector knows no channels in memory: a pipe that it looks at, and the
 * channels for which it is rung. There is one for each selector, until that is closed.
 */
final class Doorbell implements Polled {
  private final Selector selector;
  private final Pipe pipe;
  private final Queue<MemoryKey> waiting = new ConcurrentLinkedQueue<>();

  /** Whether a byte is in the pipe, or about to be. */
  private final AtomicBoolean rung = new AtomicBoolean();

  private Doorbell(Selector selector, Pipe pipe) {
    this.selector = selector;
    this.pipe = pipe;
  }

  /** Opens one; called by the thread of the poller. */
  static Doorbell at(Selector selector) throws IOException {
    var opened = new Doorbell(selector, Pipe.open());
    boolean complete = false;
    try {
      opened.pipe.sink().configureBlocking(false);
      opened.pipe.source().configureBlocking(false);
      opened.pipe.source().register(selector, SelectionKey.OP_READ, opened);
      complete = true;
      return opened;
    } finally {
      if (!complete) {
        opened.close();
      }
    }
  }

  Selector selector() {
    return selector;
  }

  /** Lets the poller come for a channel. */
  void ring(MemoryKey key) {
    waiting.add(key);
    if (rung.compareAndSet(false, true)) {
      try {
        int _ = pipe.sink().write(ByteBuffer.allocate(1));
      } catch (ClosedChannelException e) {
        // Its poller has ended.
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public void ready(int operations) {
    try {
      int _ = pipe.source().read(ByteBuffer.allocate(16));
    } catch (ClosedChannelException e) {
      return; // its poller ends
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    rung.set(false);
    // Those that ring meanwhile have their turn in the next round, as with any other channel.
    int count = waiting.size();
    for (int i = 0; i < count; i++) {
      MemoryKey key = waiting.poll();
      if (key != null) {
        answer(key);
      }
    }
  }

  private static void answer(MemoryKey key) {
    try {
      key.answer();
    } catch (CancelledKeyException closedMeanwhile) {
      // Its threads were woken when it was closed.
    }
  }

  /** Whether its poller has ended. */
  boolean isOver() {
    return !selector.isOpen();
  }

  /** Closes the pipe, when its poller has ended. */
  void close() {
    try (var _ = pipe.sink();
        var _ = pipe.source()) {
      // in this order, whatever fails
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
