package io.plainweave.server;

import io.plainweave.CloseReason;
import io.plainweave.event.DrainReport;
import io.plainweave.event.ServerEvent;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.log.Log;
import io.plainweave.text.Addresses;
import io.plainweave.udp.DatagramDrop;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * Writes the events of a server to its {@link Log}. What a peer does is never worth more than
 * DEBUG: a reset is how the other side of the world says goodbye. And nothing that a peer has sent
 * is ever more than one line.
 */
final class ServerLog implements ServerObserver {
  private static final Log LOG = Log.SERVER;

  private static final int MOST_OF_PEER = 500;

  /** How listeners are called that have names; threads that add a listener write it. */
  private final Map<SocketAddress, String> names = new ConcurrentHashMap<>();

  /** Failures to accept: there may be two hundred a second. */
  private final Burst<ServerEvent.AcceptFailed> acceptFailures =
      new Burst<>((latest, failures) ->
          LOG.warn(
              "cannot accept on {}, {} times since the last report: {}",
              called(latest.listener()),
              failures,
              latest.failure().toString()));

  /** What has failed of datagrams and sessions: anyone can make their handlers run, at no cost. */
  private final Burst<DatagramsEnded> handlerFailures = new Burst<>(ServerLog::tellHandlerFailures);

  /** A handler of a datagram or a session that has failed. */
  private record DatagramsEnded(Object what, CloseReason reason) {}

  @Override
  public void onEvent(ServerEvent event) {
    switch (event) {
      case ServerEvent.Listening e -> LOG.debug("listening on {}", called(e.address()));
      case ServerEvent.ConnectionOpened e -> LOG.trace("{}: opened", e.connection());
      case ServerEvent.ConnectionClosed e -> closed(e);
      case ServerEvent.HandshakeBegan _ -> {
        // Its end is logged.
      }
      case ServerEvent.HandshakeEnded e -> handshakeEnded(e);
      case ServerEvent.WriteStallBegan e ->
          LOG.debug("{}: the peer does not read, nothing was sent for a second", e.connection());
      case ServerEvent.WriteStallEnded e ->
          LOG.debug(
              "{}: after {} ms the peer reads again, or is gone",
              e.connection(),
              e.elapsed().toMillis());
      case ServerEvent.AcceptFailed e -> acceptFailures.add(e);
      case ServerEvent.ConnectionsRefused e ->
          LOG.warn(
              "connections refused on {} ({}): {}, the latest from {}",
              called(e.listener()),
              e.reason(),
              e.count(),
              Addresses.format(e.latest()));
      case ServerEvent.ManyConnections e ->
          LOG.warn(
              "connections open on {}: {}; the limit is {}",
              e.listener() == null ? "all listeners" : called(e.listener()),
              e.connections(),
              e.maximum());
      case ServerEvent.MemoryShort e ->
          LOG.warn("memory is short with {} connections: no more for now", e.connections());
      case ServerEvent.DirectMemoryShort e ->
          LOG.warn(
              "direct memory is short, {} of {} bytes are in use: {} buffers from the heap since the last"
                  + " report (-XX:MaxDirectMemorySize)",
              e.used(),
              e.limit(),
              e.onHeap());
      case ServerEvent.ConnectionsLimited e -> limited(e);
      case ServerEvent.ListenerFailed e ->
          LOG.error(
              "the listener on {} has failed; the server drains",
              called(e.listener()),
              e.failure());
      case ServerEvent.BackgroundFailed e ->
          LOG.error("the background task {} has failed; the server drains", e.name(), e.failure());
      case ServerEvent.ListenerLost e ->
          LOG.warn(
              "the listener on {} was destroyed from outside; binding it again",
              called(e.listener()));
      case ServerEvent.ListenerRestored e ->
          LOG.info("listening on {} again", called(e.listener()));
      case ServerEvent.SessionOpened e -> LOG.trace("{}: opened", e.session());
      case ServerEvent.SessionClosed e -> datagramsEnded(e.session(), e.reason());
      case ServerEvent.DatagramFailed e -> datagramsEnded(e.datagram(), e.reason());
      case ServerEvent.DatagramsDropped e -> datagramsDropped(e);
      case ServerEvent.BacklogFull e ->
          LOG.warn(
              "the backlog of {} on {} is full; connections were turned away {} times since the last report",
              e.backlog(),
              called(e.listener()),
              e.overflows());
      case ServerEvent.DrainBegan e -> LOG.info("draining {} connections", e.connections());
      case ServerEvent.DrainEnded e -> drainEnded(e.report());
      case ServerEvent.CarriersBusy e ->
          LOG.warn(
              "no virtual thread could run for {} ms; carriers are now {}; busy with {}",
              e.waited().toMillis(),
              e.parallelism(),
              Stream.concat(e.running().stream(), e.tasks().stream()).toList());
    }
  }

