// Dns: a small zone, by UDP and by TCP on one port.   samples/run Dns [PORT | HOST:PORT]
//
//   dig @127.0.0.1 -p 5300 www.example.test
//
// It speaks DNS as in RFC 1035, with the larger replies of RFC 6891. What is too long for UDP is
// cut,
// and says so: the client then asks by TCP. So the limit that the toolkit sets to replies by UDP,
// as
// long as their receiver may be forged, costs nobody an answer.
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.plainweave.*;
import io.plainweave.framing.*;

static final Zone ZONE =
    new Zone(
        """
        example.test.       300  SOA    ns.example.test. admin.example.test. 1 7200 3600 1209600 300
        example.test.       3600 NS     ns.example.test.
        example.test.       3600 MX     10 mail.example.test.
        example.test.       300  A      192.0.2.80
        ns.example.test.    3600 A      192.0.2.53
        mail.example.test.  3600 A      192.0.2.25
        www.example.test.   300  A      192.0.2.80
        www.example.test.   300  AAAA   2001:db8::80
        shop.example.test.  300  CNAME  www.example.test.
        a.b.example.test.   300  TXT    there is no b.example.test, but something below it
        """
            + "long.example.test. 300 TXT %s\n".repeat(10).formatted((Object[]) filled(10, 200)));

/** The largest reply that nearly every network carries in one piece, by UDP (RFC 9715). */
static final int MOST_BY_UDP = 1_232;

static final int LEAST_BY_UDP = 512;
static final int HEADER = 12;
static final int RESPONSE = 0x8000, AUTHORITATIVE = 0x0400, TRUNCATED = 0x0200, COPIED = 0x7900;

void main(String... args) {
  Server.serve(
      args,
      Listen.tcp(5300),
      Server.builder().datagrams(Udp.besideTcp(), this::answer).handler(this::serve));
}

void answer(Datagram datagram) {
  Query query = Query.read(datagram.bytes());
  if (query != null) {
    byte[] reply = reply(query, false);
    if (reply.length > query.mostByUdp || !datagram.reply(reply)) {
      datagram.reply(reply(query, true));
    }
  }
}

void serve(Connection connection) throws IOException {
  Frames messages = Frames.lengthPrefixed(connection, LengthPrefix.U16_BIG_ENDIAN, 65_535);
  for (byte[] message; (message = messages.read()) != null; ) {
    Query query = Query.read(message);
    if (query == null) {
      throw new MalformedMessageException("no query");
    }
    messages.write(reply(query, false));
  }
}

// ---- What is asked

enum Code {
  OK,
  MALFORMED,
  SERVER_FAILURE,
  NO_SUCH_NAME,
  NOT_IMPLEMENTED,
  REFUSED
}

/** A query, as far as it can be understood: the code says what to reply if it cannot. */
record Query(
    int id,
    int flags,
    Code code,
    String name,
    int type,
    byte[] question,
    boolean edns,
    int mostByUdp) {

  /** Returns null for what nobody should reply to: too short, or a reply itself. */
  static Query read(byte[] message) {
    if (message.length < HEADER) {
      return null;
    }
    var in = ByteBuffer.wrap(message);
    int id = in.getShort();
    int flags = in.getShort();
    if ((flags & RESPONSE) != 0) {
      return null;
    }
    try {
      return read(in, id, flags);
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      return refused(id, flags, Code.MALFORMED);
    }
  }

  private static Query refused(int id, int flags, Code code) {
    return new Query(id, flags, code, "", 0, new byte[0], false, LEAST_BY_UDP);
  }

  private static Query read(ByteBuffer in, int id, int flags) {
    if ((flags & 0x7800) != 0) {
      return refused(id, flags, Code.NOT_IMPLEMENTED);
    }
    int questions = in.getShort();
    int records = in.getShort() & 0xFFFF;
    records += in.getShort() & 0xFFFF;
    records += in.getShort() & 0xFFFF;
    if (questions != 1) {
      return refused(id, flags, Code.MALFORMED);
    }
    String name = readName(in);
    int type = in.getShort() & 0xFFFF;
    int category = in.getShort();
    byte[] question = Arrays.copyOfRange(in.array(), HEADER, in.position());
    boolean edns = false;
    int most = LEAST_BY_UDP;
    for (int i = 0; i < records; i++) {
      boolean root = readName(in).equals(".");
      boolean isOptions = in.getShort() == Type.OPT.number && root;
      int size = in.getShort() & 0xFFFF;
      in.getInt();
      in.position(in.position() + (in.getShort() & 0xFFFF));
      if (isOptions) {
        edns = true;
        most = Math.clamp(size, LEAST_BY_UDP, MOST_BY_UDP);
      }
    }
    Code code = category == 1 && ZONE.has(name) ? Code.OK : Code.REFUSED;
    return new Query(id, flags, code, name, type, question, edns, most);
  }

  /** In lower case, with a dot at its end; a query has no reason to compress it. */
  private static String readName(ByteBuffer in) {
    var name = new StringBuilder();
    for (int length; (length = in.get()) != 0; ) {
      if (length < 0 || name.length() + length > 254) {
        throw new IllegalArgumentException("a name is compressed, or too long");
      }
      byte[] label = new byte[length];
      in.get(label);
      name.append(new String(label, ISO_8859_1).replace(".", "\\.")).append('.');
    }
    return name.isEmpty() ? "." : name.toString().toLowerCase(Locale.ROOT);
  }
}

