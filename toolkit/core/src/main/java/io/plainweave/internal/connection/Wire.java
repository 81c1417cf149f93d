package io.plainweave.internal.connection;

import io.plainweave.AttachmentKey;
import io.plainweave.CloseReason;
import io.plainweave.ConnectionClosedException;
import io.plainweave.ConnectionScope;
import io.plainweave.DeadlineExceededException;
import io.plainweave.PeerState;
import io.plainweave.context.ForkContext;
import io.plainweave.internal.thread.ForkedTask;
import io.plainweave.internal.time.DeadlineWait;
import io.plainweave.internal.trace.Tap;
import io.plainweave.internal.trace.Traceable;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.PolledChannel;
import io.plainweave.internal.transport.Yielding;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * What the two sides of a connection, its scopes and its buffers share: the channel, the phase, the
 * reason for the end, and the ways to end it. It knows nothing of the server in which it lives,
 * which is for {@link SocketConnection}: a superclass of that, so that a connection has one object
 * less.
 */
abstract sealed class Wire extends Ending implements Yielding, Traceable permits SocketConnection {
  /** In a thread that was forked for a connection: that one. */
  public static final ScopedValue<Wire> OF_FORKED_THREAD = ScopedValue.newInstance();

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

  /** What is carried into the threads that are forked for it, if anything is. */
  abstract @Nullable ForkContext forkContext();

  /** Counts the first bytes; called by the reading thread. */
  abstract void firstBytesCame();

  /**
   * Counts a marked message; called by the reading thread.
   *
   * @param since the tick at which it has begun
   */
  abstract void messageEnded(int since);

  /** What a thread that is forked for it has bound. */
  abstract ScopedValue.Carrier bindings();

  /** What a failure of the handler means for the connection. */
  final CloseReason reasonOf(Throwable failure) {
    return comesOfAnotherClose(failure) ? new CloseReason.Aborted() : CloseReason.of(failure);
  }

  /**
   * Resets the connection for a failure of a thread that the handler has forked, or of a relay. If
   * it only says that another thread closes the connection, the end is left to that one, which may
   * be sending what was written before.
   */
  public final void abortFor(Throwable failure) {
    if (!comesOfAnotherClose(failure)) {
      abort(CloseReason.of(failure));
    }
  }

  /** Whether another thread closes the connection; the reason of that may be yet to come. */
  private boolean comesOfAnotherClose(Throwable failure) {
    return failure instanceof ConnectionClosedException && output.isClosedByOther();
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

  // For those who look at what passes

  @Override
  public void add(Tap tap) {
    socketOutput().add(tap);
    input().add(tap);
  }

  @Override
  public void remove(Tap tap) {
    socketOutput().remove(tap);
    input().remove(tap);
  }

  /** Tells them of an event; who builds its text asks before whether somebody looks. */
  void note(String event) {
    for (Tap tap : socketOutput().taps()) {
      tap.note(event);
    }
  }

  // For its end

  @Override
  final boolean isOutputFinished() {
    return output.isFinished();
  }

  @Override
  final boolean isOutputClosed() {
    return output.isClosed();
  }

  @Override
  final boolean isInputFinished() {
    return input.isFinishedByPeer();
  }

  @Override
  final @Nullable CloseReason inputEndedBy() {
    return input.endedBy();
  }

  @Override
  final PeerState lookAhead() {
    return input.lookAhead();
  }

  @Override
  final boolean isAnyScopeAbandoned() {
    return scopes().isAnyAbandoned();
  }

  // For its two sides, its end, its scopes and relays

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

  @Override
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

  @Override
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

  public int phaseSince() {
    return phaseSince;
  }

  void scopeClosed(ConnectionThreads closed) {
    EXTRAS.updateAndGet(this, now -> now.scopes(now.scopes().without(closed)));
    leaveIfOver();
  }

  public ConnectionPhase phase() {
    return phase;
  }

  /** Notes that the calling thread runs the handler. */
  final void beginOnThisThread() {
    thread = Thread.currentThread();
  }

  final @Nullable Thread thread() {
    return thread;
  }

  /** Interrupts the handler, if its thread has begun. It does no harm to one that has ended. */
  public void interruptHandler() {
    Thread handler = thread;
    if (handler != null) {
      handler.interrupt();
    }
  }

  /** Whether the handler's thread is on a carrier, or wants to be. */
  public boolean isRunning() {
    Thread handler = thread;
    return handler != null && handler.getState() == Thread.State.RUNNABLE;
  }
}
