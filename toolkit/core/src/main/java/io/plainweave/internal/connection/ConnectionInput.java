package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.DeadlineExceededException;
import io.plainweave.PeerState;
import io.plainweave.TruncatedMessageException;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.PolledChannel;
import io.plainweave.internal.transport.Transport;
import io.plainweave.internal.transport.Turn;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The side of a connection that reads: the bytes from the peer. What the drain and the time limits
 * must know of the wait for them is in {@link MessageState}.
 *
 * <p>While it waits it holds no buffer: it borrows one when there are bytes for it. It is for one
 * thread at a time, and a second one is told so: a call takes the input and leaves it again, so
 * that a borrowed buffer has one user, who alone gives it back. A close takes nothing from a thread
 * that reads: it marks the input as CLOSED and wakes that thread, which gives back what it has and
 * fails.
 */
public final class ConnectionInput extends MessageState {
  /**
   * How often a new connection gives way to other threads and looks again before it waits. Many a
   * short one is done by then, and has saved its registration with the poller.
   */
  private static final int LOOKS = 2;

  /** Replaced by the thread that reads, before it reads on. */
  private Transport transport;

  /**
   * Bytes not yet given to the reader, in a borrowed buffer; only the reading thread touches it.
   */
  private @Nullable ByteBuffer bytes;

  /**
   * Whether to read before a wait: the last read may have left something, or there was none. Only
   * the reading thread touches it.
   */
  private boolean moreToRead = true;

  /** Whether the last read has brought much; only the reading thread touches it. */
  private boolean flowing;

  /**
   * Whether the last read has brought less than it had room for: who reads so takes all that is
   * there, and keeps what it does not need yet. Only the reading thread touches it.
   */
  private boolean readsAhead;

  /** When its {@link Turn} began; only the reading thread touches it. */
  private int turnSince = Turn.NONE;

  /** How often it has looked so far; only the reading thread touches it. */
  private byte looks;

  /**
   * Whether the peer has finished; only the reading thread writes it. Others may see it a moment
   * late.
   */
  private boolean finished;