  /** Calls a listener by this name beside its address from now on, or by its address alone. */
  void named(SocketAddress listener, @Nullable String name) {
    names.compute(listener, (_, _) -> name);
  }

  private String called(SocketAddress listener) {
    String name = names.get(listener);
    String address = Addresses.format(listener);
    return name == null ? address : name + " (" + address + ")";
  }

  private static void closed(ServerEvent.ConnectionClosed e) {
    switch (e.reason()) {
      case CloseReason.HandlerFailed(Throwable failure) ->
          LOG.error("{}: the handler has failed; the connection is reset", e.connection(), failure);
      case CloseReason.UpstreamFailed(IOException cause) ->
          LOG.warn(
              "{}: reset, since its upstream has failed: {}",
              e.connection(),
              cut(String.valueOf(cause.getMessage())));
      case CloseReason.EndedByOperator(String text) ->
          LOG.info("{}: ended by an operator: {}", e.connection(), cut(text));
      default -> {
        if (LOG.isDebugEnabled()) {
          LOG.debug("{}: closed: {}", e.connection(), cut(e.reason().toString()));
        }
      }
    }
  }

  /** Of one that has failed the close says more, a moment later. */
  private static void handshakeEnded(ServerEvent.HandshakeEnded e) {
    if (LOG.isTraceEnabled()) {
      LOG.trace(
          "{}: the handshake has taken {} ms: {}",
          e.connection(),
          e.elapsed().toMillis(),
          cut(
              e.failure().isPresent()
                  ? "failed"
                  : String.valueOf(e.connection().tls().orElse(null))));
    }
  }

  /** What a peer has sent may stand in it, such as a name that the JDK refuses. */
  private static String cut(String text) {
    return text.length() > MOST_OF_PEER ? text.substring(0, MOST_OF_PEER) + "..." : text;
  }

  private void datagramsEnded(Object what, CloseReason reason) {
    if (reason.isExpected()) {
      if (LOG.isDebugEnabled()) {
        LOG.debug("{}: ended: {}", what, cut(reason.toString()));
      }
    } else {
      handlerFailures.add(new DatagramsEnded(what, reason));
    }
  }

  private static void tellHandlerFailures(DatagramsEnded latest, int failures) {
    switch (latest.reason) {
      case CloseReason.HandlerFailed(Throwable failure) ->
          LOG.error(
              "{}: the handler has failed, {} times since the last report",
              latest.what,
              failures,
              failure);
      default ->
          LOG.warn(
              "{}: ended, {} such since the last report: {}",
              latest.what,
              failures,
              cut(latest.reason.toString()));
    }
  }

  private static void datagramsDropped(ServerEvent.DatagramsDropped e) {
    boolean expected = e.dropped().keySet().stream().allMatch(DatagramDrop::isExpected);
    LOG.log(
        expected ? Level.DEBUG : Level.WARN,
        "datagrams dropped at udp:{}: {}",
        Addresses.format(e.listener()),
        e.dropped());
  }

  private static void limited(ServerEvent.ConnectionsLimited e) {
    boolean asked = e.wanted() != Integer.MAX_VALUE;
    LOG.log(
        asked ? Level.WARN : Level.DEBUG,
        "at most {} connections{}, since the process may have {} descriptors (ulimit -n)",
        e.maximum(),
        asked ? " instead of " + e.wanted() : "",
        e.descriptors());
  }

  /** Writes what is due of bursts that may be over; called by the reaper. */
  void check() {
    acceptFailures.check();
    handlerFailures.check();
  }

  /** Writes what is left of them, when nothing more comes. */
  void close() {
    acceptFailures.close();
    handlerFailures.close();
  }

  private static void drainEnded(DrainReport report) {
    LOG.info(
        "drained: {} connections have finished, {} were cancelled, in {} ms",
        report.finished(),
        report.forced(),
        report.elapsed().toMillis());
    if (!report.forcedAt().isEmpty()) {
      LOG.warn("cancelled while at {}", report.forcedAt());
    }
    if (!report.survivors().isEmpty()) {
      LOG.warn("these handlers ignore the cancellation: {}", report.survivors());
    }
    if (!report.tasks().isEmpty()) {
      LOG.warn("these background tasks have not ended: {}", report.tasks());
    }
  }

  void observerFailed(ServerObserver observer, ServerEvent event, Throwable failure) {
    try {
      LOG.error("the observer {} has failed at {}", observer, event, failure);
    } catch (Throwable noMemoryForTheLog) {
      // The log itself may be that observer. Whoever has told it goes on.
    }
  }
}
