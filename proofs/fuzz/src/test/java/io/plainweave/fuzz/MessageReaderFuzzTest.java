package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import io.plainweave.framing.MessageReader;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import io.plainweave.fuzz.support.MemoryConnection;
import io.plainweave.fuzz.support.Outcome;
import io.plainweave.fuzz.support.Splits;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The parts of a message")
@ExtendWith(Leftovers.class)
class MessageReaderFuzzTest {
  private static final int MOST_PARTS = 12;

  private enum Part {
    BYTE,
    SHORT,
    INT,
    LONG,
    NUMBER,
    LINE,
    LINE_END,
    COUNTED_BYTES,
    COUNTED_TEXT,
    LIMITED_BYTES,
    SKIPPED,
    REST
  }

  @FuzzTest
  void areTheSameInMemoryAndFromAConnection(byte[] data) {
    var input = new Input(data);
    boolean lenient = input.isChosen();
    var parts = new Part[1 + input.choice(MOST_PARTS)];
    Arrays.setAll(parts, _ -> input.oneOf(Part.values()));
    long most = 256 * 1024 + 512L * input.size();
    Outcome streamed =
        Splits.alike(
            input,
            most,
            pieces -> {
              var connection = new MemoryConnection(pieces);
              return read(
                  lenient ? MessageReader.crlfOrLf(connection) : MessageReader.of(connection),
                  parts);
            });
    if (!lenient) {
      Outcome inMemory = read(MessageReader.of(input.bytes()), parts);
      Finding.unless(
          inMemory.isInOrder() == streamed.isInOrder() && inMemory.seen().equals(streamed.seen()),
          "a message in memory is read otherwise:\n" + streamed + "\n" + inMemory);
    }
  }

  private static Outcome read(MessageReader in, Part... parts) {
    return Outcome.of(
        seen -> {
          for (Part part : parts) {
            switch (part) {
              case BYTE -> seen.accept(in.readByte());
              case SHORT -> seen.accept(in.readUnsignedShort());
              case INT -> seen.accept(in.readUnsignedInt());
              case LONG -> seen.accept(in.readLong());
              case NUMBER -> seen.accept(in.readNumber());
              case LINE -> seen.accept(in.readLine(64));
              case LINE_END -> in.readLineEnd();
              case COUNTED_BYTES -> seen.accept(in.readBytes(in.readUnsignedShort()));
              case COUNTED_TEXT -> seen.accept(in.readUtf8(in.readByte()));
              case LIMITED_BYTES -> seen.accept(in.readBytes(in.readLong(), 1_000_000));
              case SKIPPED -> in.skip(in.readUnsignedInt());
              case REST -> seen.accept(in.readBytes(8));
            }
          }
        },
        MalformedMessageException.class,
        TruncatedMessageException.class);
  }
}
