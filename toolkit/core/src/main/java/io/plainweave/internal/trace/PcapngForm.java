package io.plainweave.internal.trace;

import io.plainweave.trace.TraceLimits;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Blocks of pcapng (draft-ietf-opsawg-pcapng), with the packets of {@link TcpPackets}. */
final class PcapngForm implements TraceForm {
  private static final int SECTION_HEADER = 0x0a0d0d0a;
  private static final int BYTE_ORDER = 0x1a2b3c4d;
  private static final int INTERFACE = 1;
  private static final int STATISTICS = 5;
  private static final int PACKET = 6;

  /** A packet begins with its IP header, whose first bits tell IPv4 from IPv6. */
  private static final short LINKTYPE_RAW = 101;

  // Options, and what they are of.
  private static final int COMMENT = 1;
  private static final int INTERFACE_NAME = 2;
  private static final int TIME_RESOLUTION = 9;
  private static final int PACKET_FLAGS = 2;
  private static final int APPLICATION = 4;
  private static final int INBOUND = 1;
  private static final int OUTBOUND = 2;

  /** Times are nanoseconds. */
  private static final byte NANOSECONDS = 9;

  private static final int LARGEST_BLOCK = TcpPackets.LARGEST_SEGMENT + 8 * 1024;

  private final OutputStream file;
  private final Instant begun;
  private final TraceLimits limits;
  private final long begunNanos;
  private final Map<TracedConnection, TcpPackets> streams = new HashMap<>();
  private final ByteBuffer block = ByteBuffer.allocate(LARGEST_BLOCK);

  /** That of the last entry, for the last word; null if it is closed. */
  private @Nullable TcpPackets latest;

  private long latestNanos;

  PcapngForm(OutputStream file, Instant begun, TraceLimits limits) {
    this.file = file;
    this.begun = begun;
    this.limits = limits;
    this.begunNanos = begun.getEpochSecond() * 1_000_000_000 + begun.getNano();
  }

  // Blocks

  private ByteBuffer begin(int type) {
    return block.clear().putInt(type).putInt(0); // the length is not known yet
  }

  private void option(int code, byte[] value) {
    block.putShort((short) code).putShort((short) value.length).put(value);
    pad();
  }

  private void option(int code, String text) {
    option(code, text.getBytes(StandardCharsets.UTF_8));
  }

  private void pad() {
    while (block.position() % 4 != 0) {
      block.put((byte) 0);
    }
  }

  private void endBlock() throws IOException {
    block.putInt(0); // the end of the options
    int length = block.position() + 4;
    block.putInt(length).putInt(4, length);
    file.write(block.array(), 0, length);
  }

  @Override
  public void begin() throws IOException {
    begin(SECTION_HEADER).putInt(BYTE_ORDER).putShort((short) 1).putShort((short) 0).putLong(-1);
    option(
        COMMENT,
        ("Begun at %s. What handlers read and write, in plain also where it travels by TLS: it may"
                + " hold passwords and personal data. The packets around the bytes are made up."
                + " It ends after %d bytes, or after %s.")
            .formatted(begun, limits.maxBytes(), limits.maxTime()));
    option(APPLICATION, "Plainweave");
    endBlock();
    begin(INTERFACE).putShort(LINKTYPE_RAW).putShort((short) 0).putInt(0);
    option(INTERFACE_NAME, "plainweave");
    option(TIME_RESOLUTION, new byte[] {NANOSECONDS});
    endBlock();
  }

  private void packet(byte[] packet, boolean inbound, String comment) throws IOException {
    long at = begunNanos + latestNanos;
    begin(PACKET).putInt(0).putInt((int) (at >> 32)).putInt((int) at);
    block.putInt(packet.length).putInt(packet.length).put(packet);
    pad();
    if (!comment.isEmpty()) {
      option(COMMENT, comment);
    }
    option(PACKET_FLAGS, new byte[] {0, 0, 0, (byte) (inbound ? INBOUND : OUTBOUND)});
    endBlock();
  }

  // Entries

  @Override
  public void write(Entry entry) throws IOException {
    latestNanos = entry.nanos();
    TcpPackets stream = streams.get(entry.of());
    if (stream == null) {
      stream = open(entry.of());
    }
    String text = entry.text();
    switch (entry.kind()) {
      case RECEIVED -> data(stream, stream.peer(), entry);
      case SENT -> data(stream, stream.own(), entry);
      case NOTE -> note(stream, text);
      case PEER_FINISHED -> finish(stream, stream.peer(), entry);
      case FINISHED, CLOSED -> finish(stream, stream.own(), entry);
      case RESET -> control(stream, stream.own(), TcpPackets.RST | TcpPackets.ACK, text);
      case RESET_BY_PEER -> control(stream, stream.peer(), TcpPackets.RST | TcpPackets.ACK, text);
    }
    boolean over = entry.kind().isLast();
    latest = over ? null : stream;
    if (over) {
      streams.remove(entry.of());
    }
  }

  private TcpPackets open(TracedConnection connection) throws IOException {
    TcpPackets stream = TcpPackets.of(connection.id(), connection.local(), connection.remote());
    streams.put(connection, stream);
    TcpPackets.Side first = connection.isOutbound() ? stream.own() : stream.peer();
    control(stream, first, TcpPackets.SYN, connection.description());
    control(stream, stream.other(first), TcpPackets.SYN | TcpPackets.ACK, "");
    control(stream, first, TcpPackets.ACK, "");
    return stream;
  }

  private void control(TcpPackets stream, TcpPackets.Side from, int flags, String comment)
      throws IOException {
    send(stream, from, stream.packet(from, flags, new byte[0], 0, 0), comment);
  }

  private void note(TcpPackets stream, String comment) throws IOException {
    send(stream, stream.own(), stream.empty(stream.own()), comment);
  }

  private void finish(TcpPackets stream, TcpPackets.Side from, Entry entry) throws IOException {
    from.skip(entry.leftOut());
    if (from.hasFinished()) {
      note(stream, entry.text());
    } else {
      control(stream, from, TcpPackets.FIN | TcpPackets.ACK, entry.text());
    }
  }

  private void data(TcpPackets stream, TcpPackets.Side from, Entry entry) throws IOException {
    from.skip(entry.leftOut());
    String comment =
        entry.leftOut() == 0
            ? ""
            : entry.leftOut() + " bytes before these are left out, since they came too fast";
    byte[] bytes = entry.bytes();
    for (int i = 0; i < bytes.length; i += TcpPackets.LARGEST_SEGMENT) {
      int length = Math.min(TcpPackets.LARGEST_SEGMENT, bytes.length - i);
      int flags = TcpPackets.PSH | TcpPackets.ACK;
      send(stream, from, stream.packet(from, flags, bytes, i, length), i == 0 ? comment : "");
      if (stream.isToAcknowledge(from)) {
        TcpPackets.Side to = stream.other(from);
        send(stream, to, stream.empty(to), "");
      }
    }
  }

  private void send(TcpPackets stream, TcpPackets.Side from, byte[] packet, String comment)
      throws IOException {
    packet(packet, from == stream.peer(), comment);
  }

  @Override
  public void flush() throws IOException {
    file.flush();
  }

  @Override
  public void end(String why) throws IOException {
    String comment = "The trace ends: " + why + ".";
    if (latest != null) {
      note(latest, comment);
    }
    long at = begunNanos + latestNanos;
    begin(STATISTICS).putInt(0).putInt((int) (at >> 32)).putInt((int) at);
    option(COMMENT, comment);
    endBlock();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
