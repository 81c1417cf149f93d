// Mqtt: a broker of MQTT 3.1.1.   samples/run Mqtt [PORT | HOST:PORT]
//
//   mosquitto_pub -p 1883 -q 1 -r -t home/lamp -m on
//   mosquitto_sub -p 1883 -q 1 -C 1 -v -t 'home/#'
//
// Messages are delivered at most once (QoS 0) or at least once (QoS 1). Everybody may publish and
// subscribe, whatever their name and password are; what is kept, is kept in memory. The numbers of
// statements, such as [MQTT-3.1.0-1], are those of
// https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html.
import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.*;
import io.plainweave.framing.MessageReader;
import io.plainweave.messaging.Outbox;
import io.plainweave.messaging.OutboxLimits;
import io.plainweave.server.Server;
import io.plainweave.server.Shield;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;

static final int LONGEST_PACKET = 256 * 1024; // in bytes, behind the fixed header
static final int LONGEST_TOPIC = 1_024; // in characters
static final int MOST_LEVELS = 32; // of a topic
static final int MOST_SUBSCRIPTIONS = 1_000; // of a session
static final int MOST_SESSIONS = 100_000;
static final int MOST_UNACKNOWLEDGED = 32; // messages sent to one client
static final int MOST_KEPT = 10_000; // messages that wait in one session; retained messages
static final int MOST_BYTES_KEPT = 16 * 1024 * 1024; // in each of the two

/** What may be lost makes room; who then takes nothing for two seconds is disconnected. */
static final OutboxLimits OUTBOX =
    OutboxLimits.DEFAULT.maxBytes(16 * 1024 * 1024).stall(Duration.ofSeconds(2));

void main(String... args) {
  // How long a client may be silent it says itself.
  var patient = TimeLimits.DEFAULT.idle(Duration.ZERO).writeStall(Duration.ofSeconds(30));
  Server.serve(args, Listen.tcp(1883).timeLimits(patient), this::serve);
}

// ---- A connection

void serve(Connection connection) throws Exception {
  var in = MessageReader.of(connection);
  Packet first = read(connection, in);
  if (first == null) {
    return;
  }
  check(first.type == CONNECT, "the first packet is no CONNECT"); // [MQTT-3.1.0-1]
  Connect connect = Connect.parse(first.body);
  if (connect.refusal != 0 || !hasRoomFor(connect)) {
    int code = connect.refusal != 0 ? connect.refusal : UNAVAILABLE;
    connection.output().write(packet(CONNACK << 4, bytesOf(0, code)));
    return;
  }
  // [MQTT-3.1.2-24] One and a half times what it has promised; zero is no limit in MQTT as well.
  var silence = Duration.ofMillis(connect.keepAliveSeconds * 1_500L);
  connection.changeTimeLimits(connection.timeLimits().silence(silence));

  var outbox = new Outbox(connection, OUTBOX, Outbox.Policy.DISCONNECT);
  boolean disconnected = false;
  try (ConnectionScope scope = connection.openScope()) {
    scope.fork("outbox", outbox);
    Session session = open(connect);
    try (outbox) { // closed, it sends the rest
      session.resume(connection, outbox);
      for (Packet packet; !disconnected && (packet = read(connection, in)) != null; ) {
        answer(packet, session, outbox);
        disconnected = packet.type == DISCONNECT;
      }
    } finally {
      leave(session, outbox);
    }
    scope.join();
  } finally {
    // [MQTT-3.1.2-8] Whatever has ended the connection, but a DISCONNECT, and an end of the server:
    // its clients are well. The interrupt that has ended this handler is not to end that, too.
    if (connect.will != null && !disconnected && !connection.isDraining()) {
      Shield.call(() -> {
        publish(connect.will);
        return null;
      });
    }
  }
}

void answer(Packet packet, Session session, Outbox outbox)
    throws IOException, InterruptedException {
  MessageReader body = packet.body;
  switch (packet.type) {
    case PUBLISH -> {
      String topic = readTopic(body);
      int qos = packet.flags >> 1 & 3;
      int id = qos == 0 ? 0 : readId(body);
      byte[] payload = body.readBytes(body.remaining());
      publish(new Message(topic, payload, qos, (packet.flags & RETAIN) != 0));
      if (qos > 0) {
        outbox.offer(reply(PUBACK, id));
      }
    }
    case PUBACK -> {
      int id = readId(body);
      body.readEnd();
      session.acknowledged(id);
    }
    case SUBSCRIBE -> subscribe(body, session, outbox);
    case UNSUBSCRIBE -> {
      int id = readId(body);
      List<String> filters = new ArrayList<>();
      do { // [MQTT-3.10.3-2] at least one
        filters.add(readFilter(body));
      } while (body.remaining() > 0);
      filters.forEach(filter -> subscribe(session, filter, null));
      outbox.offer(reply(UNSUBACK, id));
    }
    case PINGREQ -> {
      body.readEnd();
      outbox.offer(packet(PINGRESP << 4));
    }
    case DISCONNECT -> body.readEnd();
    default -> throw new MalformedMessageException("a second CONNECT"); // [MQTT-3.1.0-2]
  }
}

