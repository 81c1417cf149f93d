package io.plainweave;

import static io.plainweave.ConnectionActivity.DRAINED;
import static io.plainweave.ConnectionActivity.IN_MESSAGE;
import static io.plainweave.ConnectionActivity.WAITING;
import static io.plainweave.ConnectionActivity.WAITING_IN_MESSAGE;
import static io.plainweave.ConnectionActivity.WORKING;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The side of a connection that reads: the bytes from the peer, and what the drain and the time
 * limits must know of the wait for them.
 *
 * <p>While it waits it holds no buffer: it borrows one when there are bytes for it. It is for one
 * thread at a time; a second one that waits is told so.
 */
final class ConnectionInput extends InputStream {
  /**
   * A plain stream has no message boundary that could be known: it waits for a message when nothing
   * has come for this long. A connection that has never sent anything waits for one when it has
   * been open for this long.
   */
  private static final int QUIET = 200 / Ticks.MILLIS;

  /**
   * How often a new connection gives way to other threads and looks again before it waits. Many a
   * short one is done by then, and has saved its registration with the poller.
   */
  private static final int LOOKS = 2;

  /** How the handler reads, which decides what the drain takes for a pause. */
  private enum Use {
    STREAM,
    MESSAGES,
    RELAY
  }

  private static final AtomicReferenceFieldUpdater<ConnectionInput, ConnectionActivity> ACTIVITY =
      AtomicReferenceFieldUpdater.newUpdater(
          ConnectionInput.class, ConnectionActivity.class, "activity");

  private final SocketConnection connection;

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

  /** How often it has looked so far; only the reading thread touches it. */
  private byte looks;

  /** Moved as {@link ConnectionActivity} tells. */
  private volatile ConnectionActivity activity = WORKING;

  /** Why the input was ended at this side; set before the step to DRAINED, which publishes it. */
  private @Nullable CloseReason endedBy;

  /**
   * Whether the input was ended when the message had just begun. Its rest must not look like an end
   * that the peer has made. Only the reading thread touches it.
   */
  private boolean cutMessage;

  // Written by the reading thread. The reaper may see them a moment late, which a time limit can
  // bear.
  private boolean finished;
  private Use use = Use.STREAM;
  private long received;
  private long receivedBeforeMessage;
  private int waitingSince;
  private int messageSince;

  /** The tick at which the input was ended at this side; written before the step to DRAINED. */
  private int endedAt;

  ConnectionInput(SocketConnection connection, Transport transport) {
    this.connection = connection;
    this.transport = transport;
    this.waitingSince = connection.openedAt();
  }

  // For the reader

