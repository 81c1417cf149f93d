// Dns: a small zone, by UDP and by TCP on one port.   samples/run Dns [PORT | HOST:PORT]
//
//   dig @127.0.0.1 -p 5300 www.example.test
//
// It speaks DNS as in RFC 1035, with the larger replies of RFC 6891. What is too long for UDP is
// cut, and says so: the client then asks by TCP. So the limit that the toolkit sets to replies by
// UDP, as long as their receiver may be forged, costs nobody an answer.
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.plainweave.*;
import io.plainweave.framing.*;
import io.plainweave.server.Server;
import io.plainweave.udp.Datagram;
import io.plainweave.udp.Udp;

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
            // Too long for a reply by UDP.
            + IntStream.range(0, 10)
                .mapToObj(i -> "long.example.test. 300 TXT " + (i + " ").repeat(100) + "\n")
                .collect(Collectors.joining()));

/** The largest reply that nearly every network carries in one piece, by UDP (RFC 9715). */
static final int MOST_BY_UDP = 1_232;

static final int LEAST_BY_UDP = 512;
static final int HEADER = 12;
static final int RESPONSE = 0x8000, AUTHORITATIVE = 0x0400, TRUNCATED = 0x0200;
static final int OPCODE = 0x7800, RECURSION_DESIRED = 0x0100;
static final int IN = 1, ANY = 255, IXFR = 251, AXFR = 252;
static final int OPT = 41, OPT_BYTES = 11, DNSSEC_OK = 0x8000;

void main(String... args) {
  Server.serve(
      args,
      Listen.tcp(5300),
      Server.builder().datagrams(Udp.besideTcp(), this::answer).handler(this::serve));
}