void subscribe(MessageReader body, Session session, Outbox outbox)
    throws IOException, InterruptedException {
  record Wish(String filter, int qos) {}
  int id = readId(body);
  List<Wish> wishes = new ArrayList<>();
  do { // [MQTT-3.8.3-3] at least one
    String filter = readFilter(body);
    int qos = body.readByte();
    check(qos <= 2, "a QoS with reserved bits"); // [MQTT-3-8.3-4]
    wishes.add(new Wish(filter, Math.min(qos, 1))); // [MQTT-3.8.4-6] granted
  } while (body.remaining() > 0);
  var codes = new ByteArrayOutputStream();
  var granted = new Level();
  for (Wish wish : wishes) {
    boolean isGranted = subscribe(session, wish.filter, wish.qos);
    codes.write(isGranted ? wish.qos : FAILURE);
    if (isGranted) {
      granted.put(levels(wish.filter), 0, session, wish.qos);
    }
  }
  outbox.offer(packet(SUBACK << 4, bytesOf(id >> 8, id), codes.toByteArray()));
  for (String topic : retained.keySet()) { // [MQTT-3.3.1-6] [MQTT-3.8.4-3]
    Integer qos = granted.find(topic).get(session);
    if (qos != null && outbox.awaitLow()) { // they may be more than an outbox holds
      session.deliverRetained(topic, qos);
    }
  }
}

// ---- The messages

/** What is published. One that is delivered because it was retained has the flag, no other. */
record Message(String topic, byte[] payload, int qos, boolean retain) {
  byte[] toPacket(int sentQos, int id, boolean again) {
    byte[] name = topic.getBytes(UTF_8);
    int flags = (again ? DUP : 0) | sentQos << 1 | (retain ? RETAIN : 0);
    byte[] number = sentQos > 0 ? bytesOf(id >> 8, id) : bytesOf();
    int first = PUBLISH << 4 | flags;
    return packet(first, bytesOf(name.length >> 8, name.length), name, number, payload);
  }

  int bytes() {
    return topic.length() + payload.length;
  }
}

/** The latest of each topic that has one. */
final ConcurrentHashMap<String, Message> retained = new ConcurrentHashMap<>();

final AtomicLong retainedBytes = new AtomicLong();

void publish(Message message) throws InterruptedException {
  if (message.retain) {
    retain(message);
  }
  // [MQTT-3.3.1-9] Who has subscribed before gets it as any other.
  var live = new Message(message.topic, message.payload, message.qos, false);
  byte[] once = live.toPacket(0, 0, false); // one array for all who get it at most once
  Map<Session, Integer> receivers;
  topLock.lock();
  try {
    receivers = top.find(message.topic);
  } finally {
    topLock.unlock();
  }
  for (var receiver : receivers.entrySet()) {
    receiver.getKey().deliver(live, receiver.getValue(), once);
  }
}

/** Where no more is kept, a message is for those who are there. */
void retain(Message message) {
  retained.compute(
      message.topic,
      (_, old) -> {
        int before = old == null ? 0 : old.bytes();
        boolean isKept =
            message.payload.length > 0 // [MQTT-3.3.1-10] [MQTT-3.3.1-11]
                && (old != null || retained.size() < MOST_KEPT)
                && retainedBytes.get() + message.bytes() - before <= MOST_BYTES_KEPT;
        retainedBytes.addAndGet((isKept ? message.bytes() : 0) - before);
        return isKept ? message : null;
      });
}

// ---- The sessions

final ConcurrentHashMap<String, Session> sessions = new ConcurrentHashMap<>();

boolean hasRoomFor(Connect connect) {
  return sessions.size() < MOST_SESSIONS || sessions.containsKey(connect.clientId);
}

/** Makes a session, or finds the one to go on with. */
Session open(Connect connect) {
  return sessions.compute(
      connect.clientId,
      (id, old) -> {
        if (old != null && !old.clean && !connect.clean) {
          return old;
        }
        if (old != null) {
          end(old); // [MQTT-3.1.2-6]
        }
        return new Session(id, connect.clean);
      });
}

