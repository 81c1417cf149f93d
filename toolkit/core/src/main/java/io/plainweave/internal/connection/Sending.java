package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.internal.time.DeadlineWait;
import io.plainweave.internal.trace.Tap;
import io.plainweave.internal.trace.TappedTransport;
import io.plainweave.internal.transport.Mover;
import io.plainweave.internal.transport.Transport;
import io.plainweave.internal.transport.Turn;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * How what is written moves to the peer, and waits for room: the same for bytes, several buffers
 * and files.
 *
 * <p>It is a part of {@link ConnectionOutput}, and its superclass only so that a connection has one
 * object less. But for the fields of others, only the thread that has taken the output calls it.
 */
abstract sealed class Sending extends SendState permits ConnectionOutput {
  /** Each time that so many bytes are full, a power of two, it may be time to give way. */
  private static final int LOOK_AT_CLOCK = 16 * 1024;

  static final AtomicReferenceFieldUpdater<Sending, @Nullable Thread> CLOSER =
      AtomicReferenceFieldUpdater.newUpdater(Sending.class, Thread.class, "closer");

  private static final AtomicReferenceFieldUpdater<Sending, Transport> TRANSPORT =
      AtomicReferenceFieldUpdater.newUpdater(Sending.class, Transport.class, "transport");

  final Wire connection;

  /**
   * Replaced by the thread that writes, before it writes on; by any thread, with the same behind a
   * tap. Only {@link TappedTransport} writes it.
   */
  private volatile Transport transport;

  /** The thread that closes the connection; set once, by itself. All others must not write on. */
  private volatile @Nullable Thread closer;

  /** When its {@link Turn} began; only the thread that has taken the output touches it. */
  private int turnSince = Turn.NONE;

  /** Whether a close has stopped a write; only the thread that has taken the output touches it. */
  private boolean cut;

  Sending(Wire connection, Transport transport) {
    super(connection.openedAt());
    this.connection = connection;
    this.transport = transport;
  }

  /**
   * Writes by another transport from now on; what is pending was flushed. Called by the thread that
   * has taken the output.
   */
  final void use(Transport next) {
    TappedTransport.use(TRANSPORT, this, next);
  }

  /** Lets a tap see what is written from now on; called by any thread. */
  final void add(Tap tap) {
    TappedTransport.add(TRANSPORT, this, tap);
  }

  final void remove(Tap tap) {
    TappedTransport.remove(TRANSPORT, this, tap);
  }

  /** Those who look at this connection now, as a rule nobody; not to be modified. */
  final Tap[] taps() {
    return TappedTransport.taps(transport);
  }

  /** By what it writes. */
  final Transport transport() {
    return transport;
  }

  /** Whether a close has stopped a write. */
  final boolean wasCut() {
    return cut;
  }

  /** Waits until there may be room, behind all that was written. */
  final void awaitRoom() throws IOException {
    ensureNotFinished();
    int now = connection.now();
    sentAt(now);
    boolean interrupted = false;
    USE.lazySet(this, TAKEN | SENDING);
    try {
      cutIfClosed();
      try {
        awaitRoom(now);
      } catch (InterruptedIOException e) {
        interrupted = takeInterrupt(e);
      }
      cutIfClosed();
    } catch (IOException e) {
      throw connection.failed(e);
    } finally {
      USE.lazySet(this, TAKEN);
      restoreInterrupt(interrupted);
    }
  }

  @Override
  final void wakeWriter() {
    connection.channel().wakeWriter();
  }

  /** Whether the connection was closed, or is being closed. */
  final boolean isClosed() {
    return closer != null;
  }

  /** Whether another thread than the calling one closes the connection, or has. */
  @SuppressWarnings("ReferenceEquality") // a thread is itself only
  final boolean isClosedByOther() {
    Thread by = closer;
    return by != null && by != Thread.currentThread();
  }

  /** Sends FIN; over TLS, it may have to wait for room. */
  final void finish() throws IOException {
    int now = connection.now();
    finishAt(now);
    int before = use;
    boolean interrupted = false;
    USE.lazySet(this, before | SENDING);
    try {
      for (boolean finished = false; !finished; now = connection.now()) {
        try {
          finished = transport.finishOutput();
          if (!finished) {
            awaitRoom(now);
          }
        } catch (InterruptedIOException e) {
          interrupted |= takeInterrupt(e);
        }
      }
    } catch (IOException e) {
      throw connection.failed(e);
    } finally {
      USE.lazySet(this, before);
      restoreInterrupt(interrupted);
    }
  }

  /**
   * Gives way at times, since a socket that has room for all that is written lets nobody wait. For
   * small messages it does not look at the clock each time.
   */
  final void goOn(long sentBefore) throws IOException {
    if ((sent() ^ sentBefore) >= LOOK_AT_CLOCK) {
      int since = turnSince;
      turnSince = connection.goOn(since);
      if (turnSince != since && DeadlineWait.isOver()) {
        throw connection.failed(connection.deadlineExceeded());
      }
    }
  }

  /** Sends all of a source, however long there is no room for it. */
  final <S> void sendNow(S source, Mover<S> mover) throws IOException {
    ensureNotFinished();
    sentAt(connection.now());
    boolean interrupted = false;
    USE.lazySet(this, TAKEN | SENDING);
    try {
      while (!mover.isOver(source) || transport.hasUnsent()) {
        cutIfClosed();
        try {
          moveSome(source, mover);
        } catch (InterruptedIOException e) {
          interrupted |= takeInterrupt(e);
        }
      }
    } catch (IOException e) {
      throw connection.failed(e);
    } finally {
      USE.lazySet(this, TAKEN);
      restoreInterrupt(interrupted);
    }
  }

  /**
   * Goes on in spite of an interrupt, unless it is to cut what is written here: what became of this
   * thread must not cut a message to this peer, whose time limits end what takes too long.
   *
   * @return whether there was one, for {@link #restoreInterrupt}
   */
  private boolean takeInterrupt(InterruptedIOException e) throws InterruptedIOException {
    if (connection.isCutByInterrupt()) {
      throw e;
    }
    return Thread.interrupted();
  }

  private static void restoreInterrupt(boolean interrupted) {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Fails if another thread closes the connection: what is left of the message is not sent. */
  private void cutIfClosed() throws IOException {
    if (isClosedByOther()) {
      cut = true;
      connection.endWith(new CloseReason.Aborted());
      throw connection.closed(null);
    }
  }

  /** Sends what there is room for, or waits for room. */
  private <S> void moveSome(S source, Mover<S> mover) throws IOException {
    int now = connection.now();
    long before = mover.position(source);
    boolean moves = mover.move(source, transport);
    sent(mover.position(source) - before);
    if (moves) {
      sentAt(now);
    } else if (!mover.isOver(source) || transport.hasUnsent()) {
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

  final void ensureNotFinished() throws IOException {
    if (isFinished()) {
      throw new IOException("the output is finished: nothing can be written after finishOutput()");
    }
  }
}
