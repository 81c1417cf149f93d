package io.plainweave.client;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.TimeLimits;
import io.plainweave.admission.Refusal;
import io.plainweave.context.ForkContext;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.connection.ConnectionRegistry;
import io.plainweave.internal.connection.HandshakeRunner;
import io.plainweave.internal.connection.HandshakeTurns;
import io.plainweave.internal.connection.Home;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.connection.TimeCheck;
import io.plainweave.internal.figures.ConnectionCounts;
import io.plainweave.internal.socket.Surroundings;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.DirectMemory;
import io.plainweave.internal.transport.Pollers;
import io.plainweave.status.ListenerName;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the connections of a client live. All of them were opened here: what concerns those that a
 * server accepts has no part in it, and nobody is told of them.
 *
 * @param calls those who connect; when they are ended, what is registered later is reset
 */
record ClientHome(
    ConnectionRegistry registry,
    BufferPool buffers,
    Pollers pollers,
    Ticks ticks,
    TimeCheck timeCheck,
    ConnectCalls calls,
    Surroundings surroundings)
    implements Home {
  private static final HandshakeRunner NO_HANDSHAKE =
      new HandshakeRunner(List.of(), new HandshakeTurns(1));

  private static final ServerObserver NOBODY = _ -> {};

  /** Stays at zero, since none is accepted. */
  private static final ConnectionCounts NOTHING = new ConnectionCounts();

  static ClientHome of(TimeLimits timeLimits) {
    return new ClientHome(
        new ConnectionRegistry(),
        new BufferPool(DirectMemory.ofThisProcess()),
        new Pollers(0, 0),
        new Ticks(),
        new TimeCheck(timeLimits),
        new ConnectCalls(),
        Surroundings.current());
  }

  /** See {@link Client#connect(Connector)}. */
  SocketConnection open(Connector connector) throws IOException, InterruptedException {
    return calls.run(connector, () -> connector.open(this), SocketConnection::cancel);
  }

  /** See {@link Client#connect(DatagramConnector)}. */
  DatagramConnection open(DatagramConnector connector) throws IOException, InterruptedException {
    return calls.run(connector, () -> connector.open(registry), DatagramConnection::close);
  }

  /** Resets all connections, and ends the calls of those who connect. */
  void cancel() {
    calls.end();
    registry.forEach(connection -> {
      connection.cancel();
      // The reaper, which would tell the owners, is about to end.
      connection.checkDeadlines(ticks.now());
    });
    registry.closeAdopted();
  }

  @Override
  public boolean cancels(SocketConnection registered) {
    return calls.areEnded();
  }

  @Override
  public Handler handler() {
    return Connection::abort;
  }

  @Override
  public HandshakeRunner handshake() {
    return NO_HANDSHAKE;
  }

  @Override
  public ServerObserver observer() {
    return NOBODY;
  }

  @Override
  public @Nullable ForkContext forkContext() {
    return null;
  }

  @Override
  public ConnectionCounts counts() {
    return NOTHING;
  }

  @Override
  public @Nullable ListenerName listener() {
    return null;
  }

  @Override
  public boolean isAdmin() {
    return false;
  }

  @Override
  public boolean finishes(int slot, int now) {
    return false;
  }

  @Override
  public void opened(SocketConnection connection, String event) {
    // Nobody can ask for a trace.
  }

  @Override
  public void ended(@Nullable CloseReason reason) {
    // Nobody counts.
  }

  @Override
  public void refused(SocketConnection connection, Refusal refusal) {
    // Nobody is refused.
  }

  @Override
  public void release(SocketConnection connection) {
    // There are no permits.
  }
}
