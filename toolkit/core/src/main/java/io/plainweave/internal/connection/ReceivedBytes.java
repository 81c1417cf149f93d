package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.PolledChannel;
import io.plainweave.internal.transport.Transport;
import io.plainweave.internal.transport.Turn;
import java.io.IOException;
import java.nio.ByteBuffer;
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
  final void use(Transport transport) {
    this.transport = transport;
    moreToRead = true;
    passedOn(buffered());
    giveBack();
  }

  /** Reads by the channel from now on, behind these bytes, which have come too early. */
  final void usePlain(PolledChannel channel, byte[] early) {
    transport = channel;
    moreToRead = true;
    finished = false;
    if (early.length > 0) {
      bytes = ByteBuffer.wrap(early);
      received(early.length);
    }
  }

  /** What was received and not yet read, for a look at it; null if there is nothing. */
  public final @Nullable ByteBuffer unread() {
    return bytes;
  }

  /** Whether no byte was read; those that were received may have been looked at. */
  final boolean isUntouched() {
    return received() == buffered();
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
      } else if (!moreToRead) {
        waitOrLook();
        turnSince = Turn.NONE;
      } else {
        turnSince = connection.goOn(turnSince);
      }
    } catch (IOException e) {
      throw connection.failed(e);
    } finally {
      endWait(before);
    }
    return true;
  }

  private void waitOrLook() throws IOException {
    if (looks < LOOKS) {
      looks++;
      giveWay();
    } else {
      transport.awaitReadable();
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
      throw connection.failed(e);
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

  /**
   * Reads and drops until the peer has finished or the channel is closed. However fast bytes come,
   * only the time is limited: a peer in the middle of a large request does not look for an early
   * reply before it has sent it all. Called behind {@link #closeForGood()}, so that nobody else
   * reads.
   */
  final void drop() {
    // However the bytes travel, nobody reads them any more.
    PolledChannel channel = connection.channel();
    // Most peers send nothing more: a large buffer is for those that do.
    boolean much = false;
    try {
      while (!finished) {
        if (!moreToRead) {
          channel.awaitPeersEnd();
        } else {
          turnSince = connection.goOn(turnSince);
        }
        // What becomes of the connection now is no failure: its reason to end is known.
        BufferPool buffers = connection.buffers();
        ByteBuffer dropped = much ? buffers.takeLarge() : buffers.take();
        try {
          finished = channel.read(dropped) < 0;
          much = !dropped.hasRemaining();
          moreToRead = much;
        } finally {
          buffers.give(dropped);
        }
      }
    } catch (IOException resetOrClosed) {
      finished = true;
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // it is about the order in a queue, not about time
  private static void giveWay() {
    Thread.yield();
  }
}