/** Gives a session back at the end of a connection, which may have lost it to another one. */
void leave(Session session, Outbox outbox) {
  if (session.pause(outbox) && session.clean && sessions.remove(session.clientId, session)) {
    end(session);
  }
}

void end(Session session) {
  session.end();
  topLock.lock();
  try {
    session.filters.forEach(filter -> top.put(levels(filter), 0, session, null));
    session.filters.clear();
  } finally {
    topLock.unlock();
  }
}

/** A client that is there, or one that may come back and gets then what it has missed. */
final class Session {
  final String clientId;
  final boolean clean;

  /** What it has subscribed to; guarded as the tree is. */
  final Set<String> filters = new HashSet<>();

  /** Set once, before the filters are removed. */
  private volatile boolean isEnded;

  private volatile Connection connection;

  // A lock, not a monitor: before 25.0.4 a JDK may lose who waits for one (JDK-8373120). It guards
  // what follows, and is held while a message is offered: that makes the order.
  private final ReentrantLock lock = new ReentrantLock();
  private Outbox outbox; // null while the client is away
  private boolean isKnown;
  private int lastId;
  private final LinkedHashMap<Integer, Message> unacknowledged = new LinkedHashMap<>();
  private final ArrayDeque<Message> waiting = new ArrayDeque<>(); // with a QoS of 1
  private long waitingBytes;

  Session(String clientId, boolean clean) {
    this.clientId = clientId;
    this.clean = clean;
  }

  /** Gives the session to a connection, and sends what the client has missed. */
  void resume(Connection newer, Outbox newOutbox) throws InterruptedException {
    disconnect(); // at once: who has the lock may be waiting for this connection
    lock.lockInterruptibly();
    try {
      disconnect(); // whoever has come meanwhile
      connection = newer;
      outbox = newOutbox;
      if (isEnded) {
        disconnect();
      }
      outbox.offer(packet(CONNACK << 4, bytesOf(isKnown ? 1 : 0, 0))); // [MQTT-3.2.2-2]
      isKnown = true;
      for (var sent : unacknowledged.entrySet()) { // [MQTT-4.4.0-1]
        outbox.offer(sent.getValue().toPacket(1, sent.getKey(), true));
      }
      send();
    } finally {
      lock.unlock();
    }
  }

  /** The client is away, unless it has another connection already: returns whether it is. */
  boolean pause(Outbox oldOutbox) {
    lock.lock();
    try {
      boolean isAway = outbox == oldOutbox;
      if (isAway) {
        outbox = null;
        connection = null;
      }
      return isAway;
    } finally {
      lock.unlock();
    }
  }

  void end() {
    isEnded = true;
    disconnect();
  }

  private void disconnect() {
    Connection current = connection;
    if (current != null) {
      current.abort("the client has connected again"); // [MQTT-3.1.4-2]
    }
  }

  void deliver(Message message, int grantedQos, byte[] once) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      add(message, grantedQos, once);
    } finally {
      lock.unlock();
    }
  }

  private void add(Message message, int grantedQos, byte[] once) throws InterruptedException {
    if (grantedQos > 0 && message.qos > 0) {
      waiting.add(message);
      waitingBytes += message.bytes();
      while (waiting.size() > MOST_KEPT || waitingBytes > MOST_BYTES_KEPT) {
        waitingBytes -= waiting.remove().bytes(); // the oldest
      }
      send();
    } else if (outbox != null) {
      // Nobody waits for a slow client with a message that may be lost.
      outbox.offer(once, message.retain ? Outbox.Policy.DISCONNECT : Outbox.Policy.DROP_OLDEST);
    }
  }

  /** Delivers what is retained at that moment: so nothing older comes behind something newer. */
  void deliverRetained(String topic, int grantedQos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      Message message = retained.get(topic);
      if (message != null) {
        add(message, grantedQos, message.toPacket(0, 0, false));
      }
    } finally {
      lock.unlock();
    }
  }

  void acknowledged(int id) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      unacknowledged.remove(id);
      send();
    } finally {
      lock.unlock();
    }
  }

  /** Sends what waits, as far as the client keeps up. Called with the lock. */
  private void send() throws InterruptedException {
    while (outbox != null && !waiting.isEmpty() && unacknowledged.size() < MOST_UNACKNOWLEDGED) {
      do { // [MQTT-2.3.1-4]
        lastId = lastId % 0xffff + 1;
      } while (unacknowledged.containsKey(lastId));
      Message message = waiting.element();
      outbox.offer(message.toPacket(1, lastId, false)); // if it is interrupted, this still waits
      unacknowledged.put(lastId, waiting.remove());
      waitingBytes -= message.bytes();
    }
  }
}

