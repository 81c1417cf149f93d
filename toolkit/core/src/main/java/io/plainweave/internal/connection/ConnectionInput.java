package io.plainweave.internal.connection;

import io.plainweave.ConnectionBusyException;
import io.plainweave.ConnectionClosedException;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.ByteSearch;
import io.plainweave.internal.transport.Transport;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * The side of a connection that reads: the bytes from the peer. What has come and the wait for more
 * are in {@link ReceivedBytes}; what the drain and the time limits must know of that wait is in
 * {@link MessageState}.
 *
 * <p>It is for one thread at a time, and a second one is told so: a call takes the input and leaves
 * it again, so that a borrowed buffer has one user, who alone gives it back. A close takes nothing
 * from a thread that reads: it marks the input as CLOSED and wakes that thread, which gives back
 * what it has and fails.
 */
public final class ConnectionInput extends ReceivedBytes {
  private static final AtomicIntegerFieldUpdater<ConnectionInput> USERS =
      AtomicIntegerFieldUpdater.newUpdater(ConnectionInput.class, "users");

  // What users is.
  private static final int FREE = 0;
  private static final int READING = 1;
  private static final int LOOKING = 2;

  /**
   * READING while a thread is in a call that reads, and for good after {@link #release()}; LOOKING
   * for a moment while one looks ahead; otherwise FREE.
   */
  private volatile int users;

  /**
   * Whether the last read has brought less than it had room for: who reads so takes all that is
   * there, and keeps what it does not need yet. Only the reading thread touches it.
   */
  private boolean readsAhead;

  ConnectionInput(Wire connection, Transport transport) {
    super(connection, transport);
  }

  // Who uses it

  /** Takes the input for the calling thread, which has to {@linkplain #leave() leave} it. */
  @SuppressWarnings("ThreadPriorityCheck") // it is about the order in a queue, not about time
  void enter() throws IOException {
    while (!USERS.compareAndSet(this, FREE, READING)) {
      if (users == READING) {
        failIfClosed();
        throw new ConnectionBusyException("reading from");
      }
      Thread.yield(); // who looks ahead is on his way out
    }
    try {
      failIfClosed();
    } catch (ConnectionClosedException e) {
      leave();
      throw e;
    }
  }

  void leave() {
    restoreInterrupt();
    USERS.lazySet(this, FREE);
  }

  @Override
  boolean beginLook() {
    return USERS.compareAndSet(this, FREE, LOOKING);
  }

  @Override
  void endLook() {
    USERS.lazySet(this, FREE);
  }

  // For the reader

  @Override
  public int read() throws IOException {
    enter();
    try {
      ByteBuffer from = fill();
      if (from == null) {
        return -1;
      }
      int b = from.get() & 0xff;
      readsAhead = false;
      releaseIfEmpty(from);
      return b;
    } finally {
      leave();
    }
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    enter();
    try {
      int n = readSome(target, offset, length);
      readsAhead = n > 0 && n < length;
      return n;
    } finally {
      leave();
    }
  }

  private int readSome(byte[] target, int offset, int length) throws IOException {
    if (unread() == null && length >= BufferPool.BUFFER_SIZE) {
      return receive(
          ByteBuffer.wrap(target, offset, Math.min(length, BufferPool.LARGE_BUFFER_SIZE)));
    }
    ByteBuffer from = fill();
    if (from == null) {
      return -1;
    }
    int n = Math.min(length, from.remaining());
    from.get(target, offset, n);
    releaseIfEmpty(from);
    return n;
  }

  /** See {@link io.plainweave.Connection#readUntil}. */
  int readUntil(byte last, byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    enter();
    try {
      ByteBuffer from = fill();
      if (from == null) {
        return -1;
      }
      int n = ByteSearch.lengthThrough(last, from, Math.min(length, from.remaining()));
      readsAhead = false;
      from.get(target, offset, n);
      releaseIfEmpty(from);
      return n;
    } finally {
      leave();
    }
  }

  /** See {@link io.plainweave.Connection#peek}. */
  byte[] peek(int count) throws IOException {
    if (count < 1 || count > MOST_PEEKED) {
      throw new IllegalArgumentException(
          "a peek is at 1 to %,d bytes: %d".formatted(MOST_PEEKED, count));
    }
    enter();
    try {
      return fillTo(count);
    } finally {
      leave();
    }
  }

  @Override
  public int available() throws IOException {
    // What a read will not bring, since the input was ended at this side, is not available.
    return switch (activity()) {
      case CLOSED -> 0;
      case DRAINED -> buffered();
      default -> buffered() + availableInTransport();
    };
  }

  @Override
  public long transferTo(OutputStream out) throws IOException {
    if (!(out instanceof ConnectionOutput output)) {
      return super.transferTo(out);
    }
    enter();
    try {
      long total = 0;
      for (ByteBuffer from; (from = fill()) != null; ) {
        total += from.remaining();
        output.send(from);
        releaseIfEmpty(from);
      }
      return total;
    } finally {
      leave();
    }
  }

  /** See {@link io.plainweave.Connection#awaitMessage()}. */
  boolean awaitMessage() throws IOException {
    enter();
    try {
      readsMessages();
      if (fill() == null) {
        return false;
      }
      beginMessage(buffered());
      return true;
    } finally {
      leave();
    }
  }

  /** See {@link io.plainweave.Duplex#beginMessage()}. */
  void beginMessage() throws IOException {
    enter();
    try {
      readsMessages();
      beginMessage(buffered());
    } finally {
      leave();
    }
  }

  /** From here on the handler reads: what the handshake has read is none of its bytes. */
  void beginHandler() {
    beginHandler(buffered());
  }

  /** Whether the last reader may keep bytes that it has not needed yet. */
  boolean readsAhead() {
    return readsAhead;
  }

  /** Whether nothing is begun: no message is open, no byte is left, and nobody reads. */
  public boolean isAtRest() {
    return users == FREE
        && activity() == ConnectionActivity.WORKING
        && unread() == null
        && !isFinishedByPeer();
  }

  /** Whether no thread is in a call at this moment. */
  boolean isFree() {
    return users == FREE;
  }

  /** Whether there is nothing to read, not even the end of input; looks at the socket. */
  public boolean isSilent() throws IOException {
    enter();
    ByteBuffer none = connection.buffers().take();
    try {
      return receiveNow(none) == 0;
    } finally {
      connection.buffers().give(none);
      leave();
    }
  }

  /**
   * Ends the use of the input, when its connection has ended, and gives back what is borrowed. What
   * a thread has that is in a call at this moment is left to that thread, or to the collector.
   *
   * @return whether nobody else uses it, now or later
   */
  boolean release() {
    closeForGood();
    boolean taken = USERS.compareAndSet(this, FREE, READING); // and for good
    if (taken) {
      giveBack();
    }
    return taken;
  }
}
