package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionBusyException;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.Transport;
import io.plainweave.internal.transport.Turn;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The side of a connection that writes: the bytes to the peer. What the time limits must know of it
 * is in {@link SendState}.
 *
 * <p>Small writes are collected in a borrowed buffer, which is given back as soon as it is sent. It
 * is for one thread at a time, and a second one is told so: a call takes the output and leaves it
 * again, so that the buffer has one user, who alone gives it back. A close from another thread
 * takes the output for good; where it cannot, because somebody is writing, it leaves the buffer
 * alone.
 */
public final class ConnectionOutput extends SendState {
  /** Each time that so many bytes are full, a power of two, it may be time to give way. */
  private static final int LOOK_AT_CLOCK = 16 * 1024;

  private static final AtomicReferenceFieldUpdater<ConnectionOutput, @Nullable Thread> CLOSER =
      AtomicReferenceFieldUpdater.newUpdater(ConnectionOutput.class, Thread.class, "closer");

  /** Replaced by the thread that writes, before it writes on. */
  private Transport transport;

  /** The thread that closes the connection; set once, by itself. All others must not write on. */
  private volatile @Nullable Thread closer;

  /** Bytes not yet sent, if any; only the thread that has taken the output touches it. */
  private @Nullable ByteBuffer pending;

  /**
   * The thread that has written what is pending. The reading thread compares it with itself: it
   * finds itself here only if it wrote it, so the comparison needs no lock.
   */
  private @Nullable Thread writer;

  /** When its {@link Turn} began; only the thread that has taken the output touches it. */
  private int turnSince = Turn.NONE;

  /** Whether a close has stopped a write; only the thread that has taken the output touches it. */
  private boolean cut;

  ConnectionOutput(Wire connection, Transport transport) {
    super(connection);
    this.transport = transport;
  }

  // For the writer

  @Override
  public void write(int b) throws IOException {
    enter();
    try {
      ByteBuffer to = room();
      to.put((byte) b);
      if (!to.hasRemaining()) {
        flushPending();
      }
    } finally {
      leave();
    }
  }