// ---- Topics and filters

/** What is subscribed to, as a tree of the levels of all filters. */
final Level top = new Level();

final ReentrantLock topLock = new ReentrantLock(); // guards it

/** Subscribes a session, or changes its QoS, or ends that for null; false if it is one too many. */
boolean subscribe(Session session, String filter, Integer qos) {
  topLock.lock(); // nobody waits while it is held
  try {
    boolean isMore = qos != null && !session.filters.contains(filter);
    if (session.isEnded || (isMore && session.filters.size() == MOST_SUBSCRIPTIONS)) {
      return false;
    }
    top.put(levels(filter), 0, session, qos);
    if (qos == null) {
      session.filters.remove(filter);
    } else {
      session.filters.add(filter);
    }
    return true;
  } finally {
    topLock.unlock();
  }
}

static final class Level {
  private final Map<String, Level> below = new HashMap<>();
  private final Map<Session, Integer> sessions = new HashMap<>(); // with the QoS of each

  void put(String[] filter, int depth, Session session, Integer qos) {
    if (depth < filter.length) {
      Level next = below.computeIfAbsent(filter[depth], _ -> new Level());
      next.put(filter, depth + 1, session, qos);
      if (next.below.isEmpty() && next.sessions.isEmpty()) {
        below.remove(filter[depth]);
      }
    } else if (qos != null) {
      sessions.put(session, qos);
    } else {
      sessions.remove(session);
    }
  }

  /** Finds who is to get what is published, each once, with its best QoS [MQTT-3.3.5-1]. */
  Map<Session, Integer> find(String topic) {
    var found = new HashMap<Session, Integer>();
    find(levels(topic), 0, found);
    return found;
  }

  private void find(String[] topic, int depth, Map<Session, Integer> found) {
    boolean isReserved = depth == 0 && topic[0].startsWith("$"); // [MQTT-4.7.2-1]
    if (below.containsKey("#") && !isReserved) {
      below.get("#").addTo(found);
    }
    if (depth == topic.length) {
      addTo(found);
      return;
    }
    for (String name : isReserved ? List.of(topic[0]) : List.of(topic[depth], "+")) {
      if (below.containsKey(name)) {
        below.get(name).find(topic, depth + 1, found);
      }
    }
  }

  private void addTo(Map<Session, Integer> found) {
    sessions.forEach((session, qos) -> found.merge(session, qos, Math::max));
  }
}

static String[] levels(String topic) {
  return topic.split("/", -1);
}

// ---- Packets

static final int CONNECT = 1, CONNACK = 2, PUBLISH = 3, PUBACK = 4;
static final int SUBSCRIBE = 8, SUBACK = 9, UNSUBSCRIBE = 10, UNSUBACK = 11;
static final int PINGREQ = 12, PINGRESP = 13, DISCONNECT = 14;
static final int DUP = 8, RETAIN = 1; // the flags of a PUBLISH, beside its QoS
static final int UNACCEPTABLE_LEVEL = 1, IDENTIFIER_REJECTED = 2, UNAVAILABLE = 3; // of a CONNACK
static final int FAILURE = 0x80; // in a SUBACK

record Packet(int type, int flags, MessageReader body) {}

/** Reads a packet; null at the end. */
static Packet read(Connection connection, MessageReader in) throws IOException {
  if (!connection.awaitMessage()) {
    return null;
  }
  int first = in.readByte();
  int type = first >> 4;
  int flags = first & 15;
  int qos = flags >> 1 & 3;
  boolean isRight = // [MQTT-2.2.2-2]
      switch (type) {
        // A QoS of 2 is not to be had here [MQTT-3.3.5-2], one of 3 nowhere [MQTT-3.3.1-4].
        case PUBLISH -> qos == 1 || (qos == 0 && (flags & DUP) == 0); // [MQTT-3.3.1-2]
        case SUBSCRIBE, UNSUBSCRIBE -> flags == 2;
        case CONNECT, PUBACK, PINGREQ, DISCONNECT -> flags == 0;
        default -> false; // what a server sends, and what belongs to QoS 2
      };
  check(isRight, "a packet of another kind, or with other flags, than a client sends here");
  int length = 0; // section 2.2.3
  int next;
  int shift = 0;
  do {
    check(shift <= 21, "a length of more than four bytes");
    next = in.readByte();
    length |= (next & 0x7f) << shift;
    shift += 7;
  } while (next >= 0x80);
  MessageReader body = MessageReader.of(in.readBytes(length, LONGEST_PACKET));
  connection.endMessage();
  return new Packet(type, flags, body);
}

