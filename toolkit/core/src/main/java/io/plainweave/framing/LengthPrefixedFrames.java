package io.plainweave.framing;

import io.plainweave.Duplex;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Messages behind their length. */
record LengthPrefixedFrames(Duplex duplex, LengthPrefix prefix, int maxBytes) implements Frames {
  @Override
  public byte @Nullable [] read() throws IOException {
    if (!duplex.awaitMessage()) {
      return null;
    }
    InputStream in = duplex.input();
    long length = prefix.readFrom(in);
    if (length > maxBytes) {
      throw new MalformedMessageException(
          "a message of " + length + " bytes is announced; the limit is " + maxBytes);
    }
    byte[] message = readBytes(in, (int) length);
    duplex.endMessage();
    return message;
  }

  static byte[] readBytes(InputStream in, int length) throws IOException {
    // Makes room as the bytes come in, not for what is announced.
    byte[] message = in.readNBytes(length);
    if (message.length < length) {
      throw new TruncatedMessageException(
          "the peer has finished after " + message.length + " of " + length + " bytes");
    }
    return message;
  }

  @Override
  public void write(byte[] message) throws IOException {
    long most = Math.min(maxBytes, prefix.largest());
    if (message.length > most) {
      throw new IllegalArgumentException(
          "a message of " + message.length + " bytes is longer than the limit of " + most);
    }
    OutputStream out = duplex.output();
    prefix.writeTo(out, message.length);
    out.write(message);
  }
}