void answer(Datagram datagram) throws IOException {
  Query query = Query.read(datagram.bytes());
  if (query != null) {
    byte[] reply = reply(query, false);
    if (reply.length > query.mostByUdp() || !datagram.reply(reply)) {
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

/** The codes of replies. BADVERS is too large for a header: its rest is in the OPT record. */
static final int NOERROR = 0, FORMERR = 1, NXDOMAIN = 3, NOTIMP = 4, REFUSED = 5, BADVERS = 16;

/** What the OPT record of a query says (RFC 6891, section 6.1.3). */
record Options(int size, int version, int flags) {}

/** The question, and its bytes: they are sent back as they are, upper and lower case included. */
record Question(String name, int type, int category, byte[] bytes) {}

/** A query, as far as it can be understood: the code says what to reply if it cannot. */
record Query(int id, int flags, int code, Question question, Options options) {
  /** Returns null for what nobody should reply to: too short, or a reply itself. */
  static Query read(byte[] message) throws IOException {
    boolean isQuery = message.length >= HEADER && (message[2] & 0x80) == 0;
    return isQuery ? new QueryReader(message).read() : null;
  }

  int mostByUdp() {
    return options == null ? LEAST_BY_UDP : Math.clamp(options.size, LEAST_BY_UDP, MOST_BY_UDP);
  }
}

/** Reads a query, and keeps what it has read: an error is told with what is known by then. */
static final class QueryReader {
  private final byte[] message;
  private final MessageReader in;
  private Question question; // null until it is read, and if it is not one
  private Options options; // null if there is no OPT record

  QueryReader(byte[] message) {
    this.message = message;
    in = MessageReader.of(message);
  }

  Query read() throws IOException {
    int id = in.readUnsignedShort();
    int flags = in.readUnsignedShort();
    return new Query(id, flags, code((flags & OPCODE) == 0), question, options);
  }

  private int code(boolean asks) throws IOException {
    try {
      readSections();
    } catch (MalformedMessageException e) {
      // Other messages than questions have other sections.
      return asks ? FORMERR : NOTIMP;
    }
    if (options != null && options.version != 0) {
      return BADVERS;
    }
    if (!asks || question.type == AXFR || question.type == IXFR) {
      return NOTIMP;
    }
    boolean isOurs = question.category == IN || question.category == ANY;
    return isOurs && ZONE.has(question.name) ? NOERROR : REFUSED;
  }

  private void readSections() throws IOException {
    int questions = in.readUnsignedShort();
    int records = in.readUnsignedShort() + in.readUnsignedShort(); // answers and authority
    int additional = in.readUnsignedShort();
    for (int i = 0; i < questions; i++) {
      readQuestion(questions == 1); // RFC 9619
    }
    for (int i = 0; i < records + additional; i++) {
      readRecord(i >= records);
    }
    in.readEnd();
    require(question != null);
  }

  private void readQuestion(boolean isOnlyOne) throws IOException {
    String name = readName(false);
    int type = in.readUnsignedShort();
    int category = in.readUnsignedShort();
    if (isOnlyOne) {
      byte[] bytes = Arrays.copyOfRange(message, HEADER, message.length - in.remaining());
      question = new Question(name, type, category, bytes);
    }
  }

  /** All but OPT records mean nothing here. There is one of those at most, among the additional. */
  private void readRecord(boolean isAdditional) throws IOException {
    String name = readName(true);
    boolean isOptions = in.readUnsignedShort() == OPT;
    int size = in.readUnsignedShort();
    in.skip(1); // of a code, which a query has not
    int version = in.readByte();
    int flags = in.readUnsignedShort();
    MessageReader data = MessageReader.of(in.readBytes(in.readUnsignedShort()));
    if (isOptions) {
      require(isAdditional && name.equals(".") && options == null);
      while (data.remaining() > 0) {
        data.skip(2); // of an option
        data.skip(data.readUnsignedShort());
      }
      options = new Options(size, version, flags);
    }
  }

  /**
   * In lower case (of ASCII alone: RFC 4343), with a dot at its end; a dot within a label is
   * written \046. A question has no reason to be compressed, and what a pointer points at is of no
   * interest in the name of a record.
   */
  private String readName(boolean mayBeCompressed) throws IOException {
    int before = in.remaining();
    var name = new StringBuilder();
    for (int length; (length = in.readByte()) != 0; ) {
      if (length >= 0xC0 && mayBeCompressed) {
        in.skip(1);
        return name + "compressed";
      }
      require(length < 64); // with the kind of the label in its two highest bits
      for (byte b : in.readBytes(length)) {
        char c = (char) (b & 0xFF);
        name.append(c == '.' ? "\\046" : c >= 'A' && c <= 'Z' ? (char) (c + 32) : c);
      }
      name.append('.');
      require(before - in.remaining() < 255); // the whole, with the zero at its end
    }
    return name.isEmpty() ? "." : name.toString();
  }

  private static void require(boolean condition) throws MalformedMessageException {
    if (!condition) {
      throw new MalformedMessageException("no query");
    }
  }
}

// ---- What is replied

byte[] reply(Query query, boolean truncated) {
  List<Resource> answers = new ArrayList<>();
  List<Resource> authority = new ArrayList<>();
  int code = query.code;
  if (code == NOERROR && !truncated) {
    code = find(query.question, answers, authority);
  }
  int most = HEADER + (query.question == null ? 0 : query.question.bytes.length) + OPT_BYTES;
  most += Stream.concat(answers.stream(), authority.stream()).mapToInt(Resource::most).sum();
  var out = ByteBuffer.allocate(most);
  int flags = RESPONSE | query.flags & (OPCODE | RECURSION_DESIRED) | code & 0xF;
  // What holds for all classes is known to nobody (RFC 1035, section 6.2).
  flags |= query.code == NOERROR && query.question.category == IN ? AUTHORITATIVE : 0;
  flags |= truncated ? TRUNCATED : 0;
  out.putShort((short) query.id).putShort((short) flags);
  out.putShort((short) (query.question == null ? 0 : 1));
  out.putShort((short) answers.size()).putShort((short) authority.size());
  out.putShort((short) (query.options == null ? 0 : 1));
  if (query.question != null) {
    out.put(query.question.bytes);
  }
  answers.forEach(resource -> resource.write(out, query.question.name));
  authority.forEach(resource -> resource.write(out, query.question.name));
  if (query.options != null) {
    out.put((byte) 0).putShort((short) OPT).putShort((short) MOST_BY_UDP);
    out.put((byte) (code >> 4)).put((byte) 0);
    out.putShort((short) (query.options.flags & DNSSEC_OK)).putShort((short) 0);
  }
  return Arrays.copyOf(out.array(), out.position());
}

/** Follows aliases within the zone; what is not found at their end is denied (RFC 2308). */
int find(Question question, List<Resource> answers, List<Resource> authority) {
  String name = question.name;
  List<Resource> found = ZONE.find(name, question.type);
  answers.addAll(found);
  for (int i = 0; i < 8 && !found.isEmpty() && found.getLast().isAlias(question.type); i++) {
    name = found.getLast().text;
    found = ZONE.find(name, question.type);
    answers.addAll(found);
  }
  if (!found.isEmpty() || !ZONE.has(name)) {
    return NOERROR;
  }
  authority.add(ZONE.denial);
  return ZONE.exists(name) ? NOERROR : NXDOMAIN;
}

// ---- The zone

enum Type {
  A(1),
  NS(2),
  CNAME(5),
  SOA(6),
  MX(15),
  TXT(16),
  AAAA(28);

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
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  boolean isAlias(int wanted) {
    return type == Type.CNAME && wanted != Type.CNAME.number && wanted != ANY;
  }

  /** How many bytes it takes at most. */
  int most() {
    return name.length() + 1 + 10 + data.length;
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

  /** The SOA record, for as long as an answer may be remembered that there is nothing. */
  final Resource denial;

  private final Map<String, List<Resource>> resources;

  /** The first line is that of the origin. */
  Zone(String lines) {
    resources = lines.lines().map(Resource::parse).collect(Collectors.groupingBy(Resource::name));
    origin = lines.substring(0, lines.indexOf(' '));
    Resource soa = find(origin, Type.SOA.number).getFirst();
    int minimum = ByteBuffer.wrap(soa.data).getInt(soa.data.length - 4); // RFC 2308, section 3
    denial = new Resource(origin, Math.min(soa.ttl, minimum), soa.type, soa.text, soa.data);
  }

  boolean has(String name) {
    return name.equals(origin) || name.endsWith("." + origin);
  }

  boolean exists(String name) {
    return resources.keySet().stream().anyMatch(n -> n.equals(name) || n.endsWith("." + name));
  }

  /** The records of this type, or the alias that is in their place. */
  List<Resource> find(String name, int type) {
    List<Resource> all = resources.getOrDefault(name, List.of());
    // One kind is enough for who asks for any, and no use to who wants a victim flooded (RFC 8482).
    int wanted = type == ANY && !all.isEmpty() ? all.getFirst().type.number : type;
    return all.stream().filter(one -> one.type.number == wanted || one.isAlias(wanted)).toList();
  }
}
