// Redis: data in memory, for Redis's own clients.   samples/run Redis [PORT | HOST:PORT]
//
//   redis-cli -p 6379 SET greeting hello EX 60
//   redis-cli -p 6379 --scan
//   redis-cli -p 6379 PUBLISH news hello
//   redis-benchmark -p 6379 -q -n 1000
//
// Who has typed  redis-cli -p 6379 SUBSCRIBE news  in another terminal before reads the news.
//
// It speaks RESP2 and RESP3 (https://redis.io/docs/latest/develop/reference/protocol-spec/): a
// command is an array of strings, as in *2\r\n$3\r\nGET\r\n$1\r\nk\r\n, or a line that a person has
// typed. Its strings are any bytes. Here each of them is a char of a String: ISO 8859-1 maps them
// one to one, and Java keeps such a String in one byte per char.
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.plainweave.*;
import io.plainweave.framing.MessageReader;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;
import io.plainweave.messaging.OutboxLimits;
import io.plainweave.server.Server;

static final int LONGEST_COMMAND = 512 * 1024 * 1024; // in bytes, all of its strings together
static final int LONGEST_LINE = 64 * 1024;
static final int MOST_UNREAD = 64 * 1024 * 1024; // in bytes, of replies that a client leaves unread

/** What a subscriber may leave unread; with a byte more it loses its connection, as in Redis. */
static final OutboxLimits PUSHES = OutboxLimits.DEFAULT.maxMessages(0).maxBytes(32 * 1024 * 1024);

void main(String... args) {
  var patient =
      TimeLimits.DEFAULT
          .firstByte(Duration.ZERO) // clients keep connections in reserve
          .idle(Duration.ZERO)
          .message(Duration.ofMinutes(1));
  Server.serve(
      args,
      Listen.tcp(6379),
      Server.builder()
          .timeLimits(patient)
          .eventLoops(1) // as Redis has; a command is never long
          .background("expiry", this::expire)
          .handler(this::serve));
}

// ---- A connection: commands in, replies out

/** What there is of a client beside its connection. */
static final class Client {
  final Connection connection;

  // For its own thread.
  int protocol = 2;
  String name = "";
  boolean hasQuit;
  List<String[]> transaction; // what MULTI has begun, or null
  boolean isFaulty; // that transaction: a command of it was refused
  Outbox outbox; // sends everything from the first SUBSCRIBE on; null before

  // Guarded by the lock of the data.
  final Map<String, Subscribers> channels = new LinkedHashMap<>();
  final Map<String, Subscribers> patterns = new LinkedHashMap<>();
  final Set<String> watched = new HashSet<>();
  boolean isOutdated; // a key has changed that it watches

  Client(Connection connection) {
    this.connection = connection;
  }

  String id() {
    return Long.toString(connection.id());
  }

  int subscriptions() {
    return channels.size() + patterns.size();
  }

  void reply(Object reply) throws IOException, InterruptedException {
    byte[] bytes = reply instanceof Status status ? status.bytes : encode(reply, protocol);
    if (outbox == null) {
      connection.output().write(bytes);
    } else {
      outbox.offer(bytes, Outbox.Policy.BLOCK); // it is this client's own time
    }
  }
}

final AtomicLong connected = new AtomicLong();

void serve(Connection connection) throws Exception {
  var client = new Client(connection);
  connected.incrementAndGet();
  try {
    String[] subscribe;
    try (ConnectionScope scope = connection.openScope()) {
      // A client may send all of its commands before it reads a reply, so replies must not wait.
      scope.bufferOutput(MOST_UNREAD);
      subscribe = answer(client, new String[0]);
      scope.join();
    }
    if (subscribe != null) {
      var outbox = new Outbox(connection, PUSHES, Outbox.Policy.DISCONNECT);
      client.outbox = outbox;
      try (ConnectionScope scope = connection.openScope()) {
        scope.fork("outbox", outbox);
        try (outbox) { // closed, it sends the rest
          answer(client, subscribe);
        }
        scope.join();
      }
    }
  } finally {
    connected.decrementAndGet();
    forget(client);
  }
}

/** Answers one command after the other; returns the one that needs an outbox, or null. */
String[] answer(Client client, String[] first) throws IOException, InterruptedException {
  var in = MessageReader.of(client.connection);
  try {
    for (String[] words = first; words != null; words = readCommand(client.connection, in)) {
      if (words.length > 0) { // an empty line is no command
        Object reply = run(client, words);
        if (reply == NEEDS_OUTBOX) {
          return words;
        }
        client.reply(reply);
        if (client.hasQuit) {
          return null;
        }
      }
    }
  } catch (MalformedMessageException e) {
    // Nobody can know where the next command begins.
    client.reply(new Refused("ERR Protocol error: " + e.getMessage()));
  }
  return null;
}

/** Reads a command; null at the end. */
static String[] readCommand(Connection connection, MessageReader in) throws IOException {
  if (!connection.awaitMessage()) {
    return null;
  }
  int first = in.readByte();
  String[] words = first == '*' ? readStrings(in) : readLine(in, first);
  connection.endMessage();
  return words;
}

static String[] readStrings(MessageReader in) throws IOException {
  long count = readLength(in, "multibulk");
  check(count <= Integer.MAX_VALUE, "invalid multibulk length");
  var words = new String[Math.clamp(count, 0, 16)]; // what is claimed costs little
  long room = LONGEST_COMMAND;
  for (int i = 0; i < count; i++) {
    int type = in.readByte();
    check(type == '$', "expected '$', got '" + (char) type + "'");
    long length = readLength(in, "bulk");
    check(length >= 0 && length <= room, "invalid bulk length");
    room -= length + 16; // an empty one takes memory, too
    if (i == words.length) {
      words = Arrays.copyOf(words, (int) Math.min(count, 2L * i));
    }
    words[i] = new String(in.readBytes((int) length), ISO_8859_1);
    in.readLineEnd(); // Redis skips two bytes here, whatever they are
  }
  return words;
}

static long readLength(MessageReader in, String kind) throws IOException {
  try {
    return in.readNumber();
  } catch (MalformedMessageException e) {
    throw new MalformedMessageException("invalid " + kind + " length");
  }
}

