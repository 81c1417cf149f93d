package io.plainweave.internal.live;

import io.plainweave.admission.Network;
import io.plainweave.internal.admission.Admission;
import io.plainweave.internal.connection.ConnectionRegistry;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.figures.ConnectionCounts;
import io.plainweave.internal.thread.JdkScheduler;
import io.plainweave.internal.trace.Traces;
import io.plainweave.internal.transport.Pollers;
import io.plainweave.internal.udp.DatagramListener;
import io.plainweave.internal.udp.DatagramRegistry;
import io.plainweave.status.ConnectionState;
import io.plainweave.status.ConnectionStatus;
import io.plainweave.status.ListenerName;
import io.plainweave.status.LiveConnection;
import io.plainweave.status.LiveView;
import io.plainweave.status.ServerStatus;
import io.plainweave.trace.Trace;
import io.plainweave.trace.TraceLimits;
import io.plainweave.trace.TraceTarget;
import java.io.IOException;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Looks at the connections of a server in the registry, one slot after the other. */
public record LiveServer(
    ConnectionRegistry registry,
    ConnectionCounts counts,
    Admission admission,
    Pollers pollers,
    DatagramRegistry datagrams,
    Traces traces)
    implements LiveView {
  @Override
  public Stream<ConnectionStatus> connections() {
    return registered().map(Look::at);
  }

  @Override
  public Stream<LiveConnection> find(Predicate<? super ConnectionStatus> which) {
    Objects.requireNonNull(which, "which");
    return registered().filter(connection -> which.test(Look.at(connection))).map(this::live);
  }

  private LiveConnection live(SocketConnection connection) {
    return new LiveSocket(connection, traces);
  }

  @Override
  public Trace trace(Network peers, TraceTarget target, TraceLimits limits) throws IOException {
    return traces.begin(peers, target, limits, registry::forEach);
  }

  @Override
  public Optional<LiveConnection> connection(long id) {
    return registered().filter(connection -> connection.id() == id).map(this::live).findFirst();
  }

  /** A connection keeps its slot, so none is met twice. */
  private Stream<SocketConnection> registered() {
    return IntStream.range(0, registry.slots()).mapToObj(registry::at).filter(Objects::nonNull);
  }

  @Override
  public ServerStatus status() {
    // What has ended is counted last: so most of what ends meanwhile is in both, and not in none.
    var open = new Open();
    admission.listenerNames().forEach(name -> open.byListener.put(name, 0));
    registered().forEach(open::add);
    return new ServerStatus(
        open.byState,
        open.byListener,
        open.outbound,
        counts.allAccepted(),
        admission.refusals().totals(),
        counts.byReason(),
        counts.handshakesPassed(),
        counts.handshakesFailed(),
        counts.received() + open.received,
        counts.sent() + open.sent,
        counts.writeStalls(),
        counts.ages(),
        counts.sizes(),
        counts.times(),
        open.buffers,
        threads(),
        datagrams.listeners().stream().map(DatagramListener::statistics).toList());
  }

  private ServerStatus.Threads threads() {
    boolean onLoops = pollers.areOnEventLoops();
    return new ServerStatus.Threads(
        onLoops ? pollers.all().size() : 0,
        pollers.loopThreads(),
        pollers.loopTime(),
        JdkScheduler.carriers(),
        JdkScheduler.busyCarriers(),
        onLoops ? pollers.queued() : JdkScheduler.queued());
  }

  /** Sums up the connections of one walk, in one thread. */
  private static final class Open {
    private final Map<ConnectionState, Integer> byState = new EnumMap<>(ConnectionState.class);
    private final Map<ListenerName, Integer> byListener = new HashMap<>();
    private int outbound;
    private int buffers;
    private long received;
    private long sent;

    void add(SocketConnection connection) {
      if (connection.input().unread() != null || connection.socketOutput().hasPending()) {
        buffers++;
      }
      ListenerName listener = connection.home().listener();
      if (connection.isOutbound() || listener == null) {
        outbound++;
        return;
      }
      byState.merge(Look.state(connection), 1, Integer::sum);
      byListener.merge(listener, 1, Integer::sum);
      received += connection.input().received();
      sent += connection.socketOutput().sent();
    }
  }
}
