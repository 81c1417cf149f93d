package io.plainweave.server;

import io.plainweave.Handler;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.admission.Admission;
import io.plainweave.internal.admission.Descriptors;
import io.plainweave.internal.connection.ConnectionRegistry;
import io.plainweave.internal.connection.HandshakeRunner;
import io.plainweave.internal.connection.HandshakeTurns;
import io.plainweave.internal.connection.TimeCheck;
import io.plainweave.internal.figures.ConnectionCounts;
import io.plainweave.internal.socket.Surroundings;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.trace.Traces;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.DirectMemory;
import io.plainweave.internal.transport.Pollers;
import io.plainweave.internal.udp.DatagramRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Homes of servers that have no thread and no socket. */
final class ServerHomes {
  private ServerHomes() {}

  /** One whose pollers are open, and the caller's to close. */
  static ServerHome open(Handler handler, ServerObserver observer) throws Exception {
    var ticks = new Ticks();
    var registry = new ConnectionRegistry();
    var events = new ServerEvents(new ServerLog(), List.of(observer));
    var home =
        new ServerHome(
            handler,
            new Admission(
                AdmissionRules.DEFAULT, registry, ticks, events, Descriptors.ofThisProcess()),
            null,
            registry,
            new DatagramRegistry(List.of()),
            new BufferPool(DirectMemory.ofThisProcess()),
            new Pollers(0, 0),
            ticks,
            new TimeCheck(TimeLimits.DEFAULT),
            new Drain(Duration.ZERO, Duration.ZERO, Duration.ofSeconds(30), ticks),
            events,
            new HandshakeRunner(List.of(), new HandshakeTurns(1)),
            new BackgroundTasks(Map.of()),
            null,
            new ConnectionCounts(),
            new Traces(ticks),
            Surroundings.MACHINE);
    home.pollers().open();
    return home;
  }
}