static void check(boolean isRight, String wrong) throws MalformedMessageException {
  if (!isRight) {
    throw new MalformedMessageException(wrong);
  }
}

static String[] readLine(MessageReader in, int first) throws IOException {
  var line = new StringBuilder();
  for (int b = first; b != '\n'; b = in.readByte()) {
    check(line.length() < LONGEST_LINE, "too big inline request");
    line.append((char) b);
  }
  return split(line.toString());
}

/** Splits a line at its blanks, except in quotes: "\x41\n" has escapes, 'it\'s' only that one. */
static String[] split(String line) throws MalformedMessageException {
  var words = new ArrayList<String>();
  for (int at = 0; at < line.length(); at++) {
    if (isBlank(line, at)) {
      continue;
    }
    var word = new StringBuilder();
    for (char quote = 0; quote != 0 || !isBlank(line, at); at++) {
      check(at < line.length(), UNBALANCED);
      char c = line.charAt(at);
      if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
      } else if (c == quote) { // the end of the word
        check(isBlank(line, ++at), UNBALANCED);
        break;
      } else if (quote == '"'
          && line.startsWith("\\x", at)
          && HEX.matcher(line).region(at + 2, line.length()).lookingAt()) {
        word.append((char) HexFormat.fromHexDigits(line, at + 2, at + 4));
        at += 3;
      } else if (quote == '"' && c == '\\' && at + 1 < line.length()) {
        int escape = "nrtba".indexOf(line.charAt(++at));
        word.append(escape >= 0 ? "\n\r\t\b\u0007".charAt(escape) : line.charAt(at));
      } else if (quote == '\'' && line.startsWith("\\'", at)) {
        word.append(line.charAt(++at));
      } else {
        word.append(c);
      }
    }
    words.add(word.toString());
  }
  return words.toArray(String[]::new);
}

static final String UNBALANCED = "unbalanced quotes in request";
static final Pattern HEX = Pattern.compile("[0-9a-fA-F]{2}");

static boolean isBlank(String line, int at) {
  return at >= line.length() || " \t\n\u000b\f\r".indexOf(line.charAt(at)) >= 0;
}

// ---- Replies

/** A reply that is no data, as it is sent. */
record Status(byte[] bytes) {
  Status(String line) {
    this((line + "\r\n").getBytes(ISO_8859_1));
  }
}

static final Status OK = new Status("+OK");
static final Status PONG = new Status("+PONG");
static final Status QUEUED = new Status("+QUEUED");
static final Status NOTHING = new Status(new byte[0]); // all was said elsewhere
static final Object NO_LIST = new Object(); // which is another null than that of strings in RESP2
static final Object NEEDS_OUTBOX = new Object(); // the command is to be run again, with one

/** What a subscriber reads, be it a message or a reply. */
record Push(Object... items) {}

/** Several replies to one command. */
record Replies(List<Push> all) {}

/** A text with lines. */
record Text(String lines) {}

static byte[] encode(Object reply, int protocol) {
  var out = new StringBuilder();
  write(out, reply, protocol == 3);
  return out.toString().getBytes(ISO_8859_1);
}

static void write(StringBuilder out, Object reply, boolean resp3) {
  switch (reply) {
    case String string -> writeString(out, '$', string);
    case null -> out.append(resp3 ? "_\r\n" : "$-1\r\n");
    case Double score when resp3 -> out.append(',').append(score(score)).append("\r\n");
    case Double score -> writeString(out, '$', score(score));
    case Number number -> out.append(':').append(number.longValue()).append("\r\n");
    case Status status -> out.append(new String(status.bytes, ISO_8859_1));
    case Refused e -> out.append('-').append(oneLine(e.getMessage())).append("\r\n");
    case Text(String lines) when resp3 -> writeString(out, '=', "txt:" + lines);
    case Text(String lines) -> writeString(out, '$', lines);
    case Push(Object[] items) -> writeAll(out, resp3 ? '>' : '*', Arrays.asList(items), resp3);
    case Replies(List<Push> all) -> all.forEach(each -> write(out, each, resp3));
    case Set<?> items -> writeAll(out, resp3 ? '~' : '*', items, resp3);
    case Collection<?> items -> writeAll(out, '*', items, resp3);
    case Map<?, ?> map -> {
      out.append(resp3 ? '%' : '*').append(resp3 ? map.size() : 2 * map.size()).append("\r\n");
      map.forEach((key, value) -> {
        write(out, key, resp3);
        write(out, value, resp3);
      });
    }
    default -> out.append(resp3 ? "_\r\n" : "*-1\r\n"); // NO_LIST
  }
}

static void writeString(StringBuilder out, char type, String string) {
  out.append(type).append(string.length()).append("\r\n").append(string).append("\r\n");
}

static void writeAll(StringBuilder out, char type, Collection<?> items, boolean resp3) {
  out.append(type).append(items.size()).append("\r\n");
  for (Object item : items) {
    write(out, item, resp3);
  }
}

static String oneLine(String text) {
  return text.replace('\r', ' ').replace('\n', ' ');
}

// ---- The data

static final long NEVER = Long.MAX_VALUE;

/**
 * What is at a key: a String, the Long that it became when it was counted, or a collection, which
 * is never empty. When the time of an entry is over it counts as gone.
 */
record Entry(Object value, long expiresAt) {
  boolean isOver() {
    return expiresAt != NEVER && System.currentTimeMillis() >= expiresAt;
  }
}

record Expiry(long at, String key) implements Comparable<Expiry> {
  @Override
  public int compareTo(Expiry other) {
    int byTime = Long.compare(at, other.at);
    return byTime != 0 ? byTime : key.compareTo(other.key);
  }
}

/** Guards all data and all subscriptions: there is one command at a time, as in Redis. */
final ReentrantLock lock = new ReentrantLock();

final Dict<Entry> data = new Dict<>();
final TreeSet<Expiry> expiries = new TreeSet<>();
long expired; // how many have been removed
final Map<String, Set<Client>> watchers = new HashMap<>();
final Map<String, Subscribers> channels = new HashMap<>();
final Map<String, Subscribers> patterns = new LinkedHashMap<>();

