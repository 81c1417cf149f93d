package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.DeadlineExceededException;
import io.plainweave.PeerState;
import io.plainweave.TruncatedMessageException;
import io.plainweave.internal.time.DeadlineWait;
import io.plainweave.internal.trace.Tap;
import io.plainweave.internal.trace.TappedTransport;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.PolledChannel;
import io.plainweave.internal.transport.Transport;
import io.plainweave.internal.transport.Turn;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a connection that have come and are not read yet, and the wait for more of them.
 * While it waits it holds no buffer of the pool: it borrows one when there are bytes for it.
 *
 * <p>It is a part of {@link ConnectionInput}, whose reading thread alone calls it, and its
 * superclass only so that a connection has one object less.
 */
abstract sealed class ReceivedBytes extends MessageState permits ConnectionInput {
  /**
   * How often a new connection gives way to other threads and looks again before it waits. Many a
   * short one is done by then, and has saved its registration with the poller.
   */
  private static final int LOOKS = 2;

  /** So many bytes are within every buffer. */
  static final int MOST_PEEKED = BufferPool.BUFFER_SIZE;

  private static final byte[] NONE = {};

  private static final AtomicReferenceFieldUpdater<ReceivedBytes, Transport> TRANSPORT =
      AtomicReferenceFieldUpdater.newUpdater(ReceivedBytes.class, Transport.class, "transport");

  /**
   * Replaced by the thread that reads, before it reads on; by any thread, with the same behind a
   * tap. Only {@link TappedTransport} writes it.
   */
  private volatile Transport transport;

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

  /** When its {@link Turn} began; only the reading thread touches it. */
  private int turnSince = Turn.NONE;

  /** How often it has looked so far; only the reading thread touches it. */
  private byte looks;

  /**
   * Whether the peer has finished; only the reading thread writes it. Others may see it a moment
   * late.
   */
  private boolean finished;

  ReceivedBytes(Wire connection, Transport transport) {
    super(connection);
    this.transport = transport;
  }

  /**
   * Reads by another transport from now on, which has to take over what is {@link #unread()};
   * called by the thread that has the input.
   */
  final void use(Transport next) {
    TappedTransport.use(TRANSPORT, this, next);
    moreToRead = true;
    passedOn(buffered());
    giveBack();
  }

  /** Reads by the channel from now on, behind these bytes, which have come too early. */
  final void usePlain(PolledChannel channel, byte[] early) {
    TappedTransport.use(TRANSPORT, this, channel);
    moreToRead = true;
    finished = false;
    if (early.length > 0) {
      bytes = ByteBuffer.wrap(early);
      received(early.length);
      TappedTransport.showReceived(transport, bytes);
    }
  }

  /** Lets a tap see what is read from now on; called by any thread. */
  final void add(Tap tap) {
    TappedTransport.add(TRANSPORT, this, tap);
  }

  final void remove(Tap tap) {
    TappedTransport.remove(TRANSPORT, this, tap);
  }

  /** What was received and not yet read, for a look at it; null if there is nothing. */
  public final @Nullable ByteBuffer unread() {
    return bytes;
  }

  /** Takes the input for the calling thread to look ahead; false if somebody has it. */
  abstract boolean beginLook();

  abstract void endLook();

  /** Whether no byte was read; those that were received may have been looked at. */
  final boolean isUntouched() {
    return received() == buffered();
  }

  /** Whether to read before a wait. */
  final boolean hasMoreToRead() {
    return moreToRead;
  }

  /** Whether the peer has finished, and that was read. */
  final boolean isFinishedByPeer() {
    return finished;
  }

  final void giveBack() {
    ByteBuffer from = bytes;
    if (from != null) {
      from.position(from.limit());
      releaseIfEmpty(from);
    }
  }

