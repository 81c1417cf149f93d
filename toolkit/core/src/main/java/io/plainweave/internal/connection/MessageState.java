package io.plainweave.internal.connection;

import static io.plainweave.internal.connection.ConnectionActivity.CLOSED;
import static io.plainweave.internal.connection.ConnectionActivity.DRAINED;
import static io.plainweave.internal.connection.ConnectionActivity.IN_MESSAGE;
import static io.plainweave.internal.connection.ConnectionActivity.WAITING;
import static io.plainweave.internal.connection.ConnectionActivity.WAITING_IN_MESSAGE;
import static io.plainweave.internal.connection.ConnectionActivity.WORKING;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionClosedException;
import io.plainweave.DeadlineExceededException;
import io.plainweave.TimeLimits;
import io.plainweave.internal.thread.ForkedTask;
import io.plainweave.internal.time.Ticks;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
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

  private static final AtomicReferenceFieldUpdater<MessageState, @Nullable CloseReason> ENDED_BY =
      AtomicReferenceFieldUpdater.newUpdater(MessageState.class, CloseReason.class, "endedBy");

  final Wire connection;

  /** Moved as {@link ConnectionActivity} draws it. */
  private volatile ConnectionActivity activity = WORKING;

  /**
   * Why the input was ended at this side, from the step to DRAINED on, or from that of a reader who
   * cuts a message. Who wants to take such a step sets it before, from null by compare-and-set, and
   * takes it back if the step fails: so nobody else can take the step meanwhile, and the reason is
   * that of who has taken it.
   */
  private volatile @Nullable CloseReason endedBy;

  /**
   * Whether the input was ended before it was closed, or by that; set by any thread that closes it,
   * before the step to CLOSED.
   */
  private boolean endedBeforeClose;

  /**
   * Whether the input was ended when the message had just begun. Its rest must not look like an end
   * that the peer has made. Only the reading thread touches it.
   */
  private boolean cutMessage;

  // What a wait that was ended before a byte came has left behind, in bits of one byte.

  /**
   * An interrupt: the reader is spared it in the middle of a message, and finds it when it leaves.
   */
  private static final int INTERRUPT = 1;

  /** The time for which it has lasted: the next wait goes on with it. */
  private static final int TIME = 2;

  /** Only the reading thread touches it, or who looks ahead. */
  private byte left;

  // Written by the reading thread. The reaper may see them a moment late, which a time limit can
  // bear.
  private Use use = Use.STREAM;
  private long received;
  private long receivedBeforeMessage = NO_MESSAGE;

  /** When the wait has begun, or, if that is over, when the latest bytes have come. */
  private int waitingSince;

  /**
   * When the message has begun; between two messages, when a wait was ended that goes on with the
   * next one. Both are ticks that time limits can bear to see for each other.
   */
  private int messageSince;

  /** The tick at which the input was ended at this side; written by who has set the reason. */
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
    if (activity == IN_MESSAGE
        && ACTIVITY.compareAndSet(this, IN_MESSAGE, WORKING)
        && use == Use.MESSAGES) {
      connection.messageEnded(messageSince);
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
      throw closed();
    }
  }

  /** What a read throws where it may get no byte any more, though the output may still be open. */
  private ConnectionClosedException closed() {
    CloseReason cutBy = connection.reason() == null ? endedBy() : null;
    return cutBy == null
        ? connection.closed(null)
        : new ConnectionClosedException(connection, cutBy, null);
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
    if ((left & TIME) != 0) {
      left &= ~TIME;
      waitingSince += connection.now() - messageSince;
    } else if (!again) {
      waitingSince = connection.now();
    }
    ConnectionActivity during = before == WORKING ? WAITING : WAITING_IN_MESSAGE;
    if (before == CLOSED || !ACTIVITY.compareAndSet(this, before, during)) {
      throw closed();
    }
    return before;
  }

  /** Steps out of a wait. */
  final void endWait(ConnectionActivity before) {
    // Fails if the input was ended meanwhile. What had arrived before that is still read.
    ACTIVITY.compareAndSet(this, before == WORKING ? WAITING : WAITING_IN_MESSAGE, before);
  }

  /**
   * Sorts a failure of a wait, or of a read that has taken nothing. A thread whose deadline has
   * passed, or that is cancelled because it is not needed any more, leaves the connection as it is
   * between two messages. In the middle of one, the former ends the input, and the latter reads on.
   *
   * @throws IOException unless it is to go on
   */
  final void goOnAfter(IOException failure, boolean inMessage) throws IOException {
    boolean late = failure instanceof DeadlineExceededException;
    boolean cancelled =
        failure instanceof InterruptedIOException && ForkedTask.isCurrentCancelledInOrder();
    if (!inMessage && (cancelled || late)) {
      messageSince = connection.now();
      left |= TIME;
      throw failure;
    }
    if (late) {
      endInMessage(new CloseReason.TimedOut(TimeLimits.Kind.DEADLINE));
      throw failure;
    }
    if (!cancelled) {
      throw connection.failed(failure);
    }
    if (Thread.interrupted()) {
      left |= INTERRUPT;
    }
  }

  /** Gives the reading thread, which leaves, the interrupt that it was spared. */
  final void restoreInterrupt() {
    if ((left & INTERRUPT) != 0) {
      left &= ~INTERRUPT;
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Ends the input in the middle of a message that the reading thread has waited for: nobody gets
   * another byte, for nobody could tell where the next message begins. The output stays open.
   */
  @SuppressWarnings("ThreadPriorityCheck") // the reaper is on its way out
  private void endInMessage(CloseReason why) throws ConnectionClosedException {
    while (!ENDED_BY.compareAndSet(this, null, why)) {
      Thread.yield(); // the reaper has come too late for a step to DRAINED, and takes it back
    }
    endedAt = connection.now();
    endedBeforeClose = true;
    if (!ACTIVITY.compareAndSet(this, WAITING_IN_MESSAGE, CLOSED)) {
      // Another thread has closed the connection meanwhile, which is why it ends.
      endedBeforeClose = false;
      endedBy = null;
      throw closed();
    }
  }

  /** Whether a wait that began there is one for the first byte of a marked message. */
  final boolean awaitsMessage(ConnectionActivity before) {
    return before == WORKING && use == Use.MESSAGES;
  }

  /** Counts what was received, if anything was. */
  public final void received(int count) {
    if (count > 0) {
      if (received == 0) {
        connection.firstBytesCame();
      }
      received += count;
      waitingSince = connection.now();
    }
  }

  /** Counts what was received by a look ahead, without a wait. */
  final void receivedAhead(int count) {
    received(count);
    if (count > 0) {
      left &= ~TIME;
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

  /** Whether what comes now is for the reader: the input was not ended at this side. */
  final boolean mayLookAhead() {
    ConnectionActivity now = activity;
    return now == WORKING || now == IN_MESSAGE;
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

  /**
   * Ends the input if the handler waits for a message: it reads end of stream.
   *
   * @return false if it does not wait, or somebody else ends the input at this moment
   */
  final boolean end(CloseReason why, int now) {
    if (activity != WAITING || !ENDED_BY.compareAndSet(this, null, why)) {
      return false;
    }
    endedAt = now;
    if (!ACTIVITY.compareAndSet(this, WAITING, DRAINED)) {
      endedBy = null;
      return false;
    }
    connection.channel().wakeReader();
    return true;
  }

  public final ConnectionActivity activity() {
    return activity;
  }

  /** Why the input was ended at this side, or null if it was not. */
  public final @Nullable CloseReason endedBy() {
    ConnectionActivity now = activity;
    return now == DRAINED || (now == CLOSED && endedBeforeClose) ? endedBy : null;
  }

  public final int endedAt() {
    return endedAt;
  }

  /** The tick at which the wait for input began, or the one at which bytes came that ended it. */
  public final int waitingSince() {
    return waitingSince;
  }

  public final int messageSince() {
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
