package ${package};

import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.Duplex;
import io.plainweave.framing.Frames;
import java.io.IOException;

/**
 * What a client asks for: a line of text each, {@code ADD 2} or {@code TOTAL}. A line that is
 * neither is a request as well, since a mistake of a client is to be answered.
 */
sealed interface Request {
  /** Adds to the sum. */
  record Add(int amount) implements Request {}

  /** Asks for the sum. */
  record Total() implements Request {}

  /** What nobody understands. */
  record Unknown(String line) implements Request {}

  /** Requests and their answers on a connection. */
  final class Codec {
    /** In bytes; a longer line ends the connection before it takes memory. */
    static final int LONGEST_LINE = 80;

    private final Frames lines;

    Codec(Duplex connection) {
      // A line that has no end when the client is gone is no request: of ADD 25 it may be ADD 2.
      lines = Frames.delimited(connection, new byte[] {'\n'}, LONGEST_LINE);
    }

    /** Waits for the next one; null at the end: the client has finished, or the server drains. */
    Request read() throws IOException {
      byte[] line = lines.read();
      return line == null ? null : parse(new String(line, UTF_8));
    }

    private static Request parse(String line) {
      if (line.equals("TOTAL")) {
        return new Total();
      }
      if (line.matches("ADD \\d{1,9}")) {
        return new Add(Integer.parseInt(line.substring(4)));
      }
      return new Unknown(line);
    }

    /** Answers with the sum. */
    void answer(long sum) throws IOException {
      write("OK " + sum);
    }

    /** Answers that a request is wrong. */
    void refuse(String reason) throws IOException {
      write("ERROR " + reason);
    }

    /** It leaves when the server next waits for input: answers to many requests go together. */
    private void write(String line) throws IOException {
      lines.write(line.getBytes(UTF_8));
    }
  }
}
