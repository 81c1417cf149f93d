package io.plainweave.framing;

import io.plainweave.Duplex;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Messages behind their length. */
record LengthPrefixedFrames(Duplex duplex, LengthPrefix prefix, int maxBytes, TooLong tooLong)
    implements Frames {
  private static final int MOST_DROPPED_AT_ONCE = 8 * 1024;

  @Override
  public Frames tooLong(TooLong tooLong) {
    return new LengthPrefixedFrames(duplex, prefix, maxBytes, tooLong);
  }

  @Override
  public byte @Nullable [] read() throws IOException {
    while (duplex.awaitMessage()) {
      InputStream in = duplex.input();
      long length = prefix.readFrom(in);
      if (length <= maxBytes) {
        byte[] message = readBytes(in, (int) length);
        duplex.endMessage();
        return message;
      }
      if (tooLong == TooLong.FAIL) {
        throw new MalformedMessageException(
            "a message of " + length + " bytes is announced; the limit is " + maxBytes);
      }
      byte[] beginning = readBytes(in, tooLong == TooLong.CUT ? maxBytes : 0);
      long missing = drop(in, length - beginning.length);
      if (missing > 0) {
        throw new TruncatedMessageException(
            "the peer has finished, and of the "
                + length
                + " bytes announced "
                + missing
                + " miss");
      }
      duplex.endMessage();
      if (tooLong == TooLong.CUT) {
        return beginning;
      }
    }
    return null;
  }

  /** Drops so many bytes; returns how many of them have not come when the input has ended. */
  static long drop(InputStream in, long length) throws IOException {
    byte[] dropped = new byte[(int) Math.min(length, MOST_DROPPED_AT_ONCE)];
    long left = length;
    for (int n = 0; left > 0 && n >= 0; left -= Math.max(n, 0)) {
      n = in.read(dropped, 0, (int) Math.min(left, dropped.length));
    }
    return left;
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
