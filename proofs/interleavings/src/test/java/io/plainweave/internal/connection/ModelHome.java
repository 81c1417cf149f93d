package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.TimeLimits;
import io.plainweave.admission.Refusal;
import io.plainweave.context.ForkContext;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.figures.ConnectionCounts;
import io.plainweave.internal.socket.Surroundings;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.DirectMemory;
import io.plainweave.internal.transport.Kernel;
import io.plainweave.internal.transport.ModelChannel;
import io.plainweave.internal.transport.Pollers;
import io.plainweave.status.ListenerName;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** A server of which a connection is to see as little as possible. */
public record ModelHome(
    Pollers pollers,
    ConnectionRegistry registry,
    BufferPool buffers,
    Ticks ticks,
    TimeCheck timeCheck,
    ConnectionCounts counts)
    implements Home {
  private static final HandshakeRunner NO_HANDSHAKE =
      new HandshakeRunner(List.of(), new HandshakeTurns(1));

  public static ModelHome on(Kernel kernel) {
    return new ModelHome(
        kernel.pollers(),
        new ConnectionRegistry(),
        new BufferPool(new DirectMemory(0, Optional.empty())),
        new Ticks(),
        new TimeCheck(TimeLimits.DEFAULT),
        new ConnectionCounts());
  }

  /** A connection that was accepted, and has no thread. */
  public SocketConnection accepted(ModelChannel socket) {
    try {
      return SocketConnection.accepted(this, socket, socket.getLocalAddress());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
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
    return _ -> {};
  }

  @Override
  public ForkContext forkContext() {
    return null;
  }

  @Override
  public ListenerName listener() {
    return null;
  }

  @Override
  public Surroundings surroundings() {
    return Surroundings.MACHINE;
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
  public boolean cancels(SocketConnection registered) {
    return false;
  }

  @Override
  public void opened(SocketConnection connection, String event) {}

  @Override
  public void ended(CloseReason reason) {}

  @Override
  public void refused(SocketConnection connection, Refusal refusal) {}

  @Override
  public void release(SocketConnection connection) {}
}
