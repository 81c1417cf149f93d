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
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The side of a connection that reads: the bytes from the peer, and what the drain and the time
 * limits must know of the wait for them.
 *
 * <p>Between two messages it holds a few bytes of buffer to wait on, and borrows a large buffer
 * only while there are bytes for it. It is for one thread at a time; a second one that waits is
 * told so.
 */
final class ConnectionInput extends InputStream {
  /**
   * What a connection waits on: enough for a small message in one read, little enough to be held by
   * a million.
   */
  private static final int PARK_SIZE = 128;

  /**
   * A plain stream has no message boundary that could be known: it waits for a message when nothing
   * has come for this long. One that has never sent anything waits from the beginning.
   */
  private static final int QUIET = 200 / Ticks.MILLIS;

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
  private final SocketChannel channel;

  /** The small buffer, made at the first wait; only the reading thread touches it. */
  private @Nullable ByteBuffer park;

  /**
   * Bytes not yet given to the reader, in {@link #park} or in a borrowed buffer; only the reading
   * thread touches it.
   */
  private @Nullable ByteBuffer bytes;

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

  ConnectionInput(SocketConnection connection, SocketChannel channel) {
    this.connection = connection;
    this.channel = channel;
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
    if (bytes == null && length >= PARK_SIZE) {
      return receive(ByteBuffer.wrap(target, offset, length));
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

  @Override
  public int available() throws IOException {
    return buffered() + availableInSocket();
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
    if (bytes == null && connection.isToldToFinish()) {
      // Here, between two messages, nothing is lost. The reaper might never find a busy connection
      // waiting.
      endedBy = new CloseReason.Drained();
      ACTIVITY.compareAndSet(this, WORKING, DRAINED);
    }
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
    ACTIVITY.compareAndSet(this, IN_MESSAGE, WORKING);
  }

  /**
   * From here on, what is read belongs to no message and is part of a conversation in two
   * directions.
   */
  void beginRelay() {
    endMessage();
    use = Use.RELAY;
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
    if (bytes != null) {
      return bytes;
    }
    if (park == null) {
      park = ByteBuffer.allocate(PARK_SIZE);
    }
    if (receive(park.clear()) < 0) {
      return null;
    }
    park.flip();
    bytes = park.remaining() == PARK_SIZE ? continueInLarge(park) : park;
    return bytes;
  }

  /**
   * Takes up what lies in the socket behind a full small buffer. It reads only what is there: a
   * wait would hold the large buffer.
   */
  private ByteBuffer continueInLarge(ByteBuffer small) throws IOException {
    if (availableInSocket() == 0) {
      return small;
    }
    ByteBuffer large = connection.buffers().take().put(small);
    // An end of input that comes right here is seen by the next wait.
    receiveNow(large);
    return large.flip();
  }

  private void releaseIfEmpty(ByteBuffer from) {
    if (!from.hasRemaining()) {
      bytes = null;
      // The small buffer is on the heap, the borrowed ones are not.
      if (from.isDirect()) {
        connection.buffers().give(from);
      }
    }
  }

  private int buffered() {
    return bytes == null ? 0 : bytes.remaining();
  }

  private int availableInSocket() throws IOException {
    // The only public way to ask the kernel (FIONREAD) for a channel of any kind.
    return channel.isOpen() ? Channels.newInputStream(channel).available() : 0;
  }

  /** Waits for bytes, and is the only place where a handler does; -1 at the end of input. */
  private int receive(ByteBuffer target) throws IOException {
    connection.flushOwnOutput();
    ConnectionActivity before = activity;
    CloseReason cutBy = cutMessage ? endedBy() : null;
    if (cutBy != null) {
      throw new ConnectionClosedException(connection, cutBy, null);
    }
    if (finished || before == DRAINED) {
      return -1;
    }
    ConnectionActivity during = before == WORKING ? WAITING : WAITING_IN_MESSAGE;
    boolean free = before == WORKING || before == IN_MESSAGE;
    // Before the step to WAITING, which publishes it: what came before is not the peer's silence.
    waitingSince = connection.now();
    if (!free || !ACTIVITY.compareAndSet(this, before, during)) {
      throw new ConnectionBusyException("reading from");
    }
    int n;
    try {
      n = receiveNow(target);
    } finally {
      // Fails if the input was ended meanwhile. What had arrived before that is still read.
      ACTIVITY.compareAndSet(this, during, before);
    }
    finished = n < 0 && activity != DRAINED;
    return n;
  }

  private int receiveNow(ByteBuffer target) throws IOException {
    try {
      int n = channel.read(target);
      if (n > 0) {
        received += n;
      }
      return n;
    } catch (IOException e) {
      throw connection.failed(e);
    }
  }

  /** Reads and drops until the peer has finished or the channel is closed. */
  void drop(int most) {
    ByteBuffer dropped = ByteBuffer.allocate(1024);
    try {
      for (int left = most; left > 0 && !finished; left -= dropped.position()) {
        finished = channel.read(dropped.clear()) < 0;
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
    if (!flows) {
      end(new CloseReason.Drained(), now);
    }
  }

  /** Ends the input if the handler waits for a message: it reads end of stream. */
  void end(CloseReason why, int now) {
    if (activity != WAITING) {
      return;
    }
    endedBy = why;
    endedAt = now;
    if (ACTIVITY.compareAndSet(this, WAITING, DRAINED)) {
      try {
        channel.shutdownInput();
      } catch (IOException resetOrClosed) {
        // The reader is awake anyway.
      }
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