  /** Returns bytes to read, after a wait if there are none, or null at the end of input. */
  final @Nullable ByteBuffer fill() throws IOException {
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

  /**
   * Waits until so many bytes are there, or the input has ended, and returns a copy of them; they
   * stay to be read. The wait for the rest of what has begun to come counts as a message.
   */
  final byte[] fillTo(int count) throws IOException {
    ByteBuffer from = fill();
    if (from == null) {
      return NONE;
    }
    if (from.remaining() < count) {
      boolean begun = beginPeek(from.remaining());
      from = fillUp(from, count);
      if (begun) {
        endMessage();
      }
    }
    var peeked = new byte[Math.min(count, from.remaining())];
    from.get(from.position(), peeked);
    return peeked;
  }

  private ByteBuffer fillUp(ByteBuffer begun, int count) throws IOException {
    ByteBuffer from = begun;
    for (boolean again = false; from.remaining() < count; ) {
      if (!moreToRead) {
        from = keep(from);
      }
      if (!awaitBytes(again)) {
        break;
      }
      int before = from.remaining();
      from = receiveBehind(from);
      again = from.remaining() == before;
    }
    return from;
  }

  /** Keeps what has come without a buffer of the pool, while it waits for more. */
  private ByteBuffer keep(ByteBuffer from) {
    var kept = new byte[from.remaining()];
    from.get(kept);
    giveBack();
    bytes = ByteBuffer.wrap(kept);
    return bytes;
  }

  /** Receives more behind what has come, in a buffer with room for it. */
  private ByteBuffer receiveBehind(ByteBuffer from) throws IOException {
    BufferPool buffers = connection.buffers();
    ByteBuffer borrowed = buffers.take();
    ByteBuffer unused = borrowed;
    try {
      receiveNow(borrowed.put(from.duplicate()));
      unused = from;
      bytes = borrowed.flip();
    } finally {
      buffers.give(unused);
    }
    return bytes;
  }

  /**
   * Looks at what comes next, unless somebody reads, who sees it himself. What is there is kept for
   * the next read, as far as there is room for it. Any thread may do so.
   */
  final PeerState lookAhead() {
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

  /** Reads into the reader's own array; -1 at the end of input. */
  final int receive(ByteBuffer target) throws IOException {
    for (boolean again = false; awaitBytes(again); again = true) {
      int n = receiveNow(target);
      if (n > 0) {
        return n;
      }
    }
    return -1;
  }

  final void releaseIfEmpty(ByteBuffer from) {
    if (!from.hasRemaining()) {
      bytes = null;
      connection.buffers().give(from);
    }
  }

  /** How many bytes can be read without a wait, behind those that are here. */
  final int availableInTransport() throws IOException {
    return transport.available();
  }

  final int buffered() {
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
      } else if (moreToRead) {
        goOn();
      } else {
        turnSince = Turn.NONE;
        if (looks < LOOKS) {
          looks++;
          giveWay();
        } else if (DeadlineWait.isNeeded()) {
          connection.awaitUntilDeadline(transport::awaitReadable, connection.channel()::wakeReader);
        } else {
          // Here, and not in a method of its own, whose frame would be memory of every connection.
          transport.awaitReadable();
        }
      }
    } catch (IOException e) {
      goOnAfter(e, before == ConnectionActivity.IN_MESSAGE);
    } finally {
      endWait(before);
    }
    return true;
  }

  private void goOn() throws DeadlineExceededException {
    int since = turnSince;
    turnSince = connection.goOn(since);
    if (since != Turn.NONE && turnSince != since) {
      connection.failIfDeadlineIsOver();
    }
  }

  /** Reads what is there, perhaps nothing. */
  final int receiveNow(ByteBuffer target) throws IOException {
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
    return TappedTransport.under(transport) instanceof PolledChannel
        && connection.reason() instanceof CloseReason.PeerReset;
  }

  @SuppressWarnings("ThreadPriorityCheck") // it is about the order in a queue, not about time
  private static void giveWay() {
    Thread.yield();
  }
}
