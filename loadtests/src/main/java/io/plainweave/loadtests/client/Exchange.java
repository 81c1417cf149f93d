package io.plainweave.loadtests.client;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The bytes of an exchange: sends a connection's message, receives, and compares the two.
 *
 * <p>It has one buffer of each kind for all connections: an idle connection owns none. Belongs to
 * the thread of its {@link ClientLoop}.
 */
final class Exchange {
  private final ByteBuffer outgoing = ByteBuffer.allocateDirect(Message.BYTES);
  private final ByteBuffer incoming = ByteBuffer.allocateDirect(4 * Message.BYTES);
  private final ByteBuffer expected = ByteBuffer.allocateDirect(Message.BYTES);

  /** Sends what is left of the connection's message; whether all of it is sent. */
  boolean send(ClientConnection connection) throws IOException {
    Message.write(connection.number, connection.sequence, outgoing);
    outgoing.position(connection.sent);
    connection.sent += connection.channel.write(outgoing);
    return connection.sent == Message.BYTES;
  }

  /** Receives what is there, at most four messages; -1 at the end of stream. */
  int receive(ClientConnection connection) throws IOException {
    incoming.clear();
    int length = connection.channel.read(incoming);
    incoming.flip();
    return length;
  }

  /** What came with the last {@link #receive}. */
  ByteBuffer received() {
    return incoming;
  }

  /** Whether what came is, from there on, what the connection has sent. */
  boolean isEcho(ClientConnection connection, int from) {
    if (from + incoming.remaining() > connection.sent) {
      return false;
    }
    Message.write(connection.number, connection.sequence, expected);
    return incoming.equals(expected.slice(from, incoming.remaining()));
  }
}
