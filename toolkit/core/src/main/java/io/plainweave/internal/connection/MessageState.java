package io.plainweave.internal.connection;

import static io.plainweave.internal.connection.ConnectionActivity.CLOSED;
import static io.plainweave.internal.connection.ConnectionActivity.DRAINED;
import static io.plainweave.internal.connection.ConnectionActivity.IN_MESSAGE;
import static io.plainweave.internal.connection.ConnectionActivity.WAITING;
import static io.plainweave.internal.connection.ConnectionActivity.WAITING_IN_MESSAGE;
import static io.plainweave.internal.connection.ConnectionActivity.WORKING;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionClosedException;
import io.plainweave.internal.time.Ticks;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * Where the reading side of a connection stands: between two messages or in one, waiting or at
 * work, and since when. The reading thread moves it; the drain and the time limits look at it, and
 * end the input where nothing is cut.
 *
 * <p>It is a part of {@link ConnectionInput}, and its superclass only so that a connection has one
 * object less.
 */
abstract sealed class MessageState extends InputStream permits ReceivedBytes {
  /**
   * A plain stream has no message boundary that could be known: it waits for a message when nothing
   * has come for this long. A connection that has never sent anything waits for one when it has
   * been open for this long.
   */
  private static final int QUIET = 200 / Ticks.MILLIS;

  private static final int NO_MESSAGE = -1;

  /** How the handler reads, which decides what the drain takes for a pause. */
  private enum Use {
    STREAM,
    MESSAGES,
    RELAY
  }

  private static final AtomicReferenceFieldUpdater<MessageState, ConnectionActivity> ACTIVITY =
      AtomicReferenceFieldUpdater.newUpdater(
          MessageState.class, ConnectionActivity.class, "activity");

  final Wire connection;

  /** Moved as {@link ConnectionActivity} draws it. */
  private volatile ConnectionActivity activity = WORKING;

  /** Why the input was ended at this side; set before the step to DRAINED, which publishes it. */
  private @Nullable CloseReason endedBy;

  /**
   * Whether the input was ended before it was closed; set by any thread that closes it, before the
   * step to CLOSED.
   */
  private boolean endedBeforeClose;

  /**
   * Whether the input was ended when the message had just begun. Its rest must not look like an end
   * that the peer has made. Only the reading thread touches it.
   */
  private boolean cutMessage;

  // Written by the reading thread. The reaper may see them a moment late, which a time limit can
  // bear.
  private Use use = Use.STREAM;
  private long received;
  private long receivedBeforeMessage = NO_MESSAGE;
  private int waitingSince;
  private int messageSince;

  /** The tick at which the input was ended at this side; written before the step to DRAINED. */
  private int endedAt;

  MessageState(Wire connection) {
    this.connection = connection;
    this.waitingSince = connection.openedAt();
  }

  // For the reading thread

  /** The handler marks its messages. What it has read so far belongs to none that is open. */
  final void readsMessages() {
    use = Use.MESSAGES;
    endMessage();
  }

  /**
   * A message has begun, with the first byte that the handler gets.
   *
   * @param buffered how many bytes were received that are not read yet
   */
  final void beginMessage(int buffered) {
    receivedBeforeMessage = received - buffered;
    messageSince = connection.now();
    enterMessage();
  }

  /** If the input was ended in this very moment, the message is what had arrived before. */
  private void enterMessage() {
    cutMessage = !ACTIVITY.compareAndSet(this, WORKING, IN_MESSAGE);
  }

  /**
   * What a peek waits for has begun to come. It is a message until {@link #endMessage()}, unless
   * the handler is in one already. Its time runs on where the same bytes are peeked at again: a
   * peer must not get more of it because the handler looks at them one by one.
   *
   * @param buffered how many bytes were received that are not read yet
   * @return whether it is a message of its own
   */
  final boolean beginPeek(int buffered) {
    if (activity == IN_MESSAGE) {
      return false;
    }
    long before = received - buffered;
    if (before != receivedBeforeMessage) {
      receivedBeforeMessage = before;
      messageSince = connection.now();
    }
    enterMessage();
    return true;
  }

  /**
   * What was received and not read has become a part of a TLS handshake, and is none of the bytes
   * of the handler.
   *
   * @param buffered how many bytes that are
   */
  final void passedOn(int buffered) {
    received -= buffered;
    receivedBeforeMessage = NO_MESSAGE;
  }

