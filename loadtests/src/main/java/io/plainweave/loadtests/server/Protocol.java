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
   * begin: the time limit of messages applies, and the drain ends connections between them. One
   * that begins with {@link #REQUEST_FOR_MUCH} gets {@link #MUCH} bytes instead.
   */
  MESSAGES(Protocol::answerMessages),

  /** Messages of 64 bytes, each of which goes to everyone. */
  BROADCAST(new Broadcast());

  /** The size of a message. */
  public static final int MESSAGE_BYTES = 64;

  /** The first byte of a message that asks for {@link #MUCH}; other messages begin otherwise. */
  public static final byte REQUEST_FOR_MUCH = -1;

  /** More than the sockets of both ends hold, so that somebody has to read it. */
  static final int MUCH = 16 << 20;

  private static final byte[] PART = new byte[64 << 10];

  private final Handler handler;

  Protocol(Handler handler) {
    this.handler = handler;
  }

  Handler handler() {
    return handler;
  }

  private static void answerMessages(Connection connection) throws IOException {
    Frames messages = Frames.fixed(connection, MESSAGE_BYTES);
    for (byte[] message; (message = messages.read()) != null; ) {
      if (message[0] == REQUEST_FOR_MUCH) {
        for (int sent = 0; sent < MUCH; sent += PART.length) {
          connection.output().write(PART);
        }
      } else {
        messages.write(message);
      }
    }
  }
}
