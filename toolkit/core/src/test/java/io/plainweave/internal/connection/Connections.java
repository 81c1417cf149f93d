package io.plainweave.internal.connection;

import static org.awaitility.Awaitility.await;

import io.plainweave.Connection;

/** What a connection does inside, for tests that must not guess it. */
final class Connections {
  private Connections() {}

  /** Waits until a thread waits for input, in this way. */
  static void awaitWaiting(Connection connection, ConnectionActivity how) {
    var socket = (SocketConnection) connection;
    await().until(() -> socket.input().activity() == how && socket.channel().isAwaited());
  }
}
