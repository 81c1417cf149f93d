package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.Duplex;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import io.plainweave.framing.Lines;
import io.plainweave.framing.TooLong;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import io.plainweave.fuzz.support.MemoryConnection;
import io.plainweave.fuzz.support.Outcome;
import io.plainweave.fuzz.support.Pieces;
import io.plainweave.fuzz.support.Splits;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("Lines")
@ExtendWith(Leftovers.class)
class LinesFuzzTest {
  private enum End {
    LF,
    CRLF,
    CRLF_OR_LF
  }

  @FuzzTest
  void areReadAsTheyAreWritten(byte[] data) {
    var input = new Input(data);
    End end = input.oneOf(End.values());
    int maxBytes = input.oneOf(16, 1, 2, 200, 70_000);
    TooLong tooLong = input.oneOf(TooLong.values());
    Charset charset =
        Charset.forName(
            input.oneOf("UTF-8", "ISO-8859-1", "US-ASCII", "Shift_JIS", "GB18030", "EUC-KR"));
    Function<Duplex, Lines> lines =
        duplex -> lines(duplex, end, maxBytes).charset(charset).tooLong(tooLong);
    Outcome read =
        Splits.alike(
            input,
            128 * 1024 + 1024L * input.size(),
            pieces -> read(lines.apply(new MemoryConnection(pieces))));
    if (end == End.LF && charset.equals(StandardCharsets.ISO_8859_1)) {
      String text = new String(input.bytes(), charset);
      List<String> simply = simply(text, maxBytes, tooLong);
      Finding.unless(read.seen().equals(simply), "there are other lines: " + read + " " + simply);
    }
    for (String line : read.seen()) {
      // A carriage return at the end of a line is part of the end for who reads it.
      if (!(end == End.LF && line.endsWith("\r"))) {
        checkRoundTrip(line, duplex -> lines(duplex, end, 1_000_000).charset(charset));
      }
    }
  }

  private static Lines lines(Duplex duplex, End end, int maxBytes) {
    return switch (end) {
      case LF -> Lines.of(duplex, maxBytes);
      case CRLF -> Lines.crlf(duplex, maxBytes);
      case CRLF_OR_LF -> Lines.crlfOrLf(duplex, maxBytes);
    };
  }

  private static Outcome read(Lines lines) {
    return Outcome.of(
        seen -> {
          for (String line; (line = lines.read()) != null; ) {
            seen.accept(line);
          }
        },
        MalformedMessageException.class,
        TruncatedMessageException.class);
  }

  private static void checkRoundTrip(String line, Function<Duplex, Lines> lines) {
    var connection = new MemoryConnection(new Pieces(new byte[0], new int[0]));
    try {
      lines.apply(connection).write(line);
    } catch (IllegalArgumentException e) {
      // Some charsets decode what they do not encode.
      Finding.unless(
          String.valueOf(e.getMessage()).startsWith("a line must only have characters"),
          "a line that was read cannot be written: " + e);
      return;
    } catch (IOException e) {
      throw new Finding("a line cannot be written", e);
    }
    Outcome again =
        read(lines.apply(new MemoryConnection(new Pieces(connection.sent(), new int[0]))));
    Finding.unless(
        again.isInOrder() && again.seen().size() == 1 && again.seen().getFirst().equals(line),
        "a line is read otherwise than written: \"" + line + "\" " + again);
  }

  /** The same, of bytes that are all there and are all text. */
  private static List<String> simply(String text, int maxBytes, TooLong tooLong) {
    List<String> lines = new ArrayList<>();
    for (int begin = 0; begin < text.length(); ) {
      int end = text.indexOf('\n', begin);
      int next = end < 0 ? text.length() : end + 1;
      String line = text.substring(begin, end < 0 ? next : end);
      String whole = line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
      if (whole.length() <= maxBytes) {
        lines.add(whole);
      } else if (tooLong == TooLong.FAIL) {
        break;
      } else if (tooLong == TooLong.CUT) {
        lines.add(line.substring(0, maxBytes));
      }
      begin = next;
    }
    return lines;
  }
}
