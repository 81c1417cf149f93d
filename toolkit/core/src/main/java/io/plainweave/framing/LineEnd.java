package io.plainweave.framing;

/** What ends the lines of a protocol, and which of the characters of an end may stand in a line. */
enum LineEnd {
  /** A line feed, with a carriage return before it or not; other carriage returns are text. */
  LF("\n", true, true),

  /** A carriage return and a line feed, which do not occur in another way. */
  CRLF("\r\n", false, false),

  /** As CRLF, but a line feed alone is an end, too. */
  CRLF_OR_LF("\r\n", true, false);

  /** What is written. */
  final String written;

  /** Whether a line feed ends a line without a carriage return before it. */
  final boolean bareLineFeedEnds;

  /** Whether a carriage return without a line feed behind it is text. */
  final boolean bareCarriageReturnIsText;

  LineEnd(String written, boolean bareLineFeedEnds, boolean bareCarriageReturnIsText) {
    this.written = written;
    this.bareLineFeedEnds = bareLineFeedEnds;
    this.bareCarriageReturnIsText = bareCarriageReturnIsText;
  }
}
