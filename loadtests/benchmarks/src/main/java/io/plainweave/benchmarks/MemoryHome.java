package io.plainweave.benchmarks;

import io.plainweave.CloseReason;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Refusal;
import io.plainweave.context.ForkContext;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.admission.Admission;
import io.plainweave.internal.admission.Descriptors;
import io.plainweave.internal.admission.ListenerLimit;
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
import java.net.InetSocketAddress;
import java.util.List;

/** A home of connections that has no sockets and no threads of its own, and never drains. */
record MemoryHome(
    ConnectionRegistry registry,
    BufferPool buffers,
    Pollers pollers,
    Ticks ticks,
    TimeCheck timeCheck,
    HandshakeRunner handshake,
    ConnectionCounts counts,
    Admission admission,
    ListenerLimit limit)
    implements Home {
  static MemoryHome make() {
    var registry = new ConnectionRegistry();
    var ticks = new Ticks();
    var admission =
        new Admission(
            AdmissionRules.DEFAULT, registry, ticks, _ -> {}, Descriptors.ofThisProcess());
    return new MemoryHome(
        registry,
        new BufferPool(DirectMemory.ofThisProcess()),
        new Pollers(0, 0),
        ticks,
        new TimeCheck(TimeLimits.DEFAULT),
        new HandshakeRunner(List.of(), new HandshakeTurns(1)),
        new ConnectionCounts(),
        admission,
        admission.add(Listen.tcp(0), new InetSocketAddress(0)));
  }

  @Override
  public Handler handler() {
    return _ -> {};
  }

  @Override
  public ListenerName listener() {
    return limit.name();
  }

  @Override
  public boolean isAdmin() {
    return false;
  }

  @Override
  public ServerObserver observer() {
    return _ -> {};
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
  public ForkContext forkContext() {
    return null;
  }

  @Override
  public Surroundings surroundings() {
    return Surroundings.MACHINE;
  }

  @Override
  public void opened(SocketConnection connection, String event) {}

  @Override
  public void ended(CloseReason reason) {}

  @Override
  public void refused(SocketConnection connection, Refusal refusal) {}

  @Override
  public void release(SocketConnection connection) {
    admission.release(connection, limit);
  }
}
