package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.Handler;
import io.plainweave.TimeLimits;
import io.plainweave.admission.Refusal;
import io.plainweave.context.ForkContext;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.figures.ConnectionCounts;
import io.plainweave.internal.socket.Surroundings;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.Pollers;
import io.plainweave.status.ListenerName;
import org.jspecify.annotations.Nullable;

/**
 * The home of a connection that has time limits of its own. All else is as in the one that it
 * shares with others, so that connections without such limits need no field for them.
 */
record LimitedHome(Home shared, TimeCheck timeCheck) implements Home {
  /** The same home with these limits for one connection. */
  static Home of(Home home, TimeLimits limits) {
    Home shared = home instanceof LimitedHome limited ? limited.shared : home;
    return new LimitedHome(shared, new TimeCheck(limits));
  }

  @Override
  public Handler handler() {
    return shared.handler();
  }

  @Override
  public HandshakeRunner handshake() {
    return shared.handshake();
  }

  @Override
  public ConnectionRegistry registry() {
    return shared.registry();
  }

  @Override
  public BufferPool buffers() {
    return shared.buffers();
  }

  @Override
  public Pollers pollers() {
    return shared.pollers();
  }

  @Override
  public Ticks ticks() {
    return shared.ticks();
  }

  @Override
  public ServerObserver observer() {
    return shared.observer();
  }

  @Override
  public @Nullable ForkContext forkContext() {
    return shared.forkContext();
  }

  @Override
  public ConnectionCounts counts() {
    return shared.counts();
  }

  @Override
  public @Nullable ListenerName listener() {
    return shared.listener();
  }

  @Override
  public Surroundings surroundings() {
    return shared.surroundings();
  }

  @Override
  public boolean isAdmin() {
    return shared.isAdmin();
  }

  @Override
  public boolean finishes(int slot, int now) {
    return shared.finishes(slot, now);
  }

  @Override
  public boolean cancels(SocketConnection registered) {
    return shared.cancels(registered);
  }

  @Override
  public void opened(SocketConnection connection, String event) {
    shared.opened(connection, event);
  }

  @Override
  public void ended(@Nullable CloseReason reason) {
    shared.ended(reason);
  }

  @Override
  public void refused(SocketConnection connection, Refusal refusal) {
    shared.refused(connection, refusal);
  }

  @Override
  public void release(SocketConnection connection) {
    shared.release(connection);
  }
}
