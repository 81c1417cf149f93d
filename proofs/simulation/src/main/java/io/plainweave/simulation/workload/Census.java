package io.plainweave.simulation.workload;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.event.ServerEvent;
import io.plainweave.event.ServerObserver;
import io.plainweave.server.Server;
import io.plainweave.server.ServerState;
import io.plainweave.simulation.world.World;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Counts what a server says of its connections, and holds it against what must be. */
final class Census implements ServerObserver {
  /** What is known of one. */
  private static final class Entry {
    private final Connection connection;
    private int opened;
    private int closed;
    private CloseReason reason;

    private Entry(Connection connection) {
      this.connection = connection;
    }
  }

  private final World world;
  private final int maxConnections;
  private final int maxPerSource;
  private final Map<Integer, Entry> entries = new LinkedHashMap<>();
  private final Map<InetAddress, Integer> handlersOf = new HashMap<>();
  private int handlers;

  Census(World world, int maxConnections, int maxPerSource) {
    this.world = world;
    this.maxConnections = maxConnections;
    this.maxPerSource = maxPerSource;
  }

  /** The same handler, which is counted while it runs. */
  Handler watching(Handler handler) {
    return connection -> {
      begins(connection);
      try {
        handler.handle(connection);
      } finally {
        ends(connection);
      }
    };
  }

  private void begins(Connection connection) {
    world.check(++handlers <= maxConnections, handlers + " handlers, more than " + maxConnections);
    InetAddress source = ((InetSocketAddress) connection.remoteAddress()).getAddress();
    int ofSource = handlersOf.merge(source, 1, Integer::sum);
    world.check(
        maxPerSource == 0 || ofSource <= maxPerSource,
        ofSource + " handlers of one source, more than " + maxPerSource);
  }

  private void ends(Connection connection) {
    handlers--;
    handlersOf.merge(
        ((InetSocketAddress) connection.remoteAddress()).getAddress(), -1, Integer::sum);
  }

  @Override
  public void onEvent(ServerEvent event) {
    switch (event) {
      case ServerEvent.ConnectionOpened opened -> of(opened.connection()).opened++;
      case ServerEvent.ConnectionClosed closed -> {
        Entry entry = of(closed.connection());
        entry.closed++;
        entry.reason = closed.reason();
        world.machine().note("closed " + portOf(closed.connection()) + " " + closed.reason());
      }
      case ServerEvent.ListenerFailed failed -> world.fail("a listener has failed: " + failed);
      default -> {}
    }
  }

  private Entry of(Connection connection) {
    return entries.computeIfAbsent(portOf(connection), _ -> new Entry(connection));
  }

  private static int portOf(Connection connection) {
    return ((InetSocketAddress) connection.remoteAddress()).getPort();
  }

  /** Tells a conversation what the events have said of it. */
  void add(Conversation talk) {
    Entry entry = entries.get(talk.clientPort);
    if (entry != null) {
      talk.opened = entry.opened;
      talk.closed = entry.closed;
      talk.reason = entry.reason;
    }
  }

  /** What holds of every server that has ended. */
  void verify(Server server) {
    entries.forEach((port, entry) -> {
      world.check(
          entry.opened == 1 && entry.closed == 1,
          "port %d was opened %d times and closed %d times"
              .formatted(port, entry.opened, entry.closed));
      CloseReason kept = entry.connection.closeReason().orElse(null);
      world.check(
          entry.reason != null && entry.reason.equals(kept),
          "port %d has two reasons: told %s, kept %s".formatted(port, entry.reason, kept));
    });
    world.check(handlers == 0, handlers + " handlers are left");
    world.check(server.connections() == 0, server.connections() + " connections are left");
    world.check(
        server.state() == ServerState.TERMINATED, "the server has not ended: " + server.state());
    var status = server.live().status();
    world.check(status.totalOpen() == 0, status.totalOpen() + " are open by the status");
    world.check(
        status.accepted() == status.totalClosed(),
        "accepted %d, closed %d".formatted(status.accepted(), status.totalClosed()));
  }
}
