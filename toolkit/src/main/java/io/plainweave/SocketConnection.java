package io.plainweave;

import static io.plainweave.ConnectionActivity.DRAINED;
import static io.plainweave.ConnectionActivity.IN_MESSAGE;
import static io.plainweave.ConnectionActivity.WAITING;
import static io.plainweave.ConnectionActivity.WAITING_IN_MESSAGE;
import static io.plainweave.ConnectionActivity.WORKING;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * A connection over a socket channel, and the task of its thread: {@link #call()} is its life from
 * the handler to the close.
 *
 * <p>It is as lean as it can be, since there may be a million: no lock, no timer, no name. What has
 * to do with time is noted in ticks, and judged by the reaper ({@link TimeCheck}).
 */
final class SocketConnection implements Connection, Callable<Scope.After> {
  /** How much of the peer's input is dropped while we wait for its end. */
  private static final int LINGER_BYTES = 64 * 1024;

  /**
   * A plain stream has no message boundary that could be known: it waits for a message when nothing
   * has come for this long. One that has never sent anything waits from the beginning.
   */
  private static final int QUIET = 200 / Ticks.MILLIS;

  private static final AtomicReferenceFieldUpdater<SocketConnection, ConnectionActivity> ACTIVITY =
      AtomicReferenceFieldUpdater.newUpdater(
          SocketConnection.class, ConnectionActivity.class, "activity");

  private static final AtomicReferenceFieldUpdater<SocketConnection, @Nullable CloseReason> REASON =
      AtomicReferenceFieldUpdater.newUpdater(SocketConnection.class, CloseReason.class, "reason");

  private static final AtomicIntegerFieldUpdater<SocketConnection> WRITING =
      AtomicIntegerFieldUpdater.newUpdater(SocketConnection.class, "writing");

  private final ConnectionContext context;
  private final SocketChannel channel;
  private final SocketAddress remoteAddress;
  private final SocketAddress localAddress;
  private final ConnectionInput input = new ConnectionInput(this);
  private final ConnectionOutput output = new ConnectionOutput(this);

  /** The place in the registry, which alone touches it. */
  int slot;

  /** The thread that runs the handler, set by itself. */
  private volatile @Nullable Thread thread;

  /** Moved as {@link ConnectionActivity} tells. */
  volatile ConnectionActivity activity = WORKING;

  /** Why the connection ends; set once, by whoever ends it first. */
  private volatile @Nullable CloseReason reason;

  /**
   * Why the reaper has ended the input; set by it before the step to DRAINED, which publishes it.
   */
  @Nullable CloseReason goodbye;

  /** The innermost scope of the handler; set by the handler's threads, read by the reaper. */
  volatile @Nullable ConnectionScope scope;

  /** 1 while a thread writes to the socket, otherwise 0. */
  volatile int writing;

  /** Whether the peer has finished; written by the reading thread. */
  private volatile boolean inputFinished;

  /** Whether FIN was sent; written by the writing thread. */
  volatile boolean outputFinished;

  /**
   * Whether the handler is done and we wait for the peer's FIN; written by the connection's thread.
   */
  volatile boolean lingering;

  /**
   * Whether the handler marks messages; only the reading thread touches it, and the reaper looks.
   */
  private boolean marksMessages;

  // Ticks, each written by the thread that does the thing. The reaper may see them a moment late,
  // which a limit can bear.
  final int openedAt;
  int lastReceived;
  int lastSent;
  int messageSince;
  int outputFinishedAt;
  int inputEndedAt;

  /** Bytes from the peer; written by the reading thread. */
  private long received;

  /** What {@link #received} was at the beginning of the message; written by the reading thread. */
  private long receivedBeforeMessage;

  /** Bytes to the peer; written by the writing thread. */
  private long sent;

  private SocketConnection(ConnectionContext context, SocketChannel channel) throws IOException {
    this.context = context;
    this.channel = channel;
    this.remoteAddress = channel.getRemoteAddress();
    this.localAddress = channel.getLocalAddress();
    this.openedAt = context.ticks().now();
    this.lastReceived = openedAt;
    this.lastSent = openedAt;
  }

  /**
   * Takes over an accepted channel and the permit that was taken for it: {@link #end()} gives back
   * both.
   */
  static SocketConnection register(ConnectionContext context, SocketChannel channel)
      throws IOException {
    var connection = new SocketConnection(context, channel);
    context.registry().add(connection);
    return connection;
  }

  // The life of the connection

  @Override
  public Scope.After call() {
    thread = Thread.currentThread();
    try {
      context.events().tell(new ServerEvent.ConnectionOpened(this));
      // Output leaves in whole batches already: to wait for more of them (RFC 896) would only delay
      // the last one.
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      context.handler().handle(this);
      close();
    } catch (Throwable failure) {
      abort(cutByUs(failure) ? goodbye() : reasonFor(failure));
    } finally {
      end();
    }
    return Scope.After.CONTINUE;
  }

  /** Whether a handler has failed only because its input was ended here. */
  private boolean cutByUs(Throwable failure) {
    return activity == DRAINED && failure instanceof IOException;
  }

  private CloseReason goodbye() {
    return goodbye == null ? new CloseReason.Drained() : goodbye;
  }

  /** Closes the socket, gives everything back and tells how it ended. */
  void end() {
    closeSocket();
    try {
      input.release();
      output.release();
      CloseReason ended = closeReason();
      context.drain().connectionEnded(ended);
      if (thread != null && ended != null) {
        Duration age = Duration.ofMillis((long) (now() - openedAt) * Ticks.MILLIS);
        context.events().tell(new ServerEvent.ConnectionClosed(this, ended, age, received, sent));
      }
    } finally {
      context.registry().remove(this);
      context.limit().release();
    }
  }

  /**
   * What a failure of the handler means for the connection, if nothing else has ended it before.
   */
  static CloseReason reasonFor(Throwable failure) {
    return switch (failure) {
      case PeerResetException e -> new CloseReason.PeerReset(e);
      case TruncatedMessageException e -> new CloseReason.Truncated(e);
      case MalformedMessageException e -> new CloseReason.Malformed(e);
      case ConnectionClosedException e -> e.reason();
      default -> new CloseReason.HandlerFailed(failure);
    };
  }

  @Override
  public void close() throws IOException {
    try {
      if (channel.isOpen()) {
        finishOutput();
        linger();
      }
      endWith(activity == DRAINED ? goodbye() : new CloseReason.Finished());
    } finally {
      closeSocket();
    }
  }

  /**
   * Reads and drops until the peer has finished: closing a socket with unread input makes the
   * kernel send RST, which can destroy the reply on its way (RFC 9112, section 9.6).
   */
  private void linger() {
    if (inputFinished || !context.timeCheck().lingers()) {
      return;
    }
    lingering = true;
    ByteBuffer dropped = ByteBuffer.allocate(1024);
    try {
      for (int left = LINGER_BYTES; left > 0; left -= dropped.position()) {
        if (channel.read(dropped.clear()) < 0) {
          return;
        }
      }
    } catch (IOException resetOrTimedOut) {
      // All was said: this is the end, whichever it is.
    }
  }

  @Override
  public void abort() {
    abort(new CloseReason.Aborted());
  }

  /** Resets the connection; false if there was another reason before. */
  boolean abort(CloseReason why) {
    boolean first = endWith(why);
    if (channel.isOpen()) {
      try {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
      } catch (IOException closedMeanwhile) {
        // There is nobody to reset any more.
      }
      closeSocket();
    }
    return first;
  }

  /** Resets the connection because the server is cancelled; false if it was ending anyway. */
  boolean cancel() {
    return abort(new CloseReason.Cancelled());
  }

  private boolean endWith(CloseReason why) {
    return REASON.compareAndSet(this, null, why);
  }

  /** Closes the channel with whatever that means to the peer. */
  void closeSocket() {
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is gone all the same (close(2)).
      ServerLog.closeFailed(this, e);
    }
  }

  // Input

  @Override
  public InputStream input() {
    return input;
  }

  @Override
  public boolean awaitMessage() throws IOException {
    marksMessages = true;
    if (activity == IN_MESSAGE) {
      endMessage();
    }
    if (input.buffered() == 0 && context.drain().tells(slot, now())) {
      // Here, at the boundary, nothing is lost; the reaper might never find a busy connection
      // waiting.
      ACTIVITY.compareAndSet(this, WORKING, DRAINED);
    }
    if (!input.fillBuffer()) {
      return false;
    }
    receivedBeforeMessage = received - input.buffered();
    messageSince = now();
    // Where the drain has ended the input in this moment, the message is what had arrived before.
    ACTIVITY.compareAndSet(this, WORKING, IN_MESSAGE);
    return true;
  }

  @Override
  public void endMessage() {
    ACTIVITY.compareAndSet(this, IN_MESSAGE, WORKING);
  }

  /**
   * Waits for bytes. This is the only place where a handler waits for input.
   *
   * @return how many bytes have come, -1 at the end of input
   */
  int receive(ByteBuffer target) throws IOException {
    output.flushOwn();
    ConnectionActivity before = activity;
    if (inputFinished || before == DRAINED) {
      return -1;
    }
    ConnectionActivity during = before == WORKING ? WAITING : WAITING_IN_MESSAGE;
    if ((before != WORKING && before != IN_MESSAGE)
        || !ACTIVITY.compareAndSet(this, before, during)) {
      throw new ConnectionBusyException("reading from");
    }
    int n;
    try {
      n = receiveMore(target);
    } finally {
      // Fails if the reaper has ended the input in the meantime: what had arrived before is still
      // read.
      ACTIVITY.compareAndSet(this, during, before);
    }
    if (n < 0 && activity != DRAINED) {
      inputFinished = true;
    }
    return n;
  }

  /** Reads bytes when it is known that there are some. */
  int receiveMore(ByteBuffer target) throws IOException {
    try {
      int n = channel.read(target);
      if (n > 0) {
        received += n;
        lastReceived = now();
      }
      return n;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** How many bytes can be read without waiting. */
  int available() throws IOException {
    // The only public way to ask the kernel (FIONREAD) for a channel of any kind.
    return channel.isOpen() ? Channels.newInputStream(channel).available() : 0;
  }

  /** Bytes of the message that was begun last. */
  long receivedInMessage() {
    return received - receivedBeforeMessage;
  }

  boolean receivedNothing() {
    return received == 0;
  }

  /**
   * Ends the input if the handler waits for a message, because the server drains; called by the
   * reaper.
   */
  void drain(int now) {
    boolean flows = !marksMessages && received > 0 && now - lastReceived < QUIET;
    if (!flows) {
      endInput(new CloseReason.Drained(), now);
    }
  }

  /**
   * Ends the input if the handler waits for a message: it reads end of stream. Called by the
   * reaper.
   */
  void endInput(CloseReason why, int now) {
    if (activity != WAITING) {
      return;
    }
    goodbye = why;
    inputEndedAt = now;
    if (ACTIVITY.compareAndSet(this, WAITING, DRAINED)) {
      try {
        channel.shutdownInput();
      } catch (IOException resetOrClosed) {
        // The reader is awake anyway.
      }
    }
  }

  // Output

  @Override
  public OutputStream output() {
    return output;
  }

  @Override
  public void finishOutput() throws IOException {
    if (outputFinished) {
      return;
    }
    output.flush();
    outputFinishedAt = now();
    outputFinished = true;
    try {
      channel.shutdownOutput();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Sends all of the bytes. */
  void send(ByteBuffer source) throws IOException {
    if (outputFinished) {
      throw new IOException("the output is finished: nothing can be sent after finishOutput()");
    }
    lastSent = now();
    if (!WRITING.compareAndSet(this, 0, 1)) {
      throw new ConnectionBusyException("writing to");
    }
    try {
      // On a virtual thread a channel in blocking mode may still write a part only.
      while (source.hasRemaining()) {
        sent += channel.write(source);
        lastSent = now();
      }
    } catch (IOException e) {
      throw failed(e);
    } finally {
      writing = 0;
    }
  }

  // Failure

  /** Sorts a failure of the channel by its state: closed at this side, or by the peer. */
  private ConnectionException failed(IOException failure) {
    if (closeReason() == null && channel.isOpen()) {
      var reset = new PeerResetException(failure);
      endWith(new CloseReason.PeerReset(reset));
      return reset;
    }
    // Closed without a reason: a thread was interrupted while it used the channel.
    endWith(new CloseReason.Aborted());
    return closed(failure);
  }

  /** What is thrown once the connection is closed. */
  ConnectionClosedException closed(@Nullable Throwable cause) {
    CloseReason why = closeReason();
    Throwable first = why instanceof CloseReason.HandlerFailed(Throwable failure) ? failure : cause;
    return new ConnectionClosedException(why == null ? new CloseReason.Aborted() : why, first);
  }

  @Nullable CloseReason closeReason() {
    return reason;
  }

  // Scopes

  @Override
  public ConnectionScope openScope() {
    return openScope(Duration.ZERO);
  }

  @Override
  public ConnectionScope openScope(Duration timeout) {
    var opened = new ConnectionScope(this, scope, Ticks.of(timeout));
    scope = opened;
    return opened;
  }

  void scopeClosed(ConnectionScope closed) {
    scope = closed.outer;
  }

  // What others look at

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public SocketAddress remoteAddress() {
    return remoteAddress;
  }

  @Override
  public SocketAddress localAddress() {
    return localAddress;
  }

  /** Where the handler stands, or null if its thread does not run. */
  @Nullable HandlerPosition position() {
    Thread handler = thread;
    return handler == null || !handler.isAlive()
        ? null
        : new HandlerPosition(remoteAddress, List.of(handler.getStackTrace()));
  }

  /** Whether the handler's thread is on a carrier, or wants to be. */
  boolean isRunning() {
    Thread handler = thread;
    return handler != null && handler.getState() == Thread.State.RUNNABLE;
  }

  BufferPool buffers() {
    return context.buffers();
  }

  int now() {
    return context.ticks().now();
  }

  @Override
  public String toString() {
    return "connection from " + Addresses.format(remoteAddress);
  }
}
