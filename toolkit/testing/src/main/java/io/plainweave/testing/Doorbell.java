package io.plainweave.testing;

import io.plainweave.internal.transport.Polled;
import io.plainweave.internal.transport.SelfPipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Lets a poller come whose selector knows no channels in memory: a pipe that it looks at, and the
 * channels for which it is rung. There is one for each selector, until that is closed.
 */
final class Doorbell implements Polled {
  private final Selector selector;
  private final SelfPipe pipe;
  private final Queue<MemoryKey> waiting = new ConcurrentLinkedQueue<>();

  private Doorbell(Selector selector, SelfPipe pipe) {
    this.selector = selector;
    this.pipe = pipe;
  }

  /** Opens one; called by the thread of the poller. */
  static Doorbell at(Selector selector) throws IOException {
    var opened = new Doorbell(selector, SelfPipe.open());
    boolean complete = false;
    try {
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
    if (!isOver()) {
      pipe.wake();
    }
  }

  @Override
  public void ready(int operations) {
    pipe.ready(operations);
    // Those that ring meanwhile have their turn in the next round, as with any other channel.
    for (int left = waiting.size(); left > 0; left--) {
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
    try {
      pipe.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