/** Returns the entry at a key, or null. */
Entry find(String key) {
  Entry entry = data.get(key);
  if (entry == null || !entry.isOver()) {
    return entry;
  }
  expired++;
  remove(key);
  return null;
}

void put(String key, Object value, long expiresAt) {
  Entry old = data.put(key, new Entry(value, expiresAt));
  setExpiry(key, old == null ? NEVER : old.expiresAt, expiresAt);
  touch(key);
}

boolean remove(String key) {
  Entry old = data.remove(key);
  if (old != null) {
    setExpiry(key, old.expiresAt, NEVER);
    touch(key);
  }
  return old != null;
}

void setExpiry(String key, long before, long after) {
  if (before != NEVER) {
    expiries.remove(new Expiry(before, key));
  }
  if (after != NEVER) {
    expiries.add(new Expiry(after, key));
  }
}

/** Tells those who watch a key that it has changed. */
void touch(String key) {
  if (!watchers.isEmpty()) {
    watchers.getOrDefault(key, Set.of()).forEach(client -> client.isOutdated = true);
  }
}

/** Removes what is over though nobody asks for it. */
void expire() throws InterruptedException {
  while (true) {
    Thread.sleep(100);
    for (int removed = 1_000; removed == 1_000; ) { // others have their turn in between
      lock.lock();
      try {
        long now = System.currentTimeMillis();
        for (removed = 0; removed < 1_000; removed++) {
          if (expiries.isEmpty() || expiries.first().at > now) {
            break;
          }
          find(expiries.first().key);
        }
      } finally {
        lock.unlock();
      }
    }
  }
}

/** The string in an entry, or null if there is no entry. */
static String string(Entry entry) {
  return switch (entry == null ? null : entry.value) {
    case null -> null;
    case String string -> string;
    case Long number -> number.toString();
    default -> throw wrongType();
  };
}

/** A kind of collection. */
record Kind<T>(String name, Class<T> type, Supplier<T> empty) {}

static final Kind<Items> LIST = new Kind<>("list", Items.class, Items::new);
static final Kind<Members> SET = new Kind<>("set", Members.class, Members::new);
static final Kind<Fields> HASH = new Kind<>("hash", Fields.class, Fields::new);
static final Kind<Ranking> ZSET = new Kind<>("zset", Ranking.class, Ranking::new);

interface Container {
  boolean isEmpty();
}

static final class Items extends ArrayDeque<String> implements Container {}

static final class Members extends Dict<Boolean> {}

static final class Fields extends Dict<String> {}

/** Members with scores, in the order of these. */
static final class Ranking extends Dict<Double> {
  record Place(Double score, String member) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      int byScore = score.compareTo(other.score);
      return byScore != 0 ? byScore : member.compareTo(other.member);
    }
  }

  final TreeSet<Place> places = new TreeSet<>();

  @Override
  Double put(String member, Double score) {
    Double old = super.put(member, score);
    if (!score.equals(old)) {
      if (old != null) {
        places.remove(new Place(old, member));
      }
      places.add(new Place(score, member));
    }
    return old;
  }

  @Override
  Double remove(String member) {
    Double old = super.remove(member);
    if (old != null) {
      places.remove(new Place(old, member));
    }
    return old;
  }
}

/** A map that finds a random entry, and can be scanned while it changes. */
static class Dict<V> implements Container {
  static final class Slot<V> {
    final String key;
    V value;
    int place;

    Slot(String key, V value, int place) {
      this.key = key;
      this.value = value;
      this.place = place;
    }
  }

  private final HashMap<String, Slot<V>> slots = new HashMap<>();

  /** The same without gaps: the last one takes the place of one that is removed. */
  private final ArrayList<Slot<V>> row = new ArrayList<>();

  V get(String key) {
    Slot<V> slot = slots.get(key);
    return slot == null ? null : slot.value;
  }

  V put(String key, V value) {
    Slot<V> slot = slots.get(key);
    V old = null;
    if (slot == null) {
      slot = new Slot<>(key, value, row.size());
      slots.put(key, slot);
      row.add(slot);
    } else {
      old = slot.value;
      slot.value = value;
    }
    return old;
  }

  V remove(String key) {
    Slot<V> slot = slots.remove(key);
    if (slot == null) {
      return null;
    }
    Slot<V> last = row.removeLast();
    if (last != slot) {
      last.place = slot.place;
      row.set(last.place, last);
    }
    return slot.value;
  }

  int size() {
    return row.size();
  }

  @Override
  public boolean isEmpty() {
    return row.isEmpty();
  }

  String random() {
    return row.get(ThreadLocalRandom.current().nextInt(row.size())).key;
  }

  Stream<String> keys() {
    return row.stream().map(slot -> slot.key);
  }

  /**
   * Returns the keys of the next places below a cursor, of which 0 is the top. From the top down,
   * whoever changes places comes from above: so none is missed that is there all the time.
   */
  List<String> scan(int cursor, int count) {
    return row.subList(Math.max(0, cursor - count), cursor).stream().map(s -> s.key).toList();
  }
}

/** Returns what is at a key, or null; it must be of that kind. */
<T> T find(String key, Kind<T> kind) {
  Entry entry = find(key);
  if (entry != null && !kind.type.isInstance(entry.value)) {
    throw wrongType();
  }
  return entry == null ? null : kind.type.cast(entry.value);
}

/** Returns what is at a key to be read; an empty one if there is none. */
<T> T read(String key, Kind<T> kind) {
  T found = find(key, kind);
  return found == null ? kind.empty.get() : found;
}

/** Returns what is at a key to be added to: a new one if there is none. */
<T> T open(String key, Kind<T> kind) {
  T found = find(key, kind);
  if (found == null) {
    found = kind.empty.get();
    put(key, found, NEVER);
  }
  return found;
}

/** After a change: what is empty is removed, as in Redis. */
void changed(String key, Container container) {
  if (container.isEmpty()) {
    remove(key);
  } else {
    touch(key);
  }
}

// ---- The commands

/**
 * What makes the reply to a command.
 *
 * @param arity how many words it has, its own name included, or at least if it is negative
 * @param keys which of them are keys
 */
