package io.plainweave.server;

import io.plainweave.CloseReason;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.admission.Refusal;
import io.plainweave.context.ForkContext;
import io.plainweave.internal.admission.Admission;
import io.plainweave.internal.admission.ListenerLimit;
import io.plainweave.internal.connection.ConnectionRegistry;
import io.plainweave.internal.connection.HandshakeRunner;
import io.plainweave.internal.connection.Home;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.connection.TimeCheck;
import io.plainweave.internal.figures.ConnectionCounts;
import io.plainweave.internal.handshake.HandshakeSteps;
import io.plainweave.internal.live.LiveServer;
import io.plainweave.internal.socket.Surroundings;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.trace.Traces;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.Pollers;
import io.plainweave.internal.udp.DatagramRegistry;
import io.plainweave.status.ListenerName;
import io.plainweave.status.LiveView;
import java.net.SocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What all connections of a listener share. Only its handler, its limits and the handshake are its
 * own; all else is the server's.
 *
 * @param handler none ever runs for connections that handlers open
 * @param listenerLimit null for connections that handlers open, which have no permit
 */
record ServerHome(
    Handler handler,
    Admission admission,
    @Nullable ListenerLimit listenerLimit,
    ConnectionRegistry registry,
    DatagramRegistry datagrams,
    BufferPool buffers,
    Pollers pollers,
    Ticks ticks,
    TimeCheck timeCheck,
    Drain drain,
    ServerEvents observer,
    HandshakeRunner handshake,
    BackgroundTasks background,
    @Nullable ForkContext forkContext,
    ConnectionCounts counts,
    Traces traces,
    Surroundings surroundings)
    implements Home {
  /** Where a server listens, and what serves the connections of that listener. */
  record ListenPlace(Listen listen, Handler handler) {
    ListenPlace {
      Objects.requireNonNull(listen, "listen");
      Objects.requireNonNull(handler, "handler");
    }

    /** As the builder has it, perhaps without a handler. */
    static ListenPlace of(Listen listen, @Nullable Handler handler) {
      if (handler == null) {
        throw new IllegalStateException(
            "the listener on %s has no handler: call handler(...), or listen(Listen, Handler)"
                .formatted(listen));
      }
      return new ListenPlace(listen, handler);
    }
  }

  /** The limit of the listener that has accepted the connections. */
  ListenerLimit limit() {
    return Objects.requireNonNull(listenerLimit, "only what was accepted has permits");
  }

  /** The limit of the listener, or zero for none. */
  int maxConnections() {
    return admission.maximum(limit());
  }

  void changeMaxConnections(int maximum) {
    if (maximum < 0) {
      throw new IllegalArgumentException("maxConnections must not be negative: " + maximum);
    }
    admission.change(limit(), maximum);
  }

  LiveView live() {
    return new LiveServer(registry, counts, admission, pollers, datagrams, traces);
  }

  @Override
  public @Nullable ListenerName listener() {
    return listenerLimit == null ? null : listenerLimit.name();
  }

  @Override
  public boolean isAdmin() {
    return listenerLimit != null && listenerLimit.isAdmin();
  }

  @Override
  public boolean finishes(int slot, int now) {
    return isAdmin() ? drain.finishesAdmin() : drain.finishes(slot, now);
  }

  @Override
  public boolean cancels(SocketConnection registered) {
    return drain.cancels(registered);
  }

  @Override
  public void opened(SocketConnection connection, String event) {
    traces.opened(connection, event);
  }

  @Override
  public void ended(@Nullable CloseReason reason) {
    if (!isAdmin()) {
      drain.connectionEnded(reason);
    }
  }

  @Override
  public void release(SocketConnection connection) {
    admission.release(connection, listenerLimit);
  }

  @Override
  public void refused(SocketConnection connection, Refusal refusal) {
    admission.refusals().count(limit().address(), refusal, connection.remoteAddress());
  }

  /**
   * The same for the connections of one listener.
   *
   * @param address where it is, or the first of its addresses
   */
  ServerHome of(ListenPlace place, SocketAddress address) {
    Listen listen = place.listen();
    ListenerLimit limit = admission.add(listen, address);
    return new ServerHome(
        place.handler(),
        admission,
        limit,
        registry,
        datagrams,
        buffers,
        pollers,
        ticks,
        TimeCheck.of(listen.timeLimits(), timeCheck),
        drain,
        observer,
        handshake.of(HandshakeSteps.of(listen, admission, limit)),
        background,
        forkContext,
        counts,
        traces,
        surroundings);
  }
}
