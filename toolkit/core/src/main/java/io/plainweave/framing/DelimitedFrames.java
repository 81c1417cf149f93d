package io.plainweave.framing;

import io.plainweave.Duplex;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Messages that end with a delimiter. */
final class DelimitedFrames implements Frames {
  private final Duplex duplex;
  private final byte[] delimiter;
  private final byte last;
  private final int maxBytes;
  private final TooLong tooLong;

  /** How much room the next message gets at first; only the reading thread touches it. */
  private int room = MessageBytes.FIRST_ROOM;

  DelimitedFrames(Duplex duplex, byte[] delimiter, int maxBytes, TooLong tooLong) {
    this.duplex = duplex;
    this.delimiter = delimiter;
    this.last = delimiter[delimiter.length - 1];
    this.maxBytes = maxBytes;
    this.tooLong = tooLong;
  }

  @Override
  public Frames tooLong(TooLong tooLong) {
    return new DelimitedFrames(duplex, delimiter, maxBytes, tooLong);
  }

  @Override
  public byte @Nullable [] read() throws IOException {
    while (duplex.awaitMessage()) {
      MessageBytes message = readWhole();
      duplex.endMessage();
      room = message.roomForNext();
      if (!message.isCut()) {
        return message.first(message.size() - delimiter.length);
      }
      if (tooLong == TooLong.CUT) {
        return message.first(message.size());
      }
    }
    return null;
  }

  private MessageBytes readWhole() throws IOException {
    var message = new MessageBytes(duplex::readUntil, room);
    long most = (long) maxBytes + delimiter.length;
    while (message.size() < most) {
      if (!message.readUntil(last, most)) {
        throw new TruncatedMessageException(
            "the peer has finished after " + message.size() + " bytes without the delimiter");
      }
      if (message.endsWith(delimiter)) {
        return message;
      }
    }
    if (tooLong == TooLong.FAIL) {
      throw new MalformedMessageException(
          "a message is longer than " + maxBytes + " bytes, without the delimiter");
    }
    message.dropThrough(delimiter, maxBytes);
    return message;
  }

  @Override
  public void write(byte[] message) throws IOException {
    if (message.length > maxBytes) {
      throw new IllegalArgumentException(
          "a message of " + message.length + " bytes is longer than the limit of " + maxBytes);
    }
    byte[] all = Arrays.copyOf(message, message.length + delimiter.length);
    System.arraycopy(delimiter, 0, all, message.length, delimiter.length);
    int end = firstDelimiter(all);
    if (end < message.length) {
      throw new IllegalArgumentException(
          "the delimiter would end the message at " + end + " of " + message.length + " bytes");
    }
    duplex.output().write(all);
  }

  /** Where the reader will see the delimiter; a message and its delimiter can make one together. */
  private int firstDelimiter(byte[] all) {
    int start = 0;
    while (!Arrays.equals(all, start, start + delimiter.length, delimiter, 0, delimiter.length)) {
      start++;
    }
    return start;
  }
}
