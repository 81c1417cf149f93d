package io.plainweave.internal.connection;

import io.plainweave.AttachmentKey;
import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.ConnectionScope;
import io.plainweave.DeadlineExceededException;
import io.plainweave.MalformedMessageException;
import io.plainweave.PeerResetException;
import io.plainweave.PeerState;
import io.plainweave.TimeLimits;
import io.plainweave.TruncatedMessageException;
import io.plainweave.internal.log.Log;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.PolledChannel;
import io.plainweave.internal.transport.Yielding;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * What the two sides of a connection, its scopes and its buffers share: the channel, the phase, the
 * reason for the end, and the ways to end it. It knows nothing of the server in which it lives,
 * which is for {@link SocketConnection}: a superclass of that, so that a connection has one object
 * less.
 */
abstract class Wire implements Connection, Yielding {
  /** In a thread that was forked for a connection: that one. */
  public static final ScopedValue<Wire> OF_FORKED_THREAD = ScopedValue.newInstance();

  private static final AtomicReferenceFieldUpdater<Wire, @Nullable CloseReason> REASON =
      AtomicReferenceFieldUpdater.newUpdater(Wire.class, CloseReason.class, "reason");

  private static final AtomicReferenceFieldUpdater<Wire, Extras> EXTRAS =
      AtomicReferenceFieldUpdater.newUpdater(Wire.class, Extras.class, "extras");

  private final PolledChannel channel;
  private final boolean outbound;
  private final int openedAt;
  private final ConnectionInput input;
  private final ConnectionOutput output;

  /** The tick at which the phase has begun, but for LINGER; only this class writes it. */
  int phaseSince;

  /** The thread that runs the handler, set by itself. */
  private volatile @Nullable Thread thread;

  /** Why the connection ends; set once, by whoever ends it first. */
  private volatile @Nullable CloseReason reason;

  /** Replaced by the handler's threads, read by the reaper. */
  private volatile Extras extras = Extras.NONE;

  /** Moved by the connection's thread, as {@link ConnectionPhase} says. */
  private volatile ConnectionPhase phase;

  Wire(PolledChannel channel, boolean outbound, int openedAt, ConnectionPhase phase) {
    this.channel = channel;
    this.outbound = outbound;
    this.openedAt = openedAt;
    this.phaseSince = openedAt;
    this.phase = phase;
    this.input = new ConnectionInput(this, channel);
    this.output = new ConnectionOutput(this, channel);
  }

  // What the server gives it

  /** The tick of now. */
  public abstract int now();

  abstract BufferPool buffers();

  /** Whether the server drains and it is this connection's turn to end. */
  abstract boolean isToFinish();

  /**
   * Lets the reaper forget one that was opened here, once it is closed and no scope of it has an
   * owner whom the reaper has to tell. A borrowed buffer is left to the garbage collector: another
   * thread may still be using it.
   */
  abstract void leaveIfOver();

  /** What a thread that is forked for it has bound. */
  abstract ScopedValue.Carrier bindings();

  // How it ends

