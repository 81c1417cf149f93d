package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.DeadlineExceededException;
import io.plainweave.MalformedMessageException;
import io.plainweave.PeerResetException;
import io.plainweave.PeerState;
import io.plainweave.TimeLimits;
import io.plainweave.TruncatedMessageException;
import io.plainweave.internal.log.Log;
import io.plainweave.internal.transport.PolledChannel;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * How a connection ends at this side, and why: the reason is set once, and failures are sorted by
 * it. It is a part of {@link Wire}, and its superclass only so that a connection has one object
 * less.
 */
abstract sealed class Ending implements Connection permits Wire {
  private static final AtomicReferenceFieldUpdater<Ending, @Nullable CloseReason> REASON =
      AtomicReferenceFieldUpdater.newUpdater(Ending.class, CloseReason.class, "reason");

  /** Why the connection ends; set once, by whoever ends it first. */
  private volatile @Nullable CloseReason reason;

  // What it is the end of

  public abstract PolledChannel channel();

  abstract boolean isOutputFinished();

  /** Whether a thread closes it, or has. */
  abstract boolean isOutputClosed();

  /** Whether the peer has finished, and that was read. */
  abstract boolean isInputFinished();

  /** Why the input was ended at this side, if it was. */
  abstract @Nullable CloseReason inputEndedBy();

  /** See {@code ReceivedBytes.lookAhead}. */
  abstract PeerState lookAhead();

  /** Whether a scope is being cancelled because its owner has left without a join. */
  abstract boolean isAnyScopeAbandoned();

  /** Whether a handler has opened it, and no peer. */
  public abstract boolean isOutbound();

  /** Whether the server drains and it is this connection's turn to end. */
  abstract boolean isToFinish();

  /**
   * Lets the reaper forget one that was opened here, once it is closed and no scope of it has an
   * owner whom the reaper has to tell. A borrowed buffer is left to the garbage collector: another
   * thread may still be using it.
   */
  abstract void leaveIfOver();

  /** Tells those who look at the connection that it is about to be reset. */
  abstract void tellReset();

  // How it ends

  @Override
  public boolean abort(CloseReason why) {
    boolean first = endWith(why);
    tellReset();
    channel().resetOnClose();
    closeSocket();
    return first;
  }

  /** Closes the connection for a reason, without a reset. */
  void close(CloseReason why) {
    endWith(why);
    closeSocket();
  }

  /** Closes the channel, with whatever that means to the peer. */
  public void closeSocket() {
    try {
      channel().close();
    } catch (IOException e) {
      // The descriptor is gone all the same (close(2)).
      Log.closeFailed(this, e);
    }
    leaveIfOver();
  }

  /** The same when nobody is in a read or write, and nobody will be. */
  void closeSocketAtRest() {
    try {
      channel().closeAtRest();
    } catch (IOException e) {
      Log.closeFailed(this, e);
    }
    leaveIfOver();
  }

  /**
   * Closes the socket because a thread that uses it was interrupted: with a reset, unless the
   * output was finished, since the peer must not take what is cut for the whole.
   */
  void endByInterrupt() {
    if (!isOutputFinished()) {
      tellReset();
      channel().resetOnClose();
    }
    closeSocket();
  }

  // Why it ends

  public boolean endWith(CloseReason why) {
    return REASON.compareAndSet(this, null, why);
  }

  /** Sorts a failure of the transport by its state: closed at this side, or by the peer. */
  public IOException failed(IOException failure) {
    if (failure instanceof InterruptedIOException) {
      endByInterrupt();
    } else if (failure instanceof DeadlineExceededException) {
      abort(new CloseReason.TimedOut(TimeLimits.Kind.DEADLINE));
    }
    if (reason != null || !channel().isOpen()) {
      return closed(failure);
    }
    CloseReason why = reasonOf(failure);
    endWith(why);
    return why instanceof CloseReason.PeerReset(PeerResetException reset) ? reset : failure;
  }

  /** What is thrown once the connection is closed at this side. */
  ConnectionClosedException closed(@Nullable Throwable cause) {
    // Without a reason, a close is on its way; or a thread was interrupted while it used the
    // channel. If that is because the handler fails, and so cancels its scope, the reason is yet to
    // come.
    CloseReason yetToCome =
        isOutputClosed() ? new CloseReason.Finished() : new CloseReason.Aborted();
    if (!isOutputClosed() && !isAnyScopeAbandoned()) {
      endWith(yetToCome);
    }
    CloseReason ended = reason;
    CloseReason why = ended != null ? ended : yetToCome;
    Throwable failure = failureOf(why);
    return new ConnectionClosedException(this, why, failure != null ? failure : cause);
  }

  /** Why the connection ends, once that is certain. */
  public @Nullable CloseReason reason() {
    return reason;
  }

  @Override
  public Optional<CloseReason> closeReason() {
    return Optional.ofNullable(reasonSoFar());
  }

  @Override
  public boolean isDraining() {
    return switch (reasonSoFar()) {
      case null -> !isInputFinished() && isToFinish();
      case CloseReason.Drained _, CloseReason.Cancelled _ -> !isOutbound();
      default -> false;
    };
  }

  @Override
  public PeerState peerState() {
    PeerState seen = lookAhead();
    return reason == null && isOpen() ? seen : PeerState.GONE;
  }

  /** The reason, or what it will be if the handler just returns. */
  private @Nullable CloseReason reasonSoFar() {
    CloseReason ended = reason;
    return ended != null ? ended : inputEndedBy();
  }

  /** What a failure of the transport means for the connection, if it is open. */
  private CloseReason reasonOf(IOException failure) {
    return switch (failure) {
      case SSLException e -> new CloseReason.TlsFailed(e);
      case TruncatedMessageException e -> new CloseReason.Truncated(e);
      default -> new CloseReason.PeerReset(new PeerResetException(this, failure));
    };
  }

  /** The failure for which a connection was ended, if it was for one. */
  private static @Nullable Throwable failureOf(CloseReason why) {
    return switch (why) {
      case CloseReason.HandlerFailed(Throwable failure) -> failure;
      case CloseReason.UpstreamFailed(IOException failure) -> failure;
      case CloseReason.PeerReset(PeerResetException failure) -> failure;
      case CloseReason.Truncated(TruncatedMessageException failure) -> failure;
      case CloseReason.Malformed(MalformedMessageException failure) -> failure;
      case CloseReason.TlsFailed(SSLException failure) -> failure;
      default -> null;
    };
  }
}