  ConnectionInput(Wire connection, Transport transport) {
    super(connection);
    this.transport = transport;
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
    if (bytes == null && length >= BufferPool.BUFFER_SIZE) {
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

  @Override
  public int available() throws IOException {
    // What a read will not bring, since the input was ended at this side, is not available.
    return activity() == ConnectionActivity.DRAINED
        ? buffered()
        : buffered() + transport.available();
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

  /** From here on the handler reads: what the handshake has read is none of its bytes. */
  void beginHandler() {
    beginHandler(buffered());
  }

  /**
   * Reads by another transport from now on, which has to take over what is {@link #unread()};
   * called by the thread that has the input.
   */
  void use(Transport transport) {
    this.transport = transport;
    moreToRead = true;
    giveBack();
  }

  /** What was received and not yet read, for a look at it; null if there is nothing. */
  public @Nullable ByteBuffer unread() {
    return bytes;
  }

  /** Whether the last reader may keep bytes that it has not needed yet. */
  boolean readsAhead() {
    return readsAhead;
  }

  /** Whether nothing is begun: no message is open, no byte is left, and nobody reads. */
  public boolean isAtRest() {
    return isFree() && activity() == ConnectionActivity.WORKING && bytes == null && !finished;
  }

  /** Whether to read before a wait. */
  boolean hasMoreToRead() {
    return moreToRead;
  }

  /** Whether the peer has finished, and that was read. */
  boolean isFinishedByPeer() {
    return finished;
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
   * Looks at what comes next, unless somebody reads, who sees it himself. What is there is kept for
   * the next read, as far as there is room for it. Any thread may do so.
   */
  PeerState lookAhead() {
    PeerState seen = PeerState.OPEN;
    if (beginLook()) {
      // Who asks may be interrupted, which is none of the connection's business.
      boolean wasInterrupted = Thread.interrupted();
      try {
        // Behind the end the kernel tells of a reset to a write only (tcp_recvmsg).
        if (!finished && mayLookAhead()) {
          seen = readAhead();
        }
      } finally {
        endLook();
        if (wasInterrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }
    return finished ? PeerState.FINISHED : seen;
  }

  private PeerState readAhead() {
    BufferPool buffers = connection.buffers();
    ByteBuffer room = bytes == null ? buffers.take() : bytes.compact();
    try {
      int n = transport.read(room);
      if (n >= 0 || !isEndInDoubt()) {
        receivedAhead(n);
        finished = n < 0;
        moreToRead = !room.hasRemaining();
      }
    } catch (IOException e) {
      return failedToLook(e);
    } finally {
      bytes = room.flip();
      releaseIfEmpty(room);
    }
    return PeerState.OPEN;
  }

  private PeerState failedToLook(IOException e) {
    if (e instanceof TruncatedMessageException) {
      return PeerState.FINISHED; // whoever reads meets it again
    }
    if (!(e instanceof InterruptedIOException)) {
      IOException _ = connection.failed(e);
    }
    return PeerState.OPEN;
  }

  /**
   * Ends the use of the input, when its connection has ended, and gives back what is borrowed. What
   * a thread has that is in a call at this moment is left to that thread, or to the collector.
   *
   * @return whether nobody else uses it, now or later
   */
  boolean release() {
    closeForGood();
    boolean taken = takeForGood();
    if (taken) {
      giveBack();
    }
    return taken;
  }

  private void giveBack() {
    ByteBuffer from = bytes;
    if (from != null) {
      from.position(from.limit());
      releaseIfEmpty(from);
    }
  }

  /** Returns bytes to read, after a wait if there are none, or null at the end of input. */
  private @Nullable ByteBuffer fill() throws IOException {
    for (boolean again = false; bytes == null && awaitBytes(again); again = true) {
      BufferPool buffers = connection.buffers();
      ByteBuffer borrowed = flowing ? buffers.takeLarge() : buffers.take();
      try {
        if (receiveNow(borrowed) > 0) {
          bytes = borrowed.flip();
        }
      } finally {
        if (bytes == null) {
          buffers.give(borrowed);
        }
      }
    }
    return bytes;
  }

  /** Reads into the reader's own array; -1 at the end of input. */
  private int receive(ByteBuffer target) throws IOException {
    for (boolean again = false; awaitBytes(again); again = true) {
      int n = receiveNow(target);
      if (n > 0) {
        return n;
      }
    }
    return -1;
  }

  private void releaseIfEmpty(ByteBuffer from) {
    if (!from.hasRemaining()) {
      bytes = null;
      connection.buffers().give(from);
    }
  }

  private int buffered() {
    return bytes == null ? 0 : bytes.remaining();
  }

  /**
   * Waits until there may be bytes to read, and is the only place where a handler does; false at
   * the end of input.
   *
   * @param again whether it goes on with a wait after which there was nothing to read: a peer must
   *     not be able to put off a time limit without a byte for the handler
   */
  private boolean awaitBytes(boolean again) throws IOException {
    connection.flushOwnOutput();
    failIfCut();
    if (finished) {
      return false;
    }
    ConnectionActivity before = beginWait(again);
    if (before == null) {
      return false;
    }
    try {
      if (awaitsMessage(before) && connection.isToFinish()) {
        // The reaper might never find a busy connection waiting. Here, between two messages,
        // nothing is cut; what has come is still read, so that its sender need not send it
        // again.
        end(new CloseReason.Drained(), waitingSince());
      } else if (!moreToRead) {
        waitOrLook();
        turnSince = Turn.NONE;
      } else {
        goOn();
      }
    } catch (IOException e) {
      goOnAfter(e, before == ConnectionActivity.IN_MESSAGE);
    } finally {
      endWait(before);
    }
    return true;
  }

  private void waitOrLook() throws IOException {
    if (looks < LOOKS) {
      looks++;
      giveWay();
    } else if (DeadlineWait.isNeeded()) {
      connection.awaitUntilDeadline(transport::awaitReadable, connection.channel()::wakeReader);
    } else {
      transport.awaitReadable();
    }
  }

  private void goOn() throws DeadlineExceededException {
    int since = turnSince;
    turnSince = connection.goOn(since);
    if (since != Turn.NONE && turnSince != since) {
      connection.failIfDeadlineIsOver();
    }
  }

  /** Reads what is there, perhaps nothing. */
  private int receiveNow(ByteBuffer target) throws IOException {
    int n;
    try {
      n = transport.read(target);
      if (n < 0 && isEndInDoubt()) {
        throw new IOException("after a failed write the end of the input may be none");
      }
    } catch (IOException e) {
      goOnAfter(e, activity() == ConnectionActivity.IN_MESSAGE);
      return 0;
    }
    // After the read: a linger drops bytes behind this mark only, so that a handler never reads on
    // behind a hole.
    failIfClosed();
    received(n);
    finished = n < 0;
    // A full buffer means that there may be more. Otherwise the socket was emptied, and a read
    // before the next wait would find nothing.
    moreToRead = !target.hasRemaining();
    flowing = n >= BufferPool.BUFFER_SIZE;
    return n;
  }

  /**
   * The kernel tells of a reset once. If the writer was told, the input ends as if the peer had
   * finished it; in TLS there is close_notify to tell the two apart.
   */
  private boolean isEndInDoubt() {
    return transport instanceof PolledChannel
        && connection.reason() instanceof CloseReason.PeerReset;
  }

  @SuppressWarnings("ThreadPriorityCheck") // it is about the order in a queue, not about time
  private static void giveWay() {
    Thread.yield();
  }
}
