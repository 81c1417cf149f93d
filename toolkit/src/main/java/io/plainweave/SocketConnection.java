package io.plainweave;

import static io.plainweave.ConnectionActivity.DRAINED;
import static io.plainweave.ConnectionActivity.WAITING;
import static io.plainweave.ConnectionActivity.WORKING;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * A connection over a socket channel, and the task of its thread: {@link #call()} is its life from
 * the handler to the close.
 *
 * <p>It is as lean as it can be, since there may be a million: no lock, no timer, no name.
 */
final class SocketConnection implements Connection, Callable<@Nullable Void> {
  /**
   * How long the peer may take to finish after we did: 5 s as in nginx, and 500 ms when the server
   * drains.
   */
  private static final int LINGER_TICKS = 5_000 / Reaper.TICK_MILLIS;

  private static final int LINGER_TICKS_IN_DRAIN = 500 / Reaper.TICK_MILLIS;

  /** How much of the peer's input is dropped while we wait for its end. */
  private static final int LINGER_BYTES = 64 * 1024;

  /**
   * A raw stream has no message boundary that could be known: it counts as waiting when nothing has
   * come for this long. A connection that has never sent anything waits from the beginning.
   */
  private static final int QUIET_TICKS = 200 / Reaper.TICK_MILLIS;

  private static final AtomicReferenceFieldUpdater<SocketConnection, ConnectionActivity> ACTIVITY =
      AtomicReferenceFieldUpdater.newUpdater(
          SocketConnection.class, ConnectionActivity.class, "activity");

  private final ConnectionContext context;
  private final SocketChannel channel;
  private final SocketAddress remoteAddress;
  private final SocketAddress localAddress;
  private final ConnectionInput input = new ConnectionInput(this);
  private final ConnectionOutput output = new ConnectionOutput(this);

  /** The place in the registry, which alone touches it. */
  int slot;

  /** Moved as {@link ConnectionActivity} tells. */
  private volatile ConnectionActivity activity = WORKING;

  /**
   * The tick of the last input; written by the reading thread, published to the reaper by the
   * change of activity.
   */
  private int lastReceived;

  /**
   * Whether we wait for the peer's FIN; set by the connection's thread, after {@link #lingerSince},
   * read by the reaper.
   */
  private volatile boolean lingering;

  /** The tick of our FIN; published by {@link #lingering}. */
  private int lingerSince;

  /** Whether the peer has finished; only the reading thread touches it. */
  private boolean inputEnded;

  /** Whether FIN was sent; only the writing thread touches it. */
  private boolean outputFinished;

  /** Set by {@link #cancel()}: what fails from now on is no fault of the handler's. */
  private volatile boolean cancelled;

  /**
   * The first failure of the socket: what comes after it is no fault of the handler's. Any thread
   * may set it.
   */
  private volatile @Nullable IOException transportFailure;

  private SocketConnection(ConnectionContext context, SocketChannel channel) throws IOException {
    this.context = context;
    this.channel = channel;
    this.remoteAddress = channel.getRemoteAddress();
    this.localAddress = channel.getLocalAddress();
    this.lastReceived = context.ticks().now() - QUIET_TICKS;
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

  /** The life of the connection, on its own thread. */
  @Override
  public @Nullable Void call() {
    try {
      // Output leaves in whole batches already: waiting for more of them (RFC 896) would only delay
      // the last one.
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      context.handler().handle(this);
      close();
    } catch (Throwable failure) {
      handlerFailed(failure);
    } finally {
      end();
    }
    return null;
  }

  /** Closes the socket and gives everything back. */
  void end() {
    try {
      closeRaw();
      input.release();
      output.release();
    } finally {
      context.registry().remove(this);
      context.limit().release();
    }
  }

  private void handlerFailed(Throwable failure) {
    abort();
    if (cancelled || failure instanceof InterruptedException) {
      context.events().cancelled(remoteAddress);
    } else if (transportFailure != null && failure instanceof IOException) {
      context.events().peerGone(remoteAddress, failure);
    } else {
      context.events().handlerFailed(remoteAddress, failure);
    }
  }

  @Override
  public InputStream input() {
    return input;
  }

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
    outputFinished = true;
    try {
      channel.shutdownOutput();
    } catch (IOException e) {
      throw transportFailed(e);
    }
  }

  @Override
  public void abort() {
    try (channel) {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException e) {
      // It was closed already, or is closed now: there is nobody to reset any more.
      context.events().peerGone(remoteAddress, e);
    }
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      if (channel.isOpen()) {
        finishOutput();
        linger();
      }
    }
  }

  /**
   * Reads and drops until the peer has finished: closing a socket with unread input makes the
   * kernel send RST, which can destroy the reply on its way (RFC 9112, section 9.6). Once the drain
   * has ended the input there is nothing to read.
   */
  private void linger() {
    if (inputEnded || activity == DRAINED) {
      return;
    }
    lingerSince = context.ticks().now();
    lingering = true;
    ByteBuffer dropped = ByteBuffer.allocate(1024);
    try {
      for (int left = LINGER_BYTES; left > 0; left -= dropped.position()) {
        if (channel.read(dropped.clear()) < 0) {
          return;
        }
      }
    } catch (IOException e) {
      // Reset by the peer, or closed by the reaper: all was said, and this is the end either way.
      context.events().peerGone(remoteAddress, e);
    }
  }

  /**
   * Ends the connection, whatever it is at, because the server is cancelled; the interrupt of its
   * thread comes after.
   */
  void cancel() {
    cancelled = true;
    abort();
  }

  /** Ends a linger that has taken too long; called by the reaper. */
  void endLinger(int now, boolean draining) {
    if (lingering && now - lingerSince >= (draining ? LINGER_TICKS_IN_DRAIN : LINGER_TICKS)) {
      closeRaw();
    }
  }

  /**
   * Ends the input if the handler waits for it, which reads end of stream then; called by the
   * reaper at each tick of the drain.
   */
  void drain(int now) {
    if (activity == WAITING
        && now - lastReceived >= QUIET_TICKS
        && ACTIVITY.compareAndSet(this, WAITING, DRAINED)) {
      try {
        channel.shutdownInput();
      } catch (IOException e) {
        // The peer has reset the connection, or it is being closed: the reader is awake anyway.
        context.events().peerGone(remoteAddress, e);
      }
    }
  }

  /**
   * Waits for bytes that may begin a message. This is the only place where a handler waits for
   * input.
   *
   * @return how many bytes have come, -1 at the end of input or when the server drains
   */
  int receive(ByteBuffer target) throws IOException {
    output.flushOwn();
    if (inputEnded || activity == DRAINED) {
      return -1;
    }
    activity = WAITING;
    int n = receiveMore(target);
    lastReceived = context.ticks().now();
    boolean drained = !ACTIVITY.compareAndSet(this, WAITING, WORKING);
    inputEnded = n < 0 && !drained;
    return n;
  }

  /** Reads bytes that continue a message. */
  int receiveMore(ByteBuffer target) throws IOException {
    try {
      return channel.read(target);
    } catch (IOException e) {
      throw transportFailed(e);
    }
  }

  /** Sends all of the bytes. */
  void send(ByteBuffer source) throws IOException {
    try {
      // On a virtual thread a channel in blocking mode may still write a part only.
      while (source.hasRemaining()) {
        channel.write(source);
      }
    } catch (IOException e) {
      throw transportFailed(e);
    }
  }

  /** How many bytes can be read without waiting. */
  int available() throws IOException {
    // The only public way to ask the kernel (FIONREAD) for a channel of any kind.
    return channel.isOpen() ? Channels.newInputStream(channel).available() : 0;
  }

  void ensureOutputOpen() throws IOException {
    if (outputFinished) {
      throw new IOException("the output is finished: nothing can be written after finishOutput()");
    }
  }

  BufferPool buffers() {
    return context.buffers();
  }

  private IOException transportFailed(IOException failure) {
    if (transportFailure == null) {
      transportFailure = failure;
    }
    return failure;
  }

  private void closeRaw() {
    try {
      channel.close();
    } catch (IOException e) {
      context.events().peerGone(remoteAddress, e);
    }
  }

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

  @Override
  public String toString() {
    return "connection from " + remoteAddress;
  }
}