  /** See {@link io.plainweave.Connection#endMessage()}. */
  final void endMessage() {
    cutMessage = false;
    if (activity == IN_MESSAGE) {
      ACTIVITY.compareAndSet(this, IN_MESSAGE, WORKING);
    }
  }

  /**
   * From here on, what is read belongs to no message and is part of a conversation in two
   * directions.
   */
  final void beginRelay() {
    endMessage();
    use = Use.RELAY;
  }

  /** From here on the handler reads, and what is buffered are its first bytes. */
  final void beginHandler(int buffered) {
    received = buffered;
    waitingSince = connection.now();
  }

  /** Fails if the connection was closed, or its input ended in the middle of a message. */
  final void failIfCut() throws ConnectionClosedException {
    failIfClosed();
    CloseReason cutBy = cutMessage ? endedBy() : null;
    if (cutBy != null) {
      throw new ConnectionClosedException(connection, cutBy, null);
    }
  }

  final void failIfClosed() throws ConnectionClosedException {
    if (isClosed()) {
      throw connection.closed(null);
    }
  }

  /**
   * Steps into a wait for bytes.
   *
   * @param again whether it goes on with a wait after which there was nothing to read
   * @return where it came from, for {@link #endWait}; null if the input was ended
   */
  final @Nullable ConnectionActivity beginWait(boolean again) throws ConnectionClosedException {
    ConnectionActivity before = activity;
    if (before == DRAINED) {
      return null;
    }
    // Before the step to WAITING, which publishes it: what came before is not the peer's silence.
    if (!again) {
      waitingSince = connection.now();
    }
    ConnectionActivity during = before == WORKING ? WAITING : WAITING_IN_MESSAGE;
    if (before == CLOSED || !ACTIVITY.compareAndSet(this, before, during)) {
      throw connection.closed(null);
    }
    return before;
  }

  /** Steps out of a wait. */
  final void endWait(ConnectionActivity before) {
    // Fails if the input was ended meanwhile. What had arrived before that is still read.
    ACTIVITY.compareAndSet(this, before == WORKING ? WAITING : WAITING_IN_MESSAGE, before);
  }

  /** Whether a wait that began there is one for the first byte of a marked message. */
  final boolean awaitsMessage(ConnectionActivity before) {
    return before == WORKING && use == Use.MESSAGES;
  }

  /** Counts what was received, if anything was. */
  public final void received(int count) {
    if (count > 0) {
      received += count;
    }
  }

  // For all threads

  /**
   * Lets every read fail from now on, one that has begun among them: it gets no byte that comes
   * behind those that a linger drops. Waits for nobody.
   */
  final void closeForGood() {
    if (activity == DRAINED) {
      endedBeforeClose = true;
    }
    activity = CLOSED;
    connection.channel().endReading();
  }

  final boolean isClosed() {
    return activity == CLOSED;
  }

  // For the reaper

  /** Ends the input if the handler waits for a message, because the server drains. */
  final void drain(SendState output, int now) {
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
  final boolean isNew(int now) {
    return received == 0 && now - connection.phaseSince <= QUIET;
  }

  /** Ends the input if the handler waits for a message: it reads end of stream. */
  final void end(CloseReason why, int now) {
    if (activity != WAITING) {
      return;
    }
    endedBy = why;
    endedAt = now;
    if (ACTIVITY.compareAndSet(this, WAITING, DRAINED)) {
      connection.channel().wakeReader();
    }
  }

  public final ConnectionActivity activity() {
    return activity;
  }

  /** Why the input was ended at this side, or null if it was not. */
  public final @Nullable CloseReason endedBy() {
    ConnectionActivity now = activity;
    return now == DRAINED || (now == CLOSED && endedBeforeClose) ? endedBy : null;
  }

  final int endedAt() {
    return endedAt;
  }

  /** The tick at which the wait for input began. */
  final int waitingSince() {
    return waitingSince;
  }

  final int messageSince() {
    return messageSince;
  }

  /**
   * Whether the message that is open, of a handler that marks none, is a peek at the first bytes of
   * the peer: what it speaks is not known yet, so that this is still a part of the handshake.
   */
  final boolean isOpening() {
    return use == Use.STREAM && receivedBeforeMessage == 0;
  }

  final long receivedInMessage() {
    return received - receivedBeforeMessage;
  }

  public final long received() {
    return received;
  }
}
