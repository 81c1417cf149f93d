package io.plainweave.internal.trace;

import io.plainweave.trace.TraceLimits;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** Lines for people: what happens, and bytes in hex and as ASCII. */
final class TextForm implements TraceForm {
  /** Where lines go. */
  interface Lines extends AutoCloseable {
    /** Writes a line, which has no end of a line in it. */
    void write(String line) throws IOException;

    void flush() throws IOException;

    @Override
    void close() throws IOException;
  }

  private static final int BYTES_IN_LINE = 16;
  private static final char[] HEX = "0123456789abcdef".toCharArray();

  private final Lines lines;
  private final Instant begun;
  private final TraceLimits limits;

  /** What it knows of each connection. */
  private final Map<TracedConnection, Positions> positions = new HashMap<>();

  /** How many bytes of each direction have passed. */
  private static final class Positions {
    private long received;
    private long sent;
  }

  TextForm(Lines lines, Instant begun, TraceLimits limits) {
    this.lines = lines;
    this.begun = begun;
    this.limits = limits;
  }

  @Override
  public void begin() throws IOException {
    lines.write("# Begun at " + begun + "; times are seconds since then.");
    lines.write("# It shows what handlers read and write in plain, also where it travels by TLS:");
    lines.write(
        "# it may hold passwords and personal data, and is to be kept and deleted as those.");
    lines.write(
        "# It ends after %d bytes, or after %s.".formatted(limits.maxBytes(), limits.maxTime()));
  }

  @Override
  public void write(Entry entry) throws IOException {
    TracedConnection of = entry.of();
    Positions at = positions.get(of);
    if (at == null) {
      at = new Positions();
      positions.put(of, at);
      line(entry, '*', of.description());
    }
    switch (entry.kind()) {
      case RECEIVED -> at.received = bytes(entry, '<', at.received);
      case SENT -> at.sent = bytes(entry, '>', at.sent);
      case NOTE, PEER_FINISHED, FINISHED -> line(entry, '*', entry.text());
      case CLOSED -> line(entry, '*', entry.text());
      case RESET -> line(entry, '*', entry.text() + ", by a reset of this side");
      case RESET_BY_PEER -> line(entry, '*', entry.text() + ", by a reset of the peer");
    }
    if (entry.kind().isLast()) {
      positions.remove(of);
    }
  }

  private void line(Entry entry, char sign, String text) throws IOException {
    lines.write(
        "+%d.%06d %d %c %s"
            .formatted(
                entry.nanos() / 1_000_000_000,
                entry.nanos() / 1_000 % 1_000_000,
                entry.of().id(),
                sign,
                text));
  }

  private long bytes(Entry entry, char sign, long before) throws IOException {
    if (entry.leftOut() > 0) {
      line(entry, sign, entry.leftOut() + " bytes are left out, since they came too fast");
    }
    long from = before + entry.leftOut();
    byte[] bytes = entry.bytes();
    line(entry, sign, bytes.length + " bytes from " + from);
    for (int i = 0; i < bytes.length; i += BYTES_IN_LINE) {
      lines.write(dump(bytes, i, from + i));
    }
    return from + bytes.length;
  }

  /** As {@code hexdump -C} has it. */
  private static String dump(byte[] bytes, int begin, long position) {
    int end = Math.min(bytes.length, begin + BYTES_IN_LINE);
    var line = new StringBuilder(80).append("  ");
    for (int shift = 28; shift >= 0; shift -= 4) {
      line.append(HEX[(int) (position >> shift) & 15]);
    }
    line.append(' ');
    for (int i = begin; i < begin + BYTES_IN_LINE; i++) {
      line.append(i - begin == BYTES_IN_LINE / 2 ? "  " : " ");
      if (i < end) {
        line.append(HEX[bytes[i] >> 4 & 15]).append(HEX[bytes[i] & 15]);
      } else {
        line.append("  ");
      }
    }
    line.append("  |");
    for (int i = begin; i < end; i++) {
      line.append(bytes[i] >= ' ' && bytes[i] <= '~' ? (char) bytes[i] : '.');
    }
    return line.append('|').toString();
  }

  @Override
  public void flush() throws IOException {
    lines.flush();
  }

  @Override
  public void end(String why) throws IOException {
    lines.write("# The trace ends: " + why + ".");
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
