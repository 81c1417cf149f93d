package io.plainweave.loadtests.server;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.framing.Frames;
import java.io.IOException;

/** What the server of a run takes the bytes of a connection for. */
public enum Protocol {
  /** A stream of bytes, each of which goes back as it comes. */
  BYTES(connection -> connection.input().transferTo(connection.output())),

  /**
   * Messages of 64 bytes, each of which goes back when it is whole. The server knows where they
   * begin: the time limit of messages applies, and the drain ends connections between them.
   */
  MESSAGES(Protocol::echoMessages);

  private static final int MESSAGE_BYTES = 64;

  private final Handler handler;

  Protocol(Handler handler) {
    this.handler = handler;
  }

  Handler handler() {
    return handler;
  }

  private static void echoMessages(Connection connection) throws IOException {
    Frames messages = Frames.fixed(connection, MESSAGE_BYTES);
    for (byte[] message; (message = messages.read()) != null; ) {
      messages.write(message);
    }
  }
}
