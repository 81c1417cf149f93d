package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.TimeLimits;
import io.plainweave.context.ForkContext;
import io.plainweave.event.HandlerPosition;
import io.plainweave.event.ServerEvent;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.thread.Shortage;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.trace.Tap;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.PolledChannel;
import io.plainweave.internal.transport.TlsTransport;
import io.plainweave.internal.transport.Turn;
import io.plainweave.proxyprotocol.ProxyHeader;
import io.plainweave.text.Addresses;
import io.plainweave.tls.ClientTls;
import io.plainweave.tls.ServerTls;
import io.plainweave.tls.TlsSession;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
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
public final class SocketConnection extends Wire
    implements Scope.Task, Thread.UncaughtExceptionHandler {
  /** For a connection that has failed, where there is no memory to say why. */
  private static final CloseReason OUT_OF_MEMORY =
      new CloseReason.HandlerFailed(new OutOfMemoryError("no memory to say what has failed"));

  /** The latest number, of those that were accepted and those that were opened here. */
  private static final AtomicLong LAST_ID = new AtomicLong();

  private final long id = LAST_ID.incrementAndGet();

  /** Replaced where the connection gets time limits of its own, by any thread. */
  private volatile Home home;

  // Only the handshake may replace them. What other threads show meanwhile may be the former.
  private SocketAddress remoteAddress;
  private SocketAddress localAddress;
  private @Nullable ProxyHeader proxyHeader;

  /** TLS, once it has begun; set by the thread that begins it. */
  private @Nullable TlsTransport tls;

  /** The place in the registry, which alone sets it. */
  int slot = ConnectionRegistry.NO_SLOT;

  /** Where admission counts the source of a connection, which keeps it for the end. */
  public interface SourceCount {}

  // Whether it has its permits, whether its source was let in, and where that was counted. Only
  // admission touches them, under its lock.
  public boolean admitted;
  public boolean sourceAdmitted;
  public @Nullable SourceCount sourceCount;

  private SocketConnection(
      Home home, SocketChannel channel, SocketAddress localAddress, boolean outbound)
      throws IOException {
    super(
        new PolledChannel(channel, home.pollers().next()),
        outbound,
        home.ticks().now(),
        outbound || home.handshake().isEmpty()
            ? ConnectionPhase.HANDLER
            : ConnectionPhase.HANDSHAKE);
    this.home = home;
    this.remoteAddress = channel.getRemoteAddress();
    this.localAddress = localAddress;
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
    connection.channel().prepare();
    home.registry().add(connection);
    home.opened(connection, "opened");
    if (home.cancels(connection)) {
      connection.cancel();
    }
    return connection;
  }

  // The life of the connection

  @Override
  public Scope.After call() {
    beginOnThisThread();
    Thread.currentThread().setUncaughtExceptionHandler(this);
    try {
      home.counts().accepted();
      home.opened(this, "opened");
      home.observer().onEvent(new ServerEvent.ConnectionOpened(this, home.listenerName()));
      channel().prepare();
      if (phase() == ConnectionPhase.HANDLER || passesHandshake()) {
        home.handler().handle(this);
        scopes().ensureOwnClosed();
      }
      ConnectionEnd.afterReturn(this);
    } catch (Throwable failure) {
      Shortage.see(failure);
      try {
        ConnectionEnd.afterFailure(this, failure);
      } catch (Throwable noMemoryToEndWith) {
        endWith(OUT_OF_MEMORY);
      } finally {
        scopes().closeOwn();
      }
    } finally {
      end();
    }
    return Scope.After.CONTINUE;
  }

  /**
   * Sees what nobody has caught in a thread of the connection, which is a lack of memory for the
   * last steps of the JDK; see {@link Scope#virtualThreads()}. And it is how such a thread is known
   * to be one: see {@link io.plainweave.internal.thread.Belonging}.
   */
  @Override
  public void uncaughtException(Thread thread, Throwable failure) {
    Shortage.see(failure);
  }

  private boolean passesHandshake() throws IOException, InterruptedException {
    boolean passed = false;
    try {
      passed = home.handshake().run(this, home.timeCheck().handshakeMillis());
    } finally {
      home.counts().handshake(passed, millisSince(openedAt()));
    }
    if (passed) {
      input().beginHandler();
      enter(ConnectionPhase.HANDLER);
      if (input().received() > 0) {
        firstBytesCame();
      }
    }
    return passed;
  }

  private long millisSince(int tick) {
    return (long) (now() - tick) * Ticks.MILLIS;
  }

  @Override
  void firstBytesCame() {
    if (!isOutbound() && phase() == ConnectionPhase.HANDLER) {
      home.counts().firstBytes(millisSince(phaseSince()));
    }
  }

  @Override
  void messageEnded(int since) {
    if (!isOutbound()) {
      home.counts().message(millisSince(since));
    }
  }

  /** Closes the socket, gives everything back and reports how it ended. */
  void end() {
    try {
      closeSocket();
      ConnectionEnd.giveBackBuffers(this, tls);
      CloseReason ended = reason();
      tellEnded();
      home.ended(ended);
      if (thread() != null && ended != null) {
        long received = input().received();
        long sent = socketOutput().sent();
        long millis = millisSince(openedAt());
        home.counts().closed(ended, millis, received, sent);
        home.observer()
            .onEvent(
                new ServerEvent.ConnectionClosed(
                    this, home.listenerName(), ended, Duration.ofMillis(millis), received, sent));
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

  // For the handler

  @Override
  public void startTls(ServerTls server) throws IOException {
    TlsUpgrade.start(this, server);
  }

  @Override
  public void startTls(ClientTls client) throws IOException {
    TlsUpgrade.start(this, client);
  }

  @Override
  public void endTls() throws IOException {
    TlsUpgrade.end(this, tls);
  }

  @Override
  public Optional<TlsSession> tls() {
    return Optional.ofNullable(tls).map(TlsTransport::session);
  }

  @Override
  public long id() {
    return id;
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
      return channel().peerCredentials();
    } catch (ClosedChannelException e) {
      throw closed(e);
    }
  }

  @Override
  public TimeLimits timeLimits() {
    return home.timeCheck().timeLimits();
  }

  @Override
  public void changeTimeLimits(TimeLimits limits) {
    home = LimitedHome.of(home, limits);
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
  public int now() {
    return home.ticks().now();
  }

  public int slot() {
    return slot;
  }

  public Home home() {
    return home;
  }

  /** Lets the bytes travel by TLS from now on, while nobody reads or writes. */
  void use(TlsTransport transport) {
    tls = transport;
    input().use(transport);
    socketOutput().use(transport);
  }

  /** Lets the bytes travel in plain from now on, behind those that have come so already. */
  void usePlain(byte[] early) {
    tls = null;
    input().usePlain(channel(), early);
    socketOutput().use(channel());
  }

  /** Takes the addresses that a proxy has sent, if it has sent any. */
  public void proxied(ProxyHeader header) {
    proxyHeader = header;
    remoteAddress = header.source().orElse(remoteAddress);
    localAddress = header.destination().orElse(localAddress);
    if (socketOutput().taps().length > 0) {
      note("a PROXY header has come: this is now " + this);
    }
    home.opened(this, "opened before its PROXY header");
  }

  @Override
  BufferPool buffers() {
    return home.buffers();
  }

  /** Whether the server drains and it is this connection's turn to end. */
  @Override
  boolean isToFinish() {
    int now = now();
    return !isOutbound() && home.finishes(slot, now) && !input().isNew(now);
  }

  @Override
  void leaveIfOver() {
    if (isOutbound() && !channel().isOpen()) {
      tellEnded();
      if (scopes().isEmpty()) {
        home.registry().remove(this);
      }
    }
  }

  @Override
  @Nullable ForkContext forkContext() {
    return home.forkContext();
  }

  @Override
  ScopedValue.Carrier bindings() {
    var bindings = ScopedValue.where(OF_FORKED_THREAD, this);
    // A client has no threads of its own, from which this one could inherit it.
    return Home.CURRENT.isBound() ? bindings : bindings.where(Home.CURRENT, home);
  }

  // For those who look at what passes

  @Override
  public long openMillis() {
    return (long) (now() - openedAt()) * Ticks.MILLIS;
  }

  @Override
  public boolean isOver() {
    return !channel().isOpen();
  }

  @Override
  void tellReset() {
    if (channel().isOpen()) {
      for (Tap tap : socketOutput().taps()) {
        tap.resets();
      }
    }
  }

  private void tellEnded() {
    for (Tap tap : socketOutput().taps()) {
      tap.ended(reason());
    }
  }

  // For the reaper

  /** Ends the input if the handler waits for a message, because the server drains. */
  public void drain(int now) {
    if (!isOutbound()) {
      input().drain(socketOutput(), now);
    }
  }

  /** Resets the connection because the server is cancelled; false if it was ending anyway. */
  public boolean cancel() {
    return abort(new CloseReason.Cancelled());
  }

  /** Where the handler stands, or null if its thread does not run. */
  public @Nullable HandlerPosition position() {
    return HandlerPosition.of(remoteAddress, thread());
  }

  @Override
  public String toString() {
    return Addresses.describe(id, localAddress, remoteAddress, isOutbound());
  }
}
