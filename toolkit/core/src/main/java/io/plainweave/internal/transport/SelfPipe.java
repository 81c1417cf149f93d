package io.plainweave.internal.transport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ends the wait of a poller: a byte in a pipe at which its selector looks as well, see select(2) on
 * the self-pipe trick.
 *
 * <p>{@link java.nio.channels.Selector#wakeup()} does the same, and takes a monitor for it, which
 * the selector takes as well when it has woken. A virtual thread that waits for a monitor is woken
 * by a thread of the JDK, the only one for all, which calls our scheduler, which has to wake its
 * poller: that thread would wait for the monitor in turn, behind the one that it is to wake, and
 * both for ever. So whatever a scheduler does takes no monitor, and here nobody waits for another.
 */
public final class SelfPipe implements Polled {
  private final Pipe pipe;

  /** Of one byte, whose value does not matter; touched by the one thread that writes. */
  private final ByteBuffer output = ByteBuffer.allocateDirect(1);

  /** Touched by the poller's thread only. Bytes that it has no room for wake the poller again. */
  private final ByteBuffer input = ByteBuffer.allocateDirect(16);

  /**
   * Whether a byte is on its way of which the poller has not heard. Whoever writes sets it before
   * the byte; the poller clears it after it has read one, and looks at what there is to do after
   * that.
   */
  private volatile boolean pending;

  /** How many threads want to wake the poller: the first one writes, for the others as well. */
  private final AtomicInteger wakers = new AtomicInteger();

  /** With a pipe that may stand for one of the kernel. */
  SelfPipe(Pipe pipe) {
    this.pipe = pipe;
  }

  public static SelfPipe open() throws IOException {
    var opened = new SelfPipe(Pipe.open());
    boolean complete = false;
    try {
      opened.pipe.sink().configureBlocking(false);
      opened.pipe.source().configureBlocking(false);
      complete = true;
      return opened;
    } finally {
      if (!complete) {
        opened.close();
      }
    }
  }

  /** What is ready for reading while a byte is in the pipe. */
  public SelectableChannel source() {
    return pipe.source();
  }

  /**
   * Ends the wait of the poller, or its next one. What was done before is seen by it after that.
   */
  public void wake() {
    // Who sees that a byte is pending has done its part before the poller takes note of that byte.
    if (pending || wakers.getAndIncrement() > 0) {
      return;
    }
    int served = 1;
    do {
      boolean written = false;
      try {
        pending = true;
        write();
        written = true;
      } finally {
        if (!written) {
          // For want of memory: the next one tries again.
          pending = false;
          wakers.set(0);
        }
      }
      served = wakers.addAndGet(-served);
    } while (served > 0);
  }

  private void write() {
    try {
      // Nothing is written if the pipe is full: then there is a byte to wake the poller.
      int _ = pipe.sink().write(output.clear());
    } catch (ClosedChannelException e) {
      // The poller has ended, and wakes nobody any more.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Takes note of the wake-up: one that comes from now on is another one. */
  @Override
  public void ready(int operations) {
    try {
      int _ = pipe.source().read(input.clear());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      pending = false;
    }
  }

  /** Closes the pipe; its descriptors are closed when the selector is, too. */
  public void close() throws IOException {
    try (var _ = pipe.sink();
        var _ = pipe.source()) {
      // in this order, whatever fails
    }
  }
}