record Command(String name, int arity, Keys keys, Action action) {
  boolean takes(int words) {
    return arity < 0 ? words >= -arity : words == arity;
  }
}

enum Keys {
  NONE(0, 0, 0),
  SUBCOMMANDS(0, 0, 0), // none, and the second word is part of the name
  ONE(1, 1, 1),
  ALL(1, -1, 1),
  PAIRS(1, -1, 2);

  final List<Integer> places; // the first, the last, and the step

  Keys(int first, int last, int step) {
    places = List.of(first, last, step);
  }
}

interface Action {
  Object run(Client client, String[] words) throws InterruptedException;
}

/** One that is the same for every client. */
interface CommonAction {
  Object run(String[] words) throws InterruptedException;
}

static Command command(String name, int arity, Keys keys, Action action) {
  return new Command(name, arity, keys, action);
}

static Command command(String name, int arity, Keys keys, CommonAction action) {
  return new Command(name, arity, keys, (_, words) -> action.run(words));
}

final Map<String, Command> commands =
    Stream.of(
            command("PING", -1, Keys.NONE, (c, w) -> ping(c, w)),
            command("ECHO", 2, Keys.NONE, w -> w[1]),
            command("QUIT", -1, Keys.NONE, (c, _) -> quit(c, OK)),
            command("HELLO", -1, Keys.NONE, this::hello),
            command("SELECT", 2, Keys.NONE, w -> select(integer(w[1]))),
            command("RESET", 1, Keys.NONE, this::reset),
            command("CLIENT", -2, Keys.SUBCOMMANDS, _ -> null),
            command("CLIENT|ID", 2, Keys.NONE, (c, _) -> c.connection.id()),
            command("CLIENT|GETNAME", 2, Keys.NONE, (c, _) -> c.name.isEmpty() ? null : c.name),
            command("CLIENT|SETNAME", 3, Keys.NONE, (c, w) -> setName(c, w[2])),
            command("CLIENT|SETINFO", 4, Keys.NONE, _ -> OK), // the name of the library, for lists
            command("CONFIG", -2, Keys.SUBCOMMANDS, _ -> null),
            command("CONFIG|GET", -3, Keys.NONE, this::settings),
            command("COMMAND", -1, Keys.SUBCOMMANDS, this::describeAll),
            command("COMMAND|COUNT", 2, Keys.NONE, _ -> described().count()),
            command("COMMAND|DOCS", -2, Keys.NONE, _ -> Map.of()),
            command("COMMAND|INFO", -2, Keys.NONE, this::describe),
            command("INFO", -1, Keys.NONE, this::info),
            command("DBSIZE", 1, Keys.NONE, _ -> data.size()),
            command("FLUSHALL", -1, Keys.NONE, _ -> clear()),
            // What a page makes a browser send is no command
            command("POST", -1, Keys.NONE, (c, _) -> quit(c, NOTHING)),
            command("HOST:", -1, Keys.NONE, (c, _) -> quit(c, NOTHING)),
            // Keys
            command("DEL", -2, Keys.ALL, w -> count(w, 1, key -> find(key) != null && remove(key))),
            command("EXISTS", -2, Keys.ALL, w -> count(w, 1, key -> find(key) != null)),
            command("TYPE", 2, Keys.ONE, w -> new Status("+" + type(find(w[1])))),
            command("EXPIRE", 3, Keys.ONE, w -> expire(w[1], w[2])),
            command("TTL", 2, Keys.ONE, w -> timeToLive(w[1])),
            command("SCAN", -2, Keys.NONE, w -> scan(w, 1, data, this::live)),
            // Strings
            command("GET", 2, Keys.ONE, w -> string(find(w[1]))),
            command("SET", -3, Keys.ONE, this::setString),
            command(
                "MGET", -2, Keys.ALL, w -> Stream.of(w).skip(1).map(this::stringOrNull).toList()),
            command("MSET", -3, Keys.PAIRS, this::setStrings),
            command("INCR", 2, Keys.ONE, w -> add(w[1], 1)),
            command("DECR", 2, Keys.ONE, w -> add(w[1], -1)),
            command("INCRBY", 3, Keys.ONE, w -> add(w[1], integer(w[2]))),
            // Lists
            command("LPUSH", -3, Keys.ONE, w -> push(w, Items::addFirst)),
            command("RPUSH", -3, Keys.ONE, w -> push(w, Items::addLast)),
            command("LPOP", 2, Keys.ONE, w -> pop(w[1], Items::removeFirst)),
            command("RPOP", 2, Keys.ONE, w -> pop(w[1], Items::removeLast)),
            command(
                "LRANGE", 4, Keys.ONE, w -> range(integer(w[2]), integer(w[3]), read(w[1], LIST))),
            // Sets
            command("SADD", -3, Keys.ONE, this::addMembers),
            command("SREM", -3, Keys.ONE, w -> removeEach(w, SET)),
            command("SCARD", 2, Keys.ONE, w -> read(w[1], SET).size()),
            command("SMEMBERS", 2, Keys.ONE, w -> setOf(read(w[1], SET).keys())),
            command("SPOP", 2, Keys.ONE, w -> popMember(w[1])),
            command("SSCAN", -3, Keys.ONE, w -> scan(w, 2, read(w[1], SET), List::stream)),
            // Hashes
            command("HSET", -4, Keys.ONE, this::setFields),
            command("HGET", 3, Keys.ONE, w -> read(w[1], HASH).get(w[2])),
            command("HDEL", -3, Keys.ONE, w -> removeEach(w, HASH)),
            command("HGETALL", 2, Keys.ONE, this::fields),
            command("HSCAN", -3, Keys.ONE, this::scanFields),
            // Sorted sets
            command("ZADD", -4, Keys.ONE, this::addScores),
            command("ZSCORE", 3, Keys.ONE, w -> read(w[1], ZSET).get(w[2])),
            command("ZRANGE", 4, Keys.ONE, w -> ranked(w)),
            command("ZPOPMIN", 2, Keys.ONE, w -> popLowest(w[1])),
            // Publish and subscribe
            command("SUBSCRIBE", -2, Keys.NONE, (c, w) -> subscribe(c, w, channels, c.channels)),
            command("PSUBSCRIBE", -2, Keys.NONE, (c, w) -> subscribe(c, w, patterns, c.patterns)),
            command(
                "UNSUBSCRIBE", -1, Keys.NONE, (c, w) -> unsubscribe(c, w, channels, c.channels)),
            command(
                "PUNSUBSCRIBE", -1, Keys.NONE, (c, w) -> unsubscribe(c, w, patterns, c.patterns)),
            command("PUBLISH", 3, Keys.NONE, w -> publish(w[1], w[2])),
            command("PUBSUB", -2, Keys.SUBCOMMANDS, _ -> null),
            command("PUBSUB|CHANNELS", -2, Keys.NONE, this::activeChannels),
            command("PUBSUB|NUMSUB", -2, Keys.NONE, this::countSubscribers),
            command("PUBSUB|NUMPAT", 2, Keys.NONE, _ -> patterns.size()),
            // Transactions
            command("MULTI", 1, Keys.NONE, (c, w) -> begin(c, w)),
            command("EXEC", 1, Keys.NONE, this::execute),
            command("DISCARD", 1, Keys.NONE, this::discard),
            command("WATCH", -2, Keys.ALL, this::watch),
            command("UNWATCH", 1, Keys.NONE, (c, _) -> unwatch(c)))
        .collect(Collectors.toUnmodifiableMap(Command::name, command -> command));

