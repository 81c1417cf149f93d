package io.plainweave.loadtests.client;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The bytes of an exchange: sends a connection's message, receives, and compares that with what has
 * to come.
 *
 * <p>It has one buffer of each kind for all connections: an idle connection owns none. Belongs to
 * the thread of its {@link ClientLoop}.
 */
final class Exchange {
  private final Dialogue dialogue;
  private final ByteBuffer outgoing = ByteBuffer.allocateDirect(4 * Message.BYTES);
  private final ByteBuffer incoming = ByteBuffer.allocateDirect(4 * Message.BYTES);
  private final ByteBuffer expected = ByteBuffer.allocateDirect(4 * Message.BYTES);

  Exchange(Dialogue dialogue) {
    this.dialogue = dialogue;
  }

  /** Sends what is left of the connection's message; whether all of it is sent. */
  boolean send(ClientConnection connection) throws IOException {
    dialogue.request(connection, outgoing);
    outgoing.position(connection.sent);
    connection.sent += connection.channel.write(outgoing);
    return !outgoing.hasRemaining();
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

  /** Whether what came is, from there on, what has to come back. */
  boolean isExpected(ClientConnection connection, int from) {
    dialogue.reply(connection, expected);
    return from + incoming.remaining() <= expected.limit()
        && incoming.equals(expected.slice(from, incoming.remaining()));
  }

  /** Whether so many bytes are all that has to come back. */
  boolean isWhole(ClientConnection connection, int received) {
    dialogue.reply(connection, expected);
    return received == expected.limit();
  }
}
