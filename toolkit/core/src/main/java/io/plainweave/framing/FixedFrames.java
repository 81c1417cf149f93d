package io.plainweave.framing;

import io.plainweave.Connection;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Messages of one size. */
record FixedFrames(Connection connection, int size) implements Frames {
  @Override
  public byte @Nullable [] read() throws IOException {
    if (!connection.awaitMessage()) {
      return null;
    }
    byte[] message = LengthPrefixedFrames.readBytes(connection.input(), size);
    connection.endMessage();
    return message;
  }

  @Override
  public void write(byte[] message) throws IOException {
    if (message.length != size) {
      throw new IllegalArgumentException(
          "a message of " + message.length + " bytes, where each has " + size);
    }
    connection.output().write(message);
  }
}