  @Override
  public boolean abort(CloseReason why) {
    boolean first = endWith(why);
    channel.resetOnClose();
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
      channel.close();
    } catch (IOException e) {
      // The descriptor is gone all the same (close(2)).
      Log.closeFailed(this, e);
    }
    leaveIfOver();
  }

  /**
   * Closes the socket because a thread that uses it was interrupted: with a reset, unless the
   * output was finished, since the peer must not take what is cut for the whole.
   */
  void endByInterrupt() {
    if (!output.isFinished()) {
      channel.resetOnClose();
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
    if (reason != null || !channel.isOpen()) {
      return closed(failure);
    }
    CloseReason why = reasonOf(failure);
    endWith(why);
    return why instanceof CloseReason.PeerReset(PeerResetException reset) ? reset : failure;
  }

  /**
   * Whether the calling thread works for this connection, so that an interrupt of it is one of its
   * work here. Another thread may have come from the handler of another connection; what becomes of
   * that one must not end this one.
   */
  @SuppressWarnings("ReferenceEquality") // a connection is itself only
  boolean isOwnWorker() {
    return outbound
        || isHandlerThread()
        || (OF_FORKED_THREAD.isBound() && OF_FORKED_THREAD.get() == this);
  }

  /**
   * Whether an interrupt of the calling thread cuts what it writes: not that of another connection,
   * nor of a task that is only not needed any more.
   */
  boolean isCutByInterrupt() {
    return isOwnWorker() && !ForkedTask.isCurrentCancelledInOrder();
  }

  /** What is thrown once the connection is closed at this side. */
  ConnectionClosedException closed(@Nullable Throwable cause) {
    // Without a reason, a close is on its way; or a thread was interrupted while it used the
    // channel. If that is because the handler fails, and so cancels its scope, the reason is yet to
    // come.
    CloseReason yetToCome =
        output.isClosed() ? new CloseReason.Finished() : new CloseReason.Aborted();
    if (!output.isClosed() && !scopes().isAnyAbandoned()) {
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
      case null -> !input.isFinishedByPeer() && isToFinish();
      case CloseReason.Drained _, CloseReason.Cancelled _ -> !outbound;
      default -> false;
    };
  }

  @Override
  public PeerState peerState() {
    PeerState seen = input.lookAhead();
    return reason == null && isOpen() ? seen : PeerState.GONE;
  }

  /** The reason, or what it will be if the handler just returns. */
  private @Nullable CloseReason reasonSoFar() {
    CloseReason ended = reason;
    return ended != null ? ended : input.endedBy();
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

  // For the handler

  @Override
  public ConnectionInput input() {
    return input;
  }

  @Override
  public OutputStream output() {
    OutputBuffer buffer = scopes().outputBuffer();
    return buffer == null ? output : buffer;
  }

  @Override
  public boolean awaitMessage() throws IOException {
    return input.awaitMessage();
  }

  @Override
  public void beginMessage() throws IOException {
    input.beginMessage();
  }

  @Override
  public int readUntil(byte last, byte[] target, int offset, int length) throws IOException {
    return input.readUntil(last, target, offset, length);
  }

  @Override
  public byte[] peek(int count) throws IOException {
    return input.peek(count);
  }

  @Override
  public void endMessage() {
    input.endMessage();
  }

  @Override
  public void write(ByteBuffer... sources) throws IOException {
    OutputBuffer buffer = scopes().outputBuffer();
    if (buffer == null) {
      output.write(sources);
    } else {
      for (ByteBuffer source : sources) {
        buffer.write(source);
      }
    }
  }

  @Override
  public long sendFile(FileChannel file, long position, long count) throws IOException {
    if (position < 0 || count < 0) {
      throw new IllegalArgumentException(
          "no part of a file begins at %d and has %d bytes".formatted(position, count));
    }
    long end = position + Math.min(count, Long.MAX_VALUE - position);
    OutputBuffer buffer = scopes().outputBuffer();
    return buffer == null
        ? output.sendFile(file, position, end)
        : buffer.write(file, position, end);
  }

  @Override
  public void awaitRoom() throws IOException {
    OutputBuffer buffer = scopes().outputBuffer();
    if (buffer == null) {
      output.awaitRoomBehindAll();
    } else {
      buffer.awaitRoomToWrite();
    }
  }

  @Override
  public void finishOutput() throws IOException {
    flushOutputBuffer();
    output.close();
  }

  @Override
  public ConnectionScope openScope(Duration timeout) {
    var opened = ConnectionThreads.of(this, timeout);
    EXTRAS.updateAndGet(this, now -> now.scopes(now.scopes().with(opened)));
    if (outbound && !channel.isOpen()) {
      // The reaper may have forgotten it before.
      opened.check(now());
    }
    return opened;
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen() && !output.isClosed();
  }

  @Override
  public boolean isSending() {
    return output.isSending();
  }

  @Override
  public void retrySend() {
    channel.wakeWriter();
  }

  @Override
  public <T> Optional<T> attachment(AttachmentKey<T> key) {
    return extras.attachment(key);
  }

  @Override
  public <T> Optional<T> attach(AttachmentKey<T> key, T value) {
    Objects.requireNonNull(value, "value");
    return EXTRAS.getAndUpdate(this, now -> now.attached(key, value)).attachment(key);
  }

  @Override
  public <T> Optional<T> detach(AttachmentKey<T> key) {
    return EXTRAS.getAndUpdate(this, now -> now.attached(key, null)).attachment(key);
  }

  @Override
  public long sent() {
    return output.sent();
  }

  // For its two sides, its end, its scopes and relays

  /** What writes to the socket, behind a buffer if there is one. */
  public ConnectionOutput socketOutput() {
    return output;
  }

  /** Waits until what a scope of the connection keeps is sent. */
  void flushOutputBuffer() throws IOException {
    OutputBuffer buffer = scopes().outputBuffer();
    if (buffer != null) {
      buffer.awaitFlushed();
    }
  }

  /** Whether the calling thread runs the handler, so that its end is that of the connection. */
  @SuppressWarnings("ReferenceEquality") // a thread is itself only
  boolean isHandlerThread() {
    return Thread.currentThread() == thread;
  }

  /**
   * Nobody reads or writes any more. From here on the reaper sees to it that the socket is closed,
   * even if nobody waits for the peer.
   */
  void enterLinger() {
    phase = ConnectionPhase.LINGER;
  }

  /** Sends what was written before a relay, and lets the drain know what a relay is. */
  public void beginRelay() throws IOException {
    flushOutputBuffer();
    output.flush();
    input.beginRelay();
  }

  public int openedAt() {
    return openedAt;
  }

  public PolledChannel channel() {
    return channel;
  }

  /** Moves to a phase, whose time runs from now on if it is another one. */
  public ConnectionPhase enter(ConnectionPhase next) {
    ConnectionPhase before = phase;
    if (before != next) {
      phaseSince = now();
    }
    phase = next;
    return before;
  }

  void flushOwnOutput() throws IOException {
    output.flushOwn();
  }

  /** Whether a handler has opened it, and no peer. */
  public boolean isOutbound() {
    return outbound;
  }

  public Extras.OpenScopes scopes() {
    return extras.scopes();
  }

  /** Ends the waits and scopes whose time is over; called by the reaper. */
  public void checkDeadlines(int now) {
    extras.check(now);
  }

  /**
   * Waits for the socket, until the deadline of the calling thread at most, which has one. It may
   * return before there is a reason, as every wait.
   *
   * @param wake ends the wait
   */
  void awaitUntilDeadline(DeadlineWait.ForSocket wait, Runnable wake) throws IOException {
    failIfDeadlineIsOver();
    DeadlineWait begun = DeadlineWait.of(now(), wake);
    EXTRAS.updateAndGet(this, now -> now.with(begun));
    try {
      wait.run();
    } finally {
      EXTRAS.updateAndGet(this, now -> now.without(begun));
    }
  }

  void failIfDeadlineIsOver() throws DeadlineExceededException {
    if (DeadlineWait.isOver()) {
      throw deadlineExceeded();
    }
  }

  DeadlineExceededException deadlineExceeded() {
    return new DeadlineExceededException("a read or write of the " + this);
  }

  void scopeClosed(ConnectionThreads closed) {
    EXTRAS.updateAndGet(this, now -> now.scopes(now.scopes().without(closed)));
    leaveIfOver();
  }

  ConnectionPhase phase() {
    return phase;
  }

  /** Notes that the calling thread runs the handler. */
  final void beginOnThisThread() {
    thread = Thread.currentThread();
  }

  final @Nullable Thread thread() {
    return thread;
  }

  /** Whether the handler's thread is on a carrier, or wants to be. */
  public boolean isRunning() {
    Thread handler = thread;
    return handler != null && handler.getState() == Thread.State.RUNNABLE;
  }
}
