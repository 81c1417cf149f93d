package io.plainweave.loadtests.server;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.framing.Frames;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;

/**
 * Sends every message to everyone. The first message of a connection goes back to itself alone: by
 * then it belongs to those who get the others.
 */
final class Broadcast implements Handler {
  /** Messages that a peer may be behind; one that is further behind is disconnected. */
  private static final int CAPACITY = 1_000;

  private final Group everyone = new Group();

  @Override
  public void handle(Connection connection) throws Exception {
    Frames messages = Frames.fixed(connection, Protocol.MESSAGE_BYTES);
    Outbox outbox = new Outbox(connection, CAPACITY, Outbox.Policy.DISCONNECT);
    byte[] first = messages.read();
    if (first == null) {
      return;
    }
    try (var scope = connection.openScope()) {
      scope.fork("outbox", outbox);
      try (outbox) { // closed, it leaves the group
        everyone.join(connection.remoteAddress() + " to " + connection.localAddress(), outbox);
        outbox.offer(first);
        for (byte[] message; (message = messages.read()) != null; ) {
          everyone.broadcast(message);
        }
      }
      scope.join();
    }
  }
}
