package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.ConnectionScope;
import io.plainweave.PeerResetException;
import io.plainweave.event.HandlerPosition;
import io.plainweave.event.ServerEvent;
import io.plainweave.internal.log.Log;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.thread.Shortage;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.PolledChannel;
import io.plainweave.internal.transport.TlsTransport;
import io.plainweave.internal.transport.Turn;
import io.plainweave.internal.transport.Yielding;
import io.plainweave.proxyprotocol.ProxyHeader;
import io.plainweave.text.Addresses;
import io.plainweave.tls.ClientTls;
import io.plainweave.tls.ServerTls;
import io.plainweave.tls.TlsSession;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import jdk.net.UnixDomainPrincipal;
import org.jspecify.annotations.Nullable;

/**
 * A connection over a socket channel. One that was accepted is also the task of its thread: {@link
 * #call()} is its life from the handler to the close. One that a handler has opened, outbound, has
 * no thread and no permit: it is the handler's to close, and known to the server for its time
 * limits and its cancellation.
 *
 * <p>It is as lean as it can be, since there may be a million: no lock, no timer, no name. What has
 * to do with time is noted in ticks, and judged by the reaper ({@link TimeCheck}).
 */
public final class SocketConnection implements Connection, Yielding, Callable<Scope.After> {
  /** In a thread that was forked for a connection: that one. */
  public static final ScopedValue<SocketConnection> OF_FORKED_THREAD = ScopedValue.newInstance();

  private static final AtomicReferenceFieldUpdater<SocketConnection, @Nullable CloseReason> REASON =
      AtomicReferenceFieldUpdater.newUpdater(SocketConnection.class, CloseReason.class, "reason");

  private static final AtomicReferenceFieldUpdater<SocketConnection, OpenScopes> SCOPES =
      AtomicReferenceFieldUpdater.newUpdater(SocketConnection.class, OpenScopes.class, "scopes");

  private final Home home;
  private final PolledChannel channel;
  private final boolean outbound;
  private final int openedAt;
  private final ConnectionInput input;
  private final ConnectionOutput output;

  // Only the handshake may replace them. What other threads show meanwhile may be the former.
  private SocketAddress remoteAddress;
  private SocketAddress localAddress;
  private @Nullable ProxyHeader proxyHeader;

  /** The tick at which the phase has begun, but for LINGER; only this class writes it. */
  int phaseSince;

  /** TLS, once it has begun; set by the thread that begins it. */
  private @Nullable TlsTransport tls;

  /** The place in the registry, which alone sets it. */
  int slot = ConnectionRegistry.NO_SLOT;

  // Whether it has its permits, whether its source was let in, and where that was counted. Only
  // admission touches them, under its lock.
  public boolean admitted;
  public boolean sourceAdmitted;
  public @Nullable SourceCount sourceCount;

  /** The thread that runs the handler, set by itself. */
  private volatile @Nullable Thread thread;

  /** Why the connection ends; set once, by whoever ends it first. */
  private volatile @Nullable CloseReason reason;

  /** The open scopes; replaced by the handler's threads, read by the reaper. */
  private volatile OpenScopes scopes = OpenScopes.NONE;

  /** Moved by the connection's thread, as {@link ConnectionPhase} tells. */
  private volatile ConnectionPhase phase;

  private SocketConnection(
      Home home, SocketChannel channel, SocketAddress localAddress, boolean outbound)
      throws IOException {
    this.home = home;
    this.channel = new PolledChannel(channel, home.pollers().next());
    this.outbound = outbound;
    this.remoteAddress = channel.getRemoteAddress();
    this.localAddress = localAddress;
    this.openedAt = home.ticks().now();
    this.phaseSince = openedAt;
    this.phase =
        outbound || home.handshake().isEmpty()
            ? ConnectionPhase.HANDLER
            : ConnectionPhase.HANDSHAKE;
    this.input = new ConnectionInput(this, this.channel);
    this.output = new ConnectionOutput(this, this.channel);
  }

  /**
   * What an accepted channel becomes if it is admitted. Then {@link #end()} or {@link #discard()}
   * gives back its permits.
   *
   * @param localAddress where the peer has reached the server
   */
  public static SocketConnection accepted(
      Home home, SocketChannel channel, SocketAddress localAddress) throws IOException {
    return new SocketConnection(home, channel, localAddress, false);
  }

  /** Takes over a channel that a handler has connected, until the handler closes the connection. */
  public static SocketConnection registerOutbound(Home home, SocketChannel channel)
      throws IOException {
    var connection = new SocketConnection(home, channel, channel.getLocalAddress(), true);
    connection.channel.prepare();
    home.registry().add(connection);
    if (home.cancels(connection)) {
      connection.cancel();
    }
    return connection;
  }