/** What a client wants; the will is null if it has none, and the refusal 0 unless there is one. */
record Connect(String clientId, boolean clean, int keepAliveSeconds, Message will, int refusal) {
  static Connect parse(MessageReader body) throws IOException {
    check(readText(body).equals("MQTT"), "another protocol"); // [MQTT-3.1.2-1]
    if (body.readByte() != 4) { // [MQTT-3.1.2-2]
      return new Connect("", true, 0, null, UNACCEPTABLE_LEVEL);
    }
    int flags = body.readByte();
    boolean clean = (flags & 0x02) != 0;
    boolean hasWill = (flags & 0x04) != 0;
    int willQos = flags >> 3 & 3;
    boolean willRetain = (flags & 0x20) != 0;
    boolean hasPassword = (flags & 0x40) != 0;
    boolean hasName = (flags & 0x80) != 0;
    check((flags & 0x01) == 0, "a reserved flag"); // [MQTT-3.1.2-3]
    check(hasWill || (willQos == 0 && !willRetain), "flags of no will"); // [MQTT-3.1.2-11]
    check(willQos < 3, "a will with a QoS of 3"); // [MQTT-3.1.2-14]
    check(hasName || !hasPassword, "a password without a name"); // [MQTT-3.1.2-22]
    int keepAlive = body.readUnsignedShort();
    String id = readText(body);
    Message will =
        hasWill ? new Message(readTopic(body), readData(body), willQos, willRetain) : null;
    if (hasName) {
      readText(body);
    }
    if (hasPassword) {
      readData(body);
    }
    body.readEnd();
    boolean isRejected = id.isEmpty() ? !clean : id.length() > LONGEST_TOPIC; // [MQTT-3.1.3-8]
    id = id.isEmpty() ? UUID.randomUUID().toString() : id; // [MQTT-3.1.3-6]
    return new Connect(id, clean, keepAlive, will, isRejected ? IDENTIFIER_REJECTED : 0);
  }
}

static byte[] readData(MessageReader body) throws IOException {
  return body.readBytes(body.readUnsignedShort());
}

static int readId(MessageReader body) throws IOException {
  int id = body.readUnsignedShort();
  check(id != 0, "a packet identifier of 0"); // [MQTT-2.3.1-1]
  return id;
}

static String readText(MessageReader body) throws IOException {
  String text = body.readUtf8(body.readUnsignedShort()); // [MQTT-1.5.3-1]
  check(text.indexOf(0) < 0, "a text with U+0000"); // [MQTT-1.5.3-2]
  return text;
}

/** The levels of a filter: a wildcard is one by itself, and # the last [MQTT-4.7.1-2]. */
static final Pattern LEVELS = Pattern.compile("(([^#+/]*|[+])/)*([^#+/]*|[#+])");

static String readFilter(MessageReader body) throws IOException {
  String filter = readText(body);
  boolean hasRoom = filter.length() <= LONGEST_TOPIC && levels(filter).length <= MOST_LEVELS;
  check(!filter.isEmpty() && hasRoom, "a topic that is too long, or none"); // [MQTT-4.7.3-1]
  check(LEVELS.matcher(filter).matches(), "a wildcard in a wrong place"); // [MQTT-4.7.1-3]
  return filter;
}

static String readTopic(MessageReader body) throws IOException {
  String topic = readFilter(body);
  check(!topic.contains("#") && !topic.contains("+"), "a topic with a wildcard"); // [MQTT-3.3.2-2]
  return topic;
}

static void check(boolean isRight, String wrong) throws MalformedMessageException {
  if (!isRight) {
    throw new MalformedMessageException(wrong); // which closes the connection [MQTT-4.8.0-1]
  }
}

static byte[] reply(int type, int id) {
  return packet(type << 4, bytesOf(id >> 8, id));
}

static byte[] packet(int first, byte[]... parts) {
  int length = Stream.of(parts).mapToInt(part -> part.length).sum();
  var packet = new ByteArrayOutputStream(5 + length);
  packet.write(first);
  for (; length >= 0x80; length >>= 7) {
    packet.write(length | 0x80);
  }
  packet.write(length);
  Stream.of(parts).forEach(packet::writeBytes);
  return packet.toByteArray();
}

static byte[] bytesOf(int... values) {
  var bytes = new ByteArrayOutputStream(values.length);
  IntStream.of(values).forEach(bytes::write);
  return bytes.toByteArray();
}
