package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.Connection;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import io.plainweave.framing.MessageReader;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import io.plainweave.fuzz.support.MemoryConnection;
import io.plainweave.fuzz.support.Outcome;
import io.plainweave.fuzz.support.Pieces;
import io.plainweave.fuzz.support.Sample;
import io.plainweave.fuzz.support.Splits;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The sample Redis: RESP and typed commands")
@ExtendWith(Leftovers.class)
class RedisFuzzTest {
  private static final Sample PARSER = new Sample("Redis");

  /** What depends on the time, on chance, or on the threads that send to subscribers. */
  private static final Pattern ANOTHER_EACH_TIME =
      Pattern.compile("TTL|EXPIRE|SPOP|INFO|SUBSCRIBE|PX|EX|COMMAND|CONFIG");

  @FuzzTest
  void areReadAlikeInEverySplit(byte[] data) {
    var input = new Input(data);
    Splits.alike(input, 256 * 1024 + 1024L * input.size(), RedisFuzzTest::parse);
    List<Pieces> splits = input.splits();
    Outcome whole = serve(splits.getFirst());
    Outcome inPieces = serve(splits.getLast());
    String text = new String(data, StandardCharsets.ISO_8859_1).toUpperCase(Locale.ROOT);
    if (!ANOTHER_EACH_TIME.matcher(text).find()) {
      Outcome.same(whole, inPieces, "the replies depend on the split");
    }
  }

  /** The commands alone, as the sample's loop reads them. */
  private static Outcome parse(Pieces pieces) {
    Connection connection = new MemoryConnection(pieces);
    return Outcome.of(
        seen -> {
          var in = MessageReader.of(connection);
          while (connection.awaitMessage()) {
            int first = in.readByte();
            seen.accept(
                List.of(
                    (String[])
                        (first == '*'
                            ? PARSER.call("readStrings", in)
                            : PARSER.call("readLine", in, first))));
          }
        },
        MalformedMessageException.class,
        TruncatedMessageException.class);
  }

  private static Outcome serve(Pieces pieces) {
    return new Sample("Redis").serve(pieces, sent -> sent);
  }
}
