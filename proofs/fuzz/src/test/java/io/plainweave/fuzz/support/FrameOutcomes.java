package io.plainweave.fuzz.support;

import io.plainweave.Duplex;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import io.plainweave.framing.Frames;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;

/** Reads messages in every split, and then those once more that a writer has made of them. */
public final class FrameOutcomes {
  private static final long FIRST = 128 * 1024;
  private static final long EACH_BYTE = 512;

  private FrameOutcomes() {}

  /**
   * Reads all messages of an input, and checks them.
   *
   * @param areWritable whether all of them can be written
   * @return the messages
   */
  public static List<byte[]> of(
      Input input, boolean areWritable, Function<Duplex, Frames> framing) {
    long most = FIRST + EACH_BYTE * input.size();
    Outcome read =
        Splits.alike(input, most, pieces -> read(framing.apply(new MemoryConnection(pieces))));
    List<byte[]> messages = read.seen().stream().map(HexFormat.of()::parseHex).toList();
    if (!areWritable) {
      return messages;
    }
    Outcome again = read(framing.apply(new MemoryConnection(written(messages, framing))));
    Outcome.same(
        new Outcome(read.seen(), Outcome.IN_ORDER), again, "it is read otherwise than written");
    return messages;
  }

  private static Outcome read(Frames frames) {
    return Outcome.of(
        seen -> {
          for (byte[] message; (message = frames.read()) != null; ) {
            seen.accept(message);
          }
        },
        MalformedMessageException.class,
        TruncatedMessageException.class);
  }

  private static Pieces written(List<byte[]> messages, Function<Duplex, Frames> framing) {
    var connection = new MemoryConnection(new Pieces(new byte[0], new int[0]));
    Frames frames = framing.apply(connection);
    try {
      for (byte[] message : messages) {
        frames.write(message);
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new Finding("what was read cannot be written", e);
    }
    return new Pieces(connection.sent(), new int[0]);
  }
}