  // The life of the connection

  @Override
  public Scope.After call() {
    thread = Thread.currentThread();
    try {
      home.observer().onEvent(new ServerEvent.ConnectionOpened(this));
      channel.prepare();
      if (phase == ConnectionPhase.HANDLER || passesHandshake()) {
        home.handler().handle(this);
        scopes.ensureOwnClosed();
      }
      ConnectionEnd.afterReturn(this);
    } catch (Throwable failure) {
      Shortage.see(failure);
      try {
        ConnectionEnd.afterFailure(this, failure);
      } catch (Throwable noMemoryToEndWith) {
        endWith(EndReasons.OUT_OF_MEMORY);
      } finally {
        scopes.closeOwn();
      }
    } finally {
      end();
    }
    return Scope.After.CONTINUE;
  }

  private boolean passesHandshake() throws IOException, InterruptedException {
    boolean passed = home.handshake().run(this, home.timeCheck().handshakeMillis());
    if (passed) {
      input.beginHandler();
      enter(ConnectionPhase.HANDLER);
    }
    return passed;
  }

  /** Closes the socket, gives everything back and tells how it ended. */
  void end() {
    try {
      closeSocket();
      ConnectionEnd.giveBackBuffers(this, tls);
      CloseReason ended = reason;
      home.ended(ended);
      if (thread != null && ended != null) {
        Duration age = Duration.ofMillis((long) (now() - openedAt) * Ticks.MILLIS);
        home.observer()
            .onEvent(
                new ServerEvent.ConnectionClosed(
                    this, ended, age, input.received(), output.sent()));
      }
    } finally {
      giveBack();
    }
  }

  /**
   * Ends a connection that has got no thread. The JDK may have failed to start one, say so, and run
   * it all the same: then that ends it once more, and uses what it has borrowed until then.
   */
  public void discard() {
    try {
      closeSocket();
    } finally {
      giveBack();
    }
  }

  private void giveBack() {
    try {
      home.registry().remove(this);
    } finally {
      home.release(this);
    }
  }

  @Override
  public void close() throws IOException {
    ConnectionEnd.inOrder(this);
  }

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
   * Lets the reaper forget one that was opened here, once it is closed and no scope of it has an
   * owner whom the reaper has to tell. A borrowed buffer is left to the garbage collector: another
   * thread may still be using it.
   */
  private void leaveIfOver() {
    if (outbound && !channel.isOpen() && scopes.isEmpty()) {
      home.registry().remove(this);
    }
  }

  // Why it ends

  public boolean endWith(CloseReason why) {
    return REASON.compareAndSet(this, null, why);
  }

  /** Sorts a failure of the transport by its state: closed at this side, or by the peer. */
  IOException failed(IOException failure) {
    if (failure instanceof InterruptedIOException) {
      ConnectionEnd.byInterrupt(this);
    }
    if (reason != null || !channel.isOpen()) {
      return closed(failure);
    }
    CloseReason why = EndReasons.ofTransport(this, failure);
    endWith(why);
    return why instanceof CloseReason.PeerReset(PeerResetException reset) ? reset : failure;
  }

  /**
   * Whether the calling thread works for this connection, so that an interrupt of it is one of its
   * work here. Another thread may have come from the handler of another connection; what becomes of
   * that one must not end this one.
   */
  boolean isOwnWorker() {
    return outbound
        || isHandlerThread()
        || (OF_FORKED_THREAD.isBound() && OF_FORKED_THREAD.get() == this);
  }

  /** What is thrown once the connection is closed at this side. */
  ConnectionClosedException closed(@Nullable Throwable cause) {
    // Without a reason, a close is on its way; or a thread was interrupted while it used the
    // channel. If that is because the handler fails, and so cancels its scope, the reason is yet to
    // come.
    CloseReason yetToCome =
        output.isClosed() ? new CloseReason.Finished() : new CloseReason.Aborted();
    if (!output.isClosed() && !scopes.isAnyAbandoned()) {
      endWith(yetToCome);
    }
    CloseReason ended = reason;
    CloseReason why = ended != null ? ended : yetToCome;
    Throwable failure = EndReasons.failureOf(why);
    return new ConnectionClosedException(this, why, failure != null ? failure : cause);
  }

  public @Nullable CloseReason closeReason() {
    return reason;
  }

  // For the handler

  @Override
  public ConnectionInput input() {
    return input;
  }