  @Override
  public int read() throws IOException {
    ByteBuffer from = fill();
    if (from == null) {
      return -1;
    }
    int b = from.get() & 0xff;
    releaseIfEmpty(from);
    return b;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
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

  /** See {@link Connection#readUntil}. */
  int readUntil(byte last, byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    ByteBuffer from = fill();
    if (from == null) {
      return -1;
    }
    int n = ByteSearch.lengthThrough(last, from, Math.min(length, from.remaining()));
    from.get(target, offset, n);
    releaseIfEmpty(from);
    return n;
  }

  @Override
  public int available() throws IOException {
    return buffered() + transport.available();
  }

  @Override
  public long transferTo(OutputStream out) throws IOException {
    if (!(out instanceof ConnectionOutput output)) {
      return super.transferTo(out);
    }
    long total = 0;
    for (ByteBuffer from; (from = fill()) != null; ) {
      total += from.remaining();
      output.send(from);
      releaseIfEmpty(from);
    }
    return total;
  }

  /** See {@link Connection#awaitMessage()}. */
  boolean awaitMessage() throws IOException {
    use = Use.MESSAGES;
    endMessage();
    if (fill() == null) {
      return false;
    }
    receivedBeforeMessage = received - buffered();
    messageSince = connection.now();
    // If the input was ended in this very moment, the message is what had arrived before.
    cutMessage = !ACTIVITY.compareAndSet(this, WORKING, IN_MESSAGE);
    return true;
  }

  /** See {@link Connection#endMessage()}. */
  void endMessage() {
    cutMessage = false;
    if (activity == IN_MESSAGE) {
      ACTIVITY.compareAndSet(this, IN_MESSAGE, WORKING);
    }
  }

  /**
   * From here on, what is read belongs to no message and is part of a conversation in two
   * directions.
   */
  void beginRelay() {
    endMessage();
    use = Use.RELAY;
  }

  /** From here on the handler reads: what the preface has read is none of its bytes. */
  void beginHandler() {
    received = buffered();
    waitingSince = connection.now();
  }

  /** Reads by another transport from now on, which has to take over what is {@link #unread()}. */
  void use(Transport transport) {
    this.transport = transport;
    moreToRead = true;
    release();
  }

  /** What was received and not yet read, for a look at it; null if there is nothing. */
  @Nullable ByteBuffer unread() {
    return bytes;
  }

  /** Whether nothing is begun: no message is open, no byte is left, and nobody reads. */
  boolean isAtRest() {
    return activity == WORKING && bytes == null && !finished;
  }

  /** Whether there is nothing to read, not even the end of input; looks at the socket. */
  boolean isSilent() throws IOException {
    ByteBuffer none = connection.buffers().take();
    try {
      return receiveNow(none) == 0;
    } finally {
      connection.buffers().give(none);
    }
  }

  /** Gives back what is borrowed; called at the end of the connection. */
  void release() {
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
    ConnectionActivity before = activity;
    CloseReason cutBy = cutMessage ? endedBy() : null;
    if (cutBy != null) {
      throw new ConnectionClosedException(connection, cutBy, null);
    }
    if (finished || before == DRAINED) {
      return false;
    }
    ConnectionActivity during = before == WORKING ? WAITING : WAITING_IN_MESSAGE;
    boolean free = before == WORKING || before == IN_MESSAGE;
    // Before the step to WAITING, which publishes it: what came before is not the peer's silence.
    if (!again) {
      waitingSince = connection.now();
    }
    if (!free || !ACTIVITY.compareAndSet(this, before, during)) {
      throw new ConnectionBusyException("reading from");
    }
    try {
      if (during == WAITING && use == Use.MESSAGES && connection.isToldToFinish()) {
        // The reaper might never find a busy connection waiting. Here, between two messages,
        // nothing is cut; what has come is still read, so that its sender need not send it
        // again.
        end(new CloseReason.Drained(), waitingSince);
      } else if (!moreToRead) {
        waitOrLook();
      }
    } catch (IOException e) {
      throw connection.failed(e);
    } finally {
      // Fails if the input was ended meanwhile. What had arrived before that is still read.
      ACTIVITY.compareAndSet(this, during, before);
    }
    return true;
  }

  @SuppressWarnings("ThreadPriorityCheck") // it is about the order in a queue, not about time
  private void waitOrLook() throws IOException {
    if (looks < LOOKS) {
      looks++;
      Thread.yield();
    } else {
      transport.awaitReadable();
    }
  }

  /** Reads what is there, perhaps nothing. */
  private int receiveNow(ByteBuffer target) throws IOException {
    try {
      int n = transport.read(target);
      if (n > 0) {
        received += n;
      }
      finished = n < 0;
      // A full buffer means that there may be more. Otherwise the socket was emptied, and a read
      // before the next wait would find nothing.
      moreToRead = !target.hasRemaining();
      flowing = n >= BufferPool.BUFFER_SIZE;
      return n;
    } catch (IOException e) {
      throw connection.failed(e);
    }
  }

  /** Reads and drops until the peer has finished or the channel is closed. */
  void drop(int most) {
    // However the bytes travel, nobody reads them any more.
    PolledChannel channel = connection.channel();
    try {
      for (int left = most; left > 0 && !finished; ) {
        if (!moreToRead) {
          channel.awaitReadable();
        }
        // What becomes of the connection now is no failure: its reason to end is known.
        ByteBuffer dropped = connection.buffers().take();
        try {
          int n = channel.read(dropped);
          finished = n < 0;
          moreToRead = !dropped.hasRemaining();
          left -= n;
        } finally {
          connection.buffers().give(dropped);
        }
      }
    } catch (IOException resetOrClosed) {
      finished = true;
    }
  }

  // For the reaper

  /** Ends the input if the handler waits for a message, because the server drains. */
  void drain(ConnectionOutput output, int now) {
    boolean receives = received > 0 && now - waitingSince < QUIET;
    boolean flows =
        switch (use) {
          case STREAM -> receives;
          case MESSAGES -> false;
          // The reply that is on its way might be cut by an upstream that reads end of stream.
          case RELAY -> receives || output.isSending() || now - output.lastSent() < QUIET;
        };
    if (!flows && !isNew(now)) {
      end(new CloseReason.Drained(), now);
    }
  }

  /**
   * Whether it is too early to tell what the peer wants: a client that connects to a server which
   * begins to drain in that moment has its first message on the way, and so has one whose handshake
   * is just complete. The first tick may come at once.
   */
  boolean isNew(int now) {
    return received == 0 && now - connection.phaseSince <= QUIET;
  }

  /** Ends the input if the handler waits for a message: it reads end of stream. */
  void end(CloseReason why, int now) {
    if (activity != WAITING) {
      return;
    }
    endedBy = why;
    endedAt = now;
    if (ACTIVITY.compareAndSet(this, WAITING, DRAINED)) {
      connection.channel().wakeReader();
    }
  }

  ConnectionActivity activity() {
    return activity;
  }

  /** Why the input was ended at this side, or null if it was not. */
  @Nullable CloseReason endedBy() {
    return activity == DRAINED ? endedBy : null;
  }

  int endedAt() {
    return endedAt;
  }

  /** The tick at which the wait for input began. */
  int waitingSince() {
    return waitingSince;
  }

  int messageSince() {
    return messageSince;
  }

  long receivedInMessage() {
    return received - receivedBeforeMessage;
  }

  long received() {
    return received;
  }
}
