package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** A query of DNS, byte for byte, so that it can be wrong; and what is seen of a reply. */
final class DnsQuery {
  private static final int ID = 0x1234;
  private static final int OPT = 41;
  private static final List<String> CODES =
      List.of("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED");
  private static final Map<Integer, String> TYPES =
      Map.of(1, "A", 2, "NS", 5, "CNAME", 6, "SOA", 15, "MX", 16, "TXT", 28, "AAAA");

  private final List<byte[]> parts = new ArrayList<>();
  private final int[] counts = new int[4];
  private int flags;

  private DnsQuery() {}

  /** One of a type in class IN. */
  static DnsQuery of(String name, int type) {
    return new DnsQuery().question(name(name), type, 1);
  }

  static DnsQuery empty() {
    return new DnsQuery();
  }

  DnsQuery question(byte[] name, int type, int category) {
    counts[0]++;
    return bytes(name, ByteBuffer.allocate(4).putShort((short) type).putShort((short) category));
  }

  DnsQuery flags(int flags) {
    this.flags = flags;
    return this;
  }

  /** An OPT record in a section: 1 for answers, 2 for authority, 3 for additional. */
  DnsQuery options(int section, byte[] owner, int version, int flags, byte[] data) {
    counts[section]++;
    return bytes(
        owner,
        ByteBuffer.allocate(10 + data.length)
            .putShort((short) OPT)
            .putShort((short) 1_232)
            .put((byte) 0)
            .put((byte) version)
            .putShort((short) flags)
            .putShort((short) data.length)
            .put(data));
  }

  DnsQuery options(int version, int flags) {
    return options(3, new byte[1], version, flags, new byte[0]);
  }

  /** Claims one more than there are in a section. */
  DnsQuery more(int section) {
    counts[section]++;
    return this;
  }

  DnsQuery bytes(byte[] first, ByteBuffer second) {
    parts.add(first);
    parts.add(second.array());
    return this;
  }

  /** A name as it is sent, with the labels between dots. */
  static byte[] name(String name) {
    var out = new ByteArrayOutputStream();
    for (String label : name.split("\\.")) {
      out.write(label.length());
      out.writeBytes(label.getBytes(ISO_8859_1));
    }
    out.write(0);
    return out.toByteArray();
  }

  private byte[] toBytes() {
    var out = new ByteArrayOutputStream();
    var header = ByteBuffer.allocate(12).putShort((short) ID).putShort((short) flags);
    for (int count : counts) {
      header.putShort((short) count);
    }
    out.writeBytes(header.array());
    parts.forEach(out::writeBytes);
    return out.toByteArray();
  }

  /** What the server at a port replies by UDP. */
  String ask(int port, int timeoutMillis) throws IOException {
    byte[] query = toBytes();
    try (var socket = new DatagramSocket()) {
      socket.setSoTimeout(timeoutMillis);
      InetAddress server = InetAddress.getByName("127.0.0.1");
      socket.send(new DatagramPacket(query, query.length, server, port));
      var reply = new DatagramPacket(new byte[4_096], 4_096);
      socket.receive(reply);
      return show(query, ByteBuffer.wrap(reply.getData(), 0, reply.getLength()));
    }
  }

  /** Its code, flags, types of records, and OPT record; of an error, not the flags. */
  private static String show(byte[] query, ByteBuffer reply) {
    int id = reply.getShort();
    int replied = reply.getShort();
    int[] counts = {reply.getShort(), reply.getShort(), reply.getShort(), reply.getShort()};
    int start = reply.position();
    for (int i = 0; i < counts[0]; i++) {
      skipName(reply);
      reply.getInt();
    }
    int end = reply.position();
    boolean same = counts[0] == 0 || Arrays.equals(query, start, end, reply.array(), start, end);
    int code = replied & 0xF;
    String options = "";
    List<String> sections = new ArrayList<>();
    for (int section = 1; section < 4; section++) {
      var types = new TreeSet<String>();
      for (int i = 0; i < counts[section]; i++) {
        skipName(reply);
        int type = reply.getShort();
        reply.getShort();
        int timeToLive = reply.getInt();
        reply.position(reply.getShort() + reply.position());
        if (type == OPT) {
          code |= timeToLive >>> 24 << 4;
          options = (timeToLive & 0x8000) != 0 ? " OPT DO" : " OPT";
        } else {
          types.add(TYPES.getOrDefault(type, Integer.toString(type)));
        }
      }
      if (section == 2) {
        types.remove("NS"); // which servers add as they like
      }
      sections.add(types.toString());
    }
    String shown = code == 16 ? "BADVERS" : CODES.get(code);
    shown += " " + ((replied & 0x0400) != 0 ? "aa" : "") + ((replied & 0x0100) != 0 ? "rd" : "");
    shown += sections.get(0) + sections.get(1) + options;
    boolean isReply = id == ID && (replied & 0x8000) != 0 && !reply.hasRemaining();
    return isReply && same ? shown : shown + " but not to this query";
  }

  private static void skipName(ByteBuffer in) {
    for (int length; (length = in.get() & 0xFF) != 0; ) {
      if (length >= 0xC0) {
        in.get();
        return;
      }
      in.position(in.position() + length);
    }
  }
}