  @Override
  public void write(byte[] source, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, source.length);
    enter();
    try {
      if (length >= BufferPool.BUFFER_SIZE) {
        sendInSlices(ByteBuffer.wrap(source, offset, length));
        return;
      }
      int done = 0;
      while (done < length) {
        ByteBuffer to = room();
        int n = Math.min(length - done, to.remaining());
        to.put(source, offset + done, n);
        done += n;
        if (!to.hasRemaining()) {
          flushPending();
        }
      }
    } finally {
      leave();
    }
  }

  @Override
  public void flush() throws IOException {
    enter();
    try {
      flushPending();
    } finally {
      leave();
    }
  }

  /**
   * Finishes the output of the connection, as {@link io.plainweave.Connection#finishOutput()} does.
   */
  @Override
  public void close() throws IOException {
    if (isFinished()) {
      return;
    }
    enter();
    try {
      flushPending();
      finish();
    } finally {
      leave();
    }
  }

  /** Sends all of the bytes, behind what is pending. */
  void send(ByteBuffer source) throws IOException {
    enter();
    try {
      flushPending();
      sendNow(source);
    } finally {
      leave();
    }
  }

  /**
   * Flushes what the calling thread has written; what another thread is writing is that thread's
   * business.
   */
  void flushOwn() throws IOException {
    if (hasOwnPending()) {
      flush();
    }
  }

  /** Takes the output for the calling thread, which has to {@linkplain #leave() leave} it. */
  void enter() throws IOException {
    boolean taken = USE.compareAndSet(this, FREE, TAKEN);
    if (isClosed()) {
      if (taken) {
        leave();
      }
      throw connection.closed(null);
    }
    if (!taken) {
      throw new ConnectionBusyException("writing to");
    }
  }

  void leave() {
    USE.lazySet(this, FREE);
  }

  /**
   * Writes by another transport from now on; what is pending was flushed. Called by the thread that
   * has taken the output.
   */
  void use(Transport transport) {
    this.transport = transport;
  }

  // For the close, by any thread

  /** Drops what is pending, unless another thread is writing. */
  void drop() {
    if (USE.compareAndSet(this, FREE, TAKEN)) {
      dropPending();
      leave();
    }
  }

  /**
   * Takes the output for good, if no message is cut by that, and sends what is pending first. A
   * write of another thread that need not wait for room is let finish; one that has to fails. What
   * a thread that lives on has written and not flushed may be the half of a message.
   *
   * @param flushOthers whether that is flushed all the same: nobody goes on with it
   * @return false if a message is cut, or another thread closes already
   */
  @SuppressWarnings("ThreadPriorityCheck") // the other thread is on its way out
  boolean closeForGood(boolean flushOthers) throws IOException {
    if (!CLOSER.compareAndSet(this, null, Thread.currentThread())) {
      return false;
    }
    // A writer looks at the closer before each transfer, and when it is woken: it leaves soon. A
    // timed wait for that would need memory.
    connection.channel().wakeWriter();
    while (!USE.compareAndSet(this, FREE, TAKEN)) {
      if (use == CLOSED) {
        return false; // its handler has ended meanwhile
      }
      Thread.yield();
    }
    boolean whole = !cut && (pending == null || flushOthers || hasOwnPending());
    try {
      if (whole) {
        flushPending();
      }
    } finally {
      dropPending();
      use = CLOSED;
    }
    return whole;
  }

  /** Finishes the output that was closed for good. */
  void finishClosed() throws IOException {
    if (!isFinished()) {
      finish();
    }
  }

  /** Whether the connection was closed, or is being closed. */
  boolean isClosed() {
    return closer != null;
  }

  /**
   * Ends the use of the output, when its connection has ended, and gives back what is borrowed.
   * What a thread has that is in a call at this moment is left to that thread, or to the collector.
   */
  void release() {
    CLOSER.compareAndSet(this, null, Thread.currentThread());
    if (USE.compareAndSet(this, FREE, CLOSED)) {
      dropPending();
    }
  }

  // For the thread that has taken the output

  private void flushPending() throws IOException {
    ByteBuffer full = pending;
    if (full != null) {
      long sentBefore = sent();
      try {
        sendNow(full.flip());
      } finally {
        dropPending();
      }
      goOn(sentBefore);
    }
  }

  private void dropPending() {
    ByteBuffer full = pending;
    if (full != null) {
      pending = null;
      writer = null;
      connection.buffers().give(full);
    }
  }

  @SuppressWarnings("ReferenceEquality") // a thread is itself only
  private boolean hasOwnPending() {
    return writer == Thread.currentThread();
  }

  /** Sends FIN; over TLS, it may have to wait for room. */
  private void finish() throws IOException {
    int now = connection.now();
    finishAt(now);
    int before = use;
    USE.lazySet(this, before | SENDING);
    try {
      for (; !transport.finishOutput(); now = connection.now()) {
        awaitRoom(now);
      }
    } catch (IOException e) {
      throw connection.failed(e);
    } finally {
      USE.lazySet(this, before);
    }
  }

  private ByteBuffer room() throws IOException {
    ByteBuffer to = pending;
    if (to == null) {
      ensureNotFinished();
      to = connection.buffers().take();
      pending = to;
      writer = Thread.currentThread();
    }
    return to;
  }

  /**
   * The JDK copies a heap buffer to a native one of the same size at each attempt: large ones go in
   * slices.
   */
  private void sendInSlices(ByteBuffer source) throws IOException {
    flushPending();
    int end = source.limit();
    while (source.position() < end) {
      source.limit(Math.min(end, source.position() + BufferPool.LARGE_BUFFER_SIZE));
      long sentBefore = sent();
      sendNow(source);
      goOn(sentBefore);
    }
  }

  /**
   * Gives way at times, since a socket that has room for all that is written lets nobody wait. For
   * small messages it does not look at the clock each time.
   */
  private void goOn(long sentBefore) throws IOException {
    if ((sent() ^ sentBefore) >= LOOK_AT_CLOCK) {
      int since = turnSince;
      turnSince = connection.goOn(since);
      if (turnSince != since && DeadlineWait.isOver()) {
        throw connection.failed(connection.deadlineExceeded());
      }
    }
  }

  private void sendNow(ByteBuffer source) throws IOException {
    ensureNotFinished();
    sentAt(connection.now());
    boolean interrupted = false;
    USE.lazySet(this, TAKEN | SENDING);
    try {
      while (source.hasRemaining() || transport.hasUnsent()) {
        cutIfClosed();
        try {
          moveSome(source);
        } catch (InterruptedIOException e) {
          if (connection.isCutByInterrupt()) {
            throw e;
          }
          // What became of this thread must not cut a message to this peer, whose time limits end
          // what takes too long.
          interrupted |= Thread.interrupted();
        }
      }
    } catch (IOException e) {
      throw connection.failed(e);
    } finally {
      USE.lazySet(this, TAKEN);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Fails if another thread closes the connection: what is left of the message is not sent. */
  @SuppressWarnings("ReferenceEquality") // a thread is itself only
  private void cutIfClosed() throws IOException {
    Thread by = closer;
    if (by != null && by != Thread.currentThread()) {
      cut = true;
      connection.endWith(new CloseReason.Aborted());
      throw connection.closed(null);
    }
  }

  /** Sends what there is room for, or waits for room. */
  private void moveSome(ByteBuffer source) throws IOException {
    int now = connection.now();
    int before = source.remaining();
    boolean moves = transport.write(source) > 0;
    sent(before - source.remaining());
    if (moves) {
      sentAt(now);
    } else if (source.hasRemaining() || transport.hasUnsent()) {
      awaitRoom(now);
    }
  }

  /**
   * Waits for room.
   *
   * @param triedAt the tick, noted before it, of the write for which there was none
   */
  private void awaitRoom(int triedAt) throws IOException {
    fullAt(triedAt);
    if (DeadlineWait.isNeeded()) {
      connection.awaitUntilDeadline(transport::awaitWritable, connection.channel()::wakeWriter);
    } else {
      transport.awaitWritable();
    }
  }

  void ensureNotFinished() throws IOException {
    if (isFinished()) {
      throw new IOException("the output is finished: nothing can be written after finishOutput()");
    }
  }

  /** Whether everything was sent, and more can be. */
  public boolean isAtRest() {
    return pending == null && use == FREE && !isFinished();
  }
}
