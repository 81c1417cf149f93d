package io.plainweave.framing;

import io.plainweave.Duplex;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Messages of one size. */
record FixedFrames(Duplex duplex, int size) implements Frames {
  @Override
  public Frames tooLong(TooLong tooLong) {
    return this; // none is
  }

  @Override
  public byte @Nullable [] read() throws IOException {
    if (!duplex.awaitMessage()) {
      return null;
    }
    byte[] message = LengthPrefixedFrames.readBytes(duplex.input(), size);
    duplex.endMessage();
    return message;
  }

  @Override
  public void write(byte[] message) throws IOException {
    if (message.length != size) {
      throw new IllegalArgumentException(
          "a message of " + message.length + " bytes, where each has " + size);
    }
    duplex.output().write(message);
  }
}