static final Set<String> RUN_IN_TRANSACTION =
    Set.of("MULTI", "EXEC", "DISCARD", "WATCH", "RESET", "QUIT");
static final Set<String> SUBSCRIBES =
    Set.of("SUBSCRIBE", "PSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE");
static final Set<String> FOR_SUBSCRIBERS = Set.of("PING", "RESET", "QUIT");

Object run(Client client, String[] words) throws InterruptedException {
  Command command = commandOf(words);
  Refused refusal = refusal(client, command, words);
  if (refusal != null) {
    client.isFaulty = true;
    return refusal;
  }
  if (client.transaction != null && !RUN_IN_TRANSACTION.contains(command.name)) {
    client.transaction.add(words);
    return QUEUED;
  }
  lock.lock();
  try {
    return run(command, client, words);
  } finally {
    lock.unlock();
  }
}

static Object run(Command command, Client client, String[] words) throws InterruptedException {
  try {
    return command.action.run(client, words);
  } catch (Refused e) {
    return e;
  }
}

Command commandOf(String[] words) {
  Command command = commands.get(upper(words[0]));
  if (command != null && command.keys == Keys.SUBCOMMANDS && words.length > 1) {
    return commands.getOrDefault(command.name + "|" + upper(words[1]), command);
  }
  return command;
}

static Refused refusal(Client client, Command command, String[] words) {
  if (command == null) {
    var arguments = new StringBuilder();
    for (int i = 1; i < words.length && arguments.length() < 128; i++) {
      int room = Math.min(words[i].length(), 128 - arguments.length());
      arguments.append("'").append(words[i], 0, room).append("' ");
    }
    return new Refused(
        "ERR unknown command '%.128s', with args beginning with: %s"
            .formatted(words[0], arguments));
  }
  String name = lower(command.name);
  if (!command.takes(words.length)) {
    return wrongNumber(name);
  }
  if (command.keys == Keys.SUBCOMMANDS && words.length > 1) {
    return new Refused(
        "ERR unknown subcommand '%.128s'. Try %s HELP.".formatted(words[1], command.name));
  }
  boolean subscribes = SUBSCRIBES.contains(command.name);
  boolean isSubscriber = client.protocol == 2 && client.subscriptions() > 0;
  if (isSubscriber && !subscribes && !FOR_SUBSCRIBERS.contains(command.name)) {
    return new Refused(
        ("ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET"
                + " are allowed in this context")
            .formatted(name));
  }
  if (subscribes && client.transaction != null) { // its replies are not for the list of EXEC
    return new Refused("ERR Command not allowed inside a transaction");
  }
  return null;
}

// Connections and the server

static Object ping(Client client, String[] w) {
  if (w.length > 2) {
    throw wrongNumber("ping");
  }
  String text = w.length == 2 ? w[1] : null;
  if (client.protocol == 2 && client.subscriptions() > 0) {
    return List.of("pong", Objects.requireNonNullElse(text, ""));
  }
  return text == null ? PONG : text;
}

static Object quit(Client client, Object reply) {
  client.hasQuit = true;
  return reply;
}

Object hello(Client client, String[] w) {
  long protocol = client.protocol;
  if (w.length > 1) {
    protocol = integer(w[1], "ERR Protocol version is not an integer or out of range");
    if (protocol != 2 && protocol != 3) {
      throw new Refused("NOPROTO unsupported protocol version");
    }
  }
  for (int i = 2; i < w.length; i += 2) {
    if (!w[i].equalsIgnoreCase("SETNAME") || i + 1 == w.length) {
      throw new Refused("ERR Syntax error in HELLO option '%.128s'".formatted(w[i]));
    }
    setName(client, w[i + 1]);
  }
  if (protocol != client.protocol && client.subscriptions() > 0) {
    throw new Refused("ERR a subscriber cannot change the protocol");
  }
  client.protocol = (int) protocol;
  var hello = new LinkedHashMap<String, Object>();
  hello.put("server", "plainweave");
  hello.put("version", VERSION);
  hello.put("proto", protocol);
  hello.put("id", client.connection.id());
  hello.put("mode", "standalone");
  hello.put("role", "master");
  hello.put("modules", List.of());
  return hello;
}

static final String VERSION = "7.0.15"; // of the Redis that has these commands

Object select(long database) {
  if (database != 0) {
    throw new Refused("ERR DB index is out of range");
  }
  return OK;
}

Object reset(Client client, String[] w) {
  forget(client);
  client.transaction = null;
  client.protocol = 2;
  client.name = "";
  return new Status("+RESET");
}

static Object setName(Client client, String name) {
  if (!name.chars().allMatch(c -> c >= '!' && c <= '~')) {
    throw new Refused("ERR Client names cannot contain spaces, newlines or special characters.");
  }
  client.name = name;
  return OK;
}