// ---- What is replied

byte[] reply(Query query, boolean truncated) {
  List<Resource> answers = new ArrayList<>();
  List<Resource> authority = new ArrayList<>();
  Code code = query.code;
  if (code == Code.OK && !truncated) {
    String name = query.name;
    answers.addAll(ZONE.find(name, query.type));
    for (int i = 0; i < 8 && !answers.isEmpty() && answers.getLast().isAlias(query.type); i++) {
      name = answers.getLast().text;
      answers.addAll(ZONE.find(name, query.type));
    }
    if (answers.isEmpty()) {
      authority.addAll(ZONE.find(ZONE.origin, Type.SOA.number));
      code = ZONE.exists(name) ? Code.OK : Code.NO_SUCH_NAME;
    }
  }
  var out = ByteBuffer.allocate(65_535);
  int flags = RESPONSE | query.flags & COPIED | code.ordinal();
  flags |= query.code == Code.OK ? AUTHORITATIVE : 0;
  flags |= truncated ? TRUNCATED : 0;
  out.putShort((short) query.id).putShort((short) flags);
  out.putShort((short) (query.question.length == 0 ? 0 : 1));
  out.putShort((short) answers.size()).putShort((short) authority.size());
  out.putShort((short) (query.edns ? 1 : 0)).put(query.question);
  answers.forEach(resource -> resource.write(out, query.name));
  authority.forEach(resource -> resource.write(out, query.name));
  if (query.edns) {
    out.put((byte) 0).putShort((short) Type.OPT.number).putShort((short) MOST_BY_UDP);
    out.putInt(0).putShort((short) 0);
  }
  return Arrays.copyOf(out.array(), out.position());
}

// ---- The zone

enum Type {
  A(1),
  NS(2),
  CNAME(5),
  SOA(6),
  MX(15),
  TXT(16),
  AAAA(28),
  OPT(41);

  final int number;

  Type(int number) {
    this.number = number;
  }
}

/** A resource record, with its data as it is written and as it is sent. */
record Resource(String name, int ttl, Type type, String text, byte[] data) {
  static Resource parse(String line) {
    String[] words = line.strip().split("\\s+", 4);
    var type = Type.valueOf(words[2]);
    return new Resource(
        words[0], Integer.parseInt(words[1]), type, words[3], encode(type, words[3]));
  }

  private static byte[] encode(Type type, String text) {
    var out = ByteBuffer.allocate(1_024);
    String[] words = text.split("\\s+");
    switch (type) {
      case A, AAAA -> out.put(InetAddress.ofLiteral(text).getAddress());
      case NS, CNAME -> writeName(out, text);
      case MX -> {
        out.putShort(Short.parseShort(words[0]));
        writeName(out, words[1]);
      }
      case SOA -> {
        writeName(out, words[0]);
        writeName(out, words[1]);
        Stream.of(words).skip(2).forEach(number -> out.putInt(Integer.parseInt(number)));
      }
      case TXT -> out.put((byte) text.length()).put(text.getBytes(ISO_8859_1));
      case OPT -> throw new IllegalArgumentException("no type of a zone: " + type);
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  boolean isAlias(int wanted) {
    return type == Type.CNAME && wanted != Type.CNAME.number;
  }

  void write(ByteBuffer out, String asked) {
    if (name.equals(asked)) {
      out.putShort((short) (0xC000 | HEADER)); // as in the question
    } else {
      writeName(out, name);
    }
    out.putShort((short) type.number).putShort((short) 1).putInt(ttl);
    out.putShort((short) data.length).put(data);
  }

  private static void writeName(ByteBuffer out, String name) {
    for (String label : name.split("\\.")) {
      out.put((byte) label.length()).put(label.getBytes(ISO_8859_1));
    }
    out.put((byte) 0);
  }
}

static final class Zone {
  final String origin;
  private final Map<String, List<Resource>> resources;

  /** The first line is that of the origin. */
  Zone(String lines) {
    resources = lines.lines().map(Resource::parse).collect(Collectors.groupingBy(Resource::name));
    origin = lines.substring(0, lines.indexOf(' '));
  }

  boolean has(String name) {
    return name.equals(origin) || name.endsWith("." + origin);
  }

  boolean exists(String name) {
    return resources.keySet().stream().anyMatch(n -> n.equals(name) || n.endsWith("." + name));
  }

  /** The records of this type, or the alias that is in their place. */
  List<Resource> find(String name, int type) {
    return resources.getOrDefault(name, List.of()).stream()
        .filter(resource -> resource.type.number == type || resource.isAlias(type))
        .toList();
  }
}

/** Texts that make a reply too long for UDP. */
static String[] filled(int count, int length) {
  return IntStream.range(0, count)
      .mapToObj(i -> (i + " ").repeat(length / 2))
      .toArray(String[]::new);
}