  @Override
  public OutputStream output() {
    OutputBuffer buffer = scopes.outputBuffer();
    return buffer == null ? output : buffer;
  }

  @Override
  public boolean awaitMessage() throws IOException {
    return input.awaitMessage();
  }

  @Override
  public int readUntil(byte last, byte[] target, int offset, int length) throws IOException {
    return input.readUntil(last, target, offset, length);
  }

  @Override
  public void endMessage() {
    input.endMessage();
  }

  @Override
  public void finishOutput() throws IOException {
    flushOutputBuffer();
    output.close();
  }

  @Override
  public void startTls(ServerTls server) throws IOException {
    TlsUpgrade.start(this, server.newEngine());
  }

  @Override
  public void startTls(ClientTls client) throws IOException {
    TlsUpgrade.start(this, TlsUpgrade.engineTo(this, client));
  }

  @Override
  public Optional<TlsSession> tls() {
    return Optional.ofNullable(tls).map(TlsTransport::session);
  }

  @Override
  public ConnectionScope openScope(Duration timeout) {
    var opened = ConnectionThreads.of(this, timeout);
    SCOPES.updateAndGet(this, open -> open.with(opened));
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
  public SocketAddress remoteAddress() {
    return remoteAddress;
  }

  @Override
  public SocketAddress localAddress() {
    return localAddress;
  }

  @Override
  public Optional<ProxyHeader> proxyHeader() {
    return Optional.ofNullable(proxyHeader);
  }

  @Override
  public Optional<UnixDomainPrincipal> peerCredentials() throws IOException {
    try {
      return channel.peerCredentials();
    } catch (ClosedChannelException e) {
      throw closed(e);
    }
  }

  // For those who push messages to it

  @Override
  public int goOn(int since) {
    return Turn.goOn(since, home.pollers());
  }

  @Override
  public void giveWay() {
    Turn.giveWay(home.pollers());
  }

  @Override
  public void retrySend() {
    channel.wakeWriter();
  }

  // For its two sides, its end, its scopes and relays

  /** What writes to the socket, behind a buffer if there is one. */
  public ConnectionOutput socketOutput() {
    return output;
  }

  /** Waits until what a scope of the connection keeps is sent. */
  void flushOutputBuffer() throws IOException {
    OutputBuffer buffer = scopes.outputBuffer();
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

  public int now() {
    return home.ticks().now();
  }

  public int slot() {
    return slot;
  }

  public int openedAt() {
    return openedAt;
  }

  public Home home() {
    return home;
  }

  public PolledChannel channel() {
    return channel;
  }

  /** Lets the bytes travel by TLS from now on, while nobody reads or writes. */
  void use(TlsTransport transport) {
    tls = transport;
    input.use(transport);
    output.use(transport);
  }

  /** Takes the addresses that a proxy tells, if it tells any. */
  void proxied(ProxyHeader header) {
    proxyHeader = header;
    remoteAddress = header.source().orElse(remoteAddress);
    localAddress = header.destination().orElse(localAddress);
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

  BufferPool buffers() {
    return home.buffers();
  }

  void flushOwnOutput() throws IOException {
    output.flushOwn();
  }

  /** Whether a handler has opened it, and no peer. */
  public boolean isOutbound() {
    return outbound;
  }

  /** Whether the server drains and it is this connection's turn to end. */
  boolean isToldToFinish() {
    int now = now();
    return !outbound && home.finishes(slot, now) && !input.isNew(now);
  }

  public OpenScopes scopes() {
    return scopes;
  }

  void scopeClosed(ConnectionThreads closed) {
    SCOPES.updateAndGet(this, open -> open.without(closed));
    leaveIfOver();
  }

  // For the reaper

  /** Ends the input if the handler waits for a message, because the server drains. */
  public void drain(int now) {
    if (!outbound) {
      input.drain(output, now);
    }
  }

  /** Resets the connection because the server is cancelled; false if it was ending anyway. */
  public boolean cancel() {
    return abort(new CloseReason.Cancelled());
  }

  ConnectionPhase phase() {
    return phase;
  }

  /** Where the handler stands, or null if its thread does not run. */
  public @Nullable HandlerPosition position() {
    return HandlerPosition.of(remoteAddress, thread);
  }

  /** Whether the handler's thread is on a carrier, or wants to be. */
  public boolean isRunning() {
    Thread handler = thread;
    return handler != null && handler.getState() == Thread.State.RUNNABLE;
  }

  @Override
  public String toString() {
    return Addresses.describe(localAddress, remoteAddress, outbound);
  }
}