Object settings(String[] w) {
  var settings = new TreeMap<>(Map.of("save", "", "appendonly", "no", "databases", "1"));
  Stream<String> patterns = Stream.of(w).skip(2).map(w1 -> lower(w1));
  var wanted = patterns.map(pattern -> glob(pattern)).reduce(_ -> false, Predicate::or);
  settings.keySet().removeIf(wanted.negate());
  return settings;
}

/** Commands without their subcommands. */
Stream<Command> described() {
  return commands.values().stream().filter(command -> !command.name.contains("|"));
}

Object describeAll(String[] w) {
  return described().map(command -> describe(command)).toList();
}

Object describe(String[] w) {
  return w.length == 2
      ? describeAll(w)
      : Stream.of(w).skip(2).map(name -> describe(commands.get(upper(name)))).toList();
}

/** Its name, arity, flags, of which none is told, and the places of its keys. */
static List<?> describe(Command c) {
  if (c == null) {
    return null;
  }
  return Stream.concat(Stream.of(lower(c.name), c.arity, Set.of()), c.keys.places.stream())
      .toList();
}

Object info(String[] w) {
  Runtime runtime = Runtime.getRuntime();
  String text =
      """
      # Server
      redis_version:%s
      redis_mode:standalone
      process_id:%d
      # Clients
      connected_clients:%d
      # Memory
      used_memory:%d
      # Stats
      expired_keys:%d
      pubsub_channels:%d
      pubsub_patterns:%d
      # Keyspace
      db0:keys=%d,expires=%d,avg_ttl=0
      """
          .formatted(
              VERSION,
              ProcessHandle.current().pid(),
              connected.get(),
              runtime.totalMemory() - runtime.freeMemory(),
              expired,
              channels.size(),
              patterns.size(),
              data.size(),
              expiries.size());
  return new Text(text.replace("\n", "\r\n"));
}

Object clear() {
  data.keys().toList().forEach(this::remove);
  return OK;
}

// Keys

static long count(String[] w, int from, Predicate<String> which) {
  return Stream.of(w).skip(from).filter(which).count();
}

Stream<String> live(List<String> keys) {
  return keys.stream().filter(key -> find(key) != null);
}

static String type(Entry entry) {
  if (entry == null) {
    return "none";
  }
  return Stream.of(LIST, SET, HASH, ZSET)
      .filter(kind -> kind.type.isInstance(entry.value))
      .map(Kind::name)
      .findAny()
      .orElse("string");
}

Object expire(String key, String seconds) {
  long expiresAt = after(seconds, 1_000, "expire");
  Entry entry = find(key);
  if (entry == null) {
    return 0;
  }
  put(key, entry.value, expiresAt); // which may be over
  return 1;
}

/** In seconds; -1 for ever, -2 if there is no such key. */
Object timeToLive(String key) {
  Entry entry = find(key);
  if (entry == null || entry.expiresAt == NEVER) {
    return entry == null ? -2 : -1;
  }
  return (entry.expiresAt - System.currentTimeMillis() + 500) / 1_000;
}

Object scan(String[] w, int at, Dict<?> dict, Function<List<String>, Stream<String>> show) {
  long cursor = integer(w[at], "ERR invalid cursor");
  long count = 10;
  Predicate<String> wanted = _ -> true;
  for (int i = at + 1; i < w.length; i += 2) {
    String value = i + 1 < w.length ? w[i + 1] : "";
    switch (i + 1 < w.length ? upper(w[i]) : "") {
      case "COUNT" -> count = integer(value);
      case "MATCH" -> wanted = wanted.and(glob(value));
      default -> throw syntaxError();
    }
    if (count < 1) {
      throw syntaxError();
    }
  }
  int from = cursor > 0 ? (int) Math.min(cursor, dict.size()) : dict.size();
  List<String> keys = dict.scan(from, (int) Math.min(count, from));
  Stream<String> shown = show.apply(keys.stream().filter(wanted).toList());
  return List.of(Integer.toString(from - keys.size()), shown.toList());
}

/** Tells what matches a pattern: h?llo, h*llo, h[ae]llo, h[^e]llo, h[a-b]llo, or h\?llo. */
static Predicate<String> glob(String pattern) {
  return text -> matches(pattern, text);
}

static boolean matches(String pattern, String text) {
  int p = 0;
  int afterStar = -1;
  int tried = 0; // where the text of the last star ends
  for (int t = 0; t < text.length(); ) {
    int next = p < pattern.length() ? step(pattern, p, text.charAt(t)) : -1;
    if (p < pattern.length() && pattern.charAt(p) == '*') {
      afterStar = ++p;
      tried = t;
    } else if (next >= 0) {
      p = next;
      t++;
    } else if (afterStar >= 0) {
      p = afterStar;
      t = ++tried;
    } else {
      return false;
    }
  }
  return pattern.substring(p).chars().allMatch(c -> c == '*');
}

/** Where the pattern goes on behind what matches one char, or -1. */
static int step(String pattern, int p, char c) {
  char first = pattern.charAt(p);
  int last = pattern.length() - 1;
  if (first == '?') {
    return p + 1;
  }
  if (first != '[') {
    int literal = first == '\\' && p < last ? p + 1 : p;
    return pattern.charAt(literal) == c ? literal + 1 : -1;
  }
  boolean negated = p < last && pattern.charAt(p + 1) == '^';
  boolean found = false;
  int i = p + (negated ? 2 : 1);
  for (; i <= last && pattern.charAt(i) != ']'; i++) {
    if (pattern.charAt(i) == '\\' && i < last) {
      found |= pattern.charAt(++i) == c;
    } else if (i + 2 <= last && pattern.charAt(i + 1) == '-') {
      char from = pattern.charAt(i);
      char to = pattern.charAt(i += 2);
      found |= Math.min(from, to) <= c && c <= Math.max(from, to);
    } else {
      found |= pattern.charAt(i) == c;
    }
  }
  return found != negated ? Math.min(i, last) + 1 : -1;
}

// Strings

