package io.plainweave;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Writes down what a server tells of its connections. */
final class ConnectionEvents implements ServerObserver {
  private final Queue<Connection> opened = new ConcurrentLinkedQueue<>();
  private final Queue<ServerEvent.ConnectionClosed> closed = new ConcurrentLinkedQueue<>();

  @Override
  public void onEvent(ServerEvent event) {
    switch (event) {
      case ServerEvent.ConnectionOpened e -> opened.add(e.connection());
      case ServerEvent.ConnectionClosed e -> closed.add(e);
      default -> {
        // Not about one connection.
      }
    }
  }

  /** Waits until so many have ended, and checks that each of them was opened and ended once. */
  List<ServerEvent.ConnectionClosed> awaitClosed(int count) {
    await().until(() -> closed.size() >= count);
    List<ServerEvent.ConnectionClosed> all = List.copyOf(closed);
    assertEquals(count, all.size());
    assertEquals(
        count, all.stream().map(ServerEvent.ConnectionClosed::connection).distinct().count());
    all.forEach(e -> assertEquals(1, opened.stream().filter(e.connection()::equals).count()));
    return all;
  }

  /** Waits until the only connection has ended, and tells why. */
  CloseReason awaitReason() {
    return awaitClosed(1).getFirst().reason();
  }

  void assertEndedBy(TimeLimit limit) {
    assertEquals(new CloseReason.TimedOut(limit), awaitReason());
  }

  /** Those that have not ended. */
  List<Connection> openConnections() {
    List<Connection> ended = closed.stream().map(ServerEvent.ConnectionClosed::connection).toList();
    return opened.stream().filter(connection -> !ended.contains(connection)).toList();
  }

  int opened() {
    return opened.size();
  }

  int closed() {
    return closed.size();
  }
}