Object setString(String[] w) {
  String condition = "";
  long expiresAt = NEVER;
  for (int i = 3; i < w.length; i++) {
    String option = upper(w[i]);
    if (List.of("NX", "XX").contains(option) && condition.isEmpty()) {
      condition = option;
    } else if (List.of("EX", "PX").contains(option) && expiresAt == NEVER && i + 1 < w.length) {
      if (integer(w[++i]) <= 0) {
        throw invalidTime("set");
      }
      expiresAt = after(w[i], option.equals("EX") ? 1_000 : 1, "set");
    } else {
      throw syntaxError();
    }
  }
  if (!condition.isEmpty() && condition.equals(find(w[1]) == null ? "XX" : "NX")) {
    return null;
  }
  put(w[1], w[2], expiresAt);
  return OK;
}

Object setStrings(String[] w) {
  if (w.length % 2 == 0) {
    throw wrongNumber("mset");
  }
  for (int i = 1; i < w.length; i += 2) {
    put(w[i], w[i + 1], NEVER);
  }
  return OK;
}

String stringOrNull(String key) {
  Entry entry = find(key);
  return type(entry).equals("string") ? string(entry) : null;
}

Object add(String key, long difference) {
  Entry old = find(key);
  long number =
      old == null ? 0 : old.value instanceof Long counted ? counted : integer(string(old));
  Long sum;
  try {
    sum = Math.addExact(number, difference);
  } catch (ArithmeticException e) {
    throw new Refused("ERR increment or decrement would overflow");
  }
  put(key, sum, old == null ? NEVER : old.expiresAt);
  return sum;
}

// Lists, sets, hashes and sorted sets

Object push(String[] w, BiConsumer<Items, String> add) {
  Items list = open(w[1], LIST);
  for (int i = 2; i < w.length; i++) {
    add.accept(list, w[i]);
  }
  touch(w[1]);
  return list.size();
}

Object pop(String key, Function<Items, String> take) {
  Items list = find(key, LIST);
  if (list == null) {
    return null;
  }
  String item = take.apply(list);
  changed(key, list);
  return item;
}

/** The items from one to another, both included; negative ones count from the end. */
static <T> List<T> range(long first, long last, Collection<T> items) {
  int size = items.size();
  long from = Math.max(0, first < 0 ? first + size : first);
  long to = Math.min(size - 1, last < 0 ? last + size : last);
  return items.stream().skip(from).limit(Math.max(0, to - from + 1)).toList();
}

Object addMembers(String[] w) {
  Members set = open(w[1], SET);
  long added = count(w, 2, member -> set.put(member, true) == null);
  if (added > 0) {
    touch(w[1]);
  }
  return added;
}

Object removeEach(String[] w, Kind<? extends Dict<?>> kind) {
  Dict<?> dict = find(w[1], kind);
  long removed = dict == null ? 0 : count(w, 2, key -> dict.remove(key) != null);
  if (removed > 0) {
    changed(w[1], dict);
  }
  return removed;
}

static Set<String> setOf(Stream<String> members) {
  return members.collect(Collectors.toCollection(LinkedHashSet::new));
}

Object popMember(String key) {
  Members set = find(key, SET);
  if (set == null) {
    return null;
  }
  String member = set.random();
  set.remove(member);
  changed(key, set);
  return member;
}

Object setFields(String[] w) {
  if (w.length % 2 != 0) {
    throw wrongNumber("hset");
  }
  Fields hash = open(w[1], HASH);
  int before = hash.size();
  for (int i = 2; i < w.length; i += 2) {
    hash.put(w[i], w[i + 1]);
  }
  touch(w[1]);
  return hash.size() - before;
}

Object fields(String[] w) {
  Fields hash = read(w[1], HASH);
  var fields = new LinkedHashMap<String, String>();
  hash.keys().forEach(name -> fields.put(name, hash.get(name)));
  return fields;
}

Object scanFields(String[] w) {
  Fields hash = read(w[1], HASH);
  return scan(w, 2, hash, names -> names.stream().flatMap(n -> Stream.of(n, hash.get(n))));
}

Object addScores(String[] w) {
  if (w.length % 2 != 0) {
    throw syntaxError();
  }
  var scores = new double[w.length];
  for (int i = 2; i < w.length; i += 2) {
    scores[i] = score(w[i]);
  }
  Ranking ranking = open(w[1], ZSET);
  int before = ranking.size();
  boolean isChanged = false;
  for (int i = 2; i < w.length; i += 2) {
    isChanged |= !Objects.equals(ranking.put(w[i + 1], scores[i]), scores[i]);
  }
  if (isChanged) {
    touch(w[1]);
  }
  return ranking.size() - before;
}

Object ranked(String[] w) {
  var found = range(integer(w[2]), integer(w[3]), read(w[1], ZSET).places);
  return found.stream().map(Ranking.Place::member).toList();
}

Object popLowest(String key) {
  Ranking ranking = find(key, ZSET);
  if (ranking == null) {
    return List.of();
  }
  Ranking.Place lowest = ranking.places.first();
  ranking.remove(lowest.member);
  changed(key, ranking);
  return List.of(lowest.member, lowest.score);
}

// Publish and subscribe

/** Those of a channel or a pattern, apart by what they read. */
record Subscribers(Group resp2, Group resp3) {
  Group of(Client client) {
    return client.protocol == 3 ? resp3 : resp2;
  }

  int count() {
    return resp2.size() + resp3.size();
  }

  /** Returns how many it is sent to, of whom nobody is waited for. */
  int send(Object... message) throws InterruptedException {
    int receivers = count();
    if (resp2.size() > 0) {
      resp2.broadcast(encode(new Push(message), 2));
    }
    if (resp3.size() > 0) {
      resp3.broadcast(encode(new Push(message), 3));
    }
    return receivers;
  }
}

Object publish(String channel, String message) throws InterruptedException {
  int receivers = 0;
  Subscribers direct = channels.get(channel);
  if (direct != null) {
    receivers = direct.send("message", channel, message);
  }
  for (var pattern : patterns.entrySet()) {
    if (matches(pattern.getKey(), channel)) {
      receivers += pattern.getValue().send("pmessage", pattern.getKey(), channel, message);
    }
  }
  return receivers;
}

Object subscribe(
    Client client, String[] w, Map<String, Subscribers> all, Map<String, Subscribers> own)
    throws InterruptedException {
  if (client.outbox == null) {
    return NEEDS_OUTBOX;
  }
  for (String name : List.of(w).subList(1, w.length)) {
    boolean isNew = !own.containsKey(name);
    var subscribers = all.computeIfAbsent(name, _ -> new Subscribers(new Group(), new Group()));
    own.put(name, subscribers);
    byte[] reply = encode(new Push(lower(w[0]), name, client.subscriptions()), client.protocol);
    if (isNew) { // the reply comes before the first message
      subscribers.of(client).join(client.id(), client.outbox, () -> reply);
    } else {
      client.outbox.offer(reply);
    }
  }
  return NOTHING;
}

Object unsubscribe(
    Client client, String[] w, Map<String, Subscribers> all, Map<String, Subscribers> own) {
  var names = new ArrayList<>(w.length == 1 ? own.keySet() : List.of(w).subList(1, w.length));
  if (names.isEmpty()) {
    names.add(null);
  }
  var replies = new ArrayList<Push>();
  for (String name : names) {
    leave(client, name, all, own);
    replies.add(new Push(lower(w[0]), name, client.subscriptions()));
  }
  return new Replies(replies);
}

static void leave(
    Client client, String name, Map<String, Subscribers> all, Map<String, Subscribers> own) {
  Subscribers subscribers = own.remove(name);
  if (subscribers != null) {
    subscribers.of(client).leave(client.id(), client.outbox);
    if (subscribers.count() == 0) {
      all.remove(name);
    }
  }
}

Object activeChannels(String[] w) {
  return channels.keySet().stream().filter(w.length == 2 ? _ -> true : glob(w[2])).toList();
}

Object countSubscribers(String[] w) {
  return Stream.of(w)
      .skip(2)
      .flatMap(name -> Stream.of(name, channels.containsKey(name) ? channels.get(name).count() : 0))
      .toList();
}

// Transactions

static Object begin(Client client, String[] w) {
  if (client.transaction != null) {
    throw new Refused("ERR MULTI calls can not be nested");
  }
  client.transaction = new ArrayList<>();
  client.isFaulty = false;
  return OK;
}

Object execute(Client client, String[] w) throws InterruptedException {
  client.watched.forEach(this::find); // what is over has changed
  boolean isOutdated = client.isOutdated;
  List<String[]> transaction = end(client, "EXEC");
  if (client.isFaulty) {
    throw new Refused("EXECABORT Transaction discarded because of previous errors.");
  }
  if (isOutdated) {
    return NO_LIST;
  }
  var replies = new ArrayList<Object>();
  for (String[] words : transaction) {
    replies.add(run(commandOf(words), client, words));
  }
  return replies;
}

Object discard(Client client, String[] w) {
  end(client, "DISCARD");
  return OK;
}

List<String[]> end(Client client, String how) {
  List<String[]> transaction = client.transaction;
  if (transaction == null) {
    throw new Refused("ERR " + how + " without MULTI");
  }
  client.transaction = null;
  unwatch(client);
  return transaction;
}

Object watch(Client client, String[] w) {
  if (client.transaction != null) {
    throw new Refused("ERR WATCH inside MULTI is not allowed");
  }
  for (String key : List.of(w).subList(1, w.length)) {
    find(key); // what is over is gone already
    client.watched.add(key);
    watchers.computeIfAbsent(key, _ -> new HashSet<>()).add(client);
  }
  return OK;
}

Object unwatch(Client client) {
  for (String key : client.watched) {
    watchers.computeIfPresent(
        key,
        (_, clients) -> {
          clients.remove(client);
          return clients.isEmpty() ? null : clients;
        });
  }
  client.watched.clear();
  client.isOutdated = false;
  return OK;
}

/** Ends all that others know of a client. */
void forget(Client client) {
  lock.lock();
  try {
    unwatch(client);
    List.copyOf(client.channels.keySet()).forEach(n -> leave(client, n, channels, client.channels));
    List.copyOf(client.patterns.keySet()).forEach(n -> leave(client, n, patterns, client.patterns));
  } finally {
    lock.unlock();
  }
}

// ---- What is refused

/** Ends a command that has changed nothing, and is its reply: the first word is its kind. */
static final class Refused extends RuntimeException {
  Refused(String error) {
    super(error, null, false, false); // no stack trace: this is the client's mistake
  }
}

static Refused wrongNumber(String name) {
  return new Refused("ERR wrong number of arguments for '%s' command".formatted(name));
}

static Refused wrongType() {
  return new Refused("WRONGTYPE Operation against a key holding the wrong kind of value");
}

static Refused syntaxError() {
  return new Refused("ERR syntax error");
}

static Refused invalidTime(String name) {
  return new Refused("ERR invalid expire time in '%s' command".formatted(name));
}

static long integer(String text) {
  return integer(text, "ERR value is not an integer or out of range");
}

static long integer(String text, String otherwise) {
  try {
    long number = Long.parseLong(text);
    if (Long.toString(number).equals(text)) { // not 007 or +7
      return number;
    }
  } catch (NumberFormatException e) {
    // refused below
  }
  throw new Refused(otherwise);
}

/** The time in so many units, in milliseconds. */
static long after(String units, long unitMillis, String command) {
  try {
    return Math.addExact(
        System.currentTimeMillis(), Math.multiplyExact(integer(units), unitMillis));
  } catch (ArithmeticException e) {
    throw invalidTime(command);
  }
}

static double score(String text) {
  String lower = lower(text);
  boolean isFinite = lower.chars().allMatch(c -> "0123456789+-.e".indexOf(c) >= 0);
  if (isFinite || lower.matches("[+-]?inf")) {
    try {
      return Double.parseDouble(lower.replace("inf", "Infinity")); // as Java calls it
    } catch (NumberFormatException e) {
      // refused below
    }
  }
  throw new Refused("ERR value is not a valid float");
}

static String score(double score) {
  long whole = (long) score;
  if (whole == score && Math.abs(score) < 1e17) {
    return Long.toString(whole);
  }
  return Double.toString(score).replace("Infinity", "inf");
}

static String upper(String word) {
  return word.toUpperCase(Locale.ROOT);
}

static String lower(String word) {
  return word.toLowerCase(Locale.ROOT);
}
