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
//
// A reply is that of redis-server, with these exceptions: there is one database, no file and no
// password; EXPIRE takes no condition, LPOP, SPOP and ZPOPMIN no count; MULTI takes no SUBSCRIBE;
// EXEC does not see that a watched key has come and gone; a score is shown in its shortest form; a
// line in an array ends with CR LF and nothing else.
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.plainweave.*;
import io.plainweave.framing.MessageReader;
import io.plainweave.messaging.Outbox;
import io.plainweave.messaging.OutboxLimits;
import io.plainweave.server.Server;

static final int LONGEST_COMMAND = 512 * 1024 * 1024; // in bytes, all of its strings together
static final int LONGEST_LINE = 64 * 1024;
static final int MOST_UNREAD = 64 * 1024 * 1024; // in bytes, of replies that a client leaves unread

/** What a subscriber may leave unread beyond that; with a byte more it loses its connection. */
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
  final ConnectionScope scope;

  // For its own thread.
  Encoder encoder = new Encoder(2);
  String name = "";
  boolean hasQuit;
  List<String[]> transaction; // what MULTI has begun, or null
  boolean isFaulty; // that transaction: a command of it was refused
  Outbox outbox; // sends everything from the first SUBSCRIBE on; null before

  // Guarded by the lock of the data.
  final Map<String, Entry> watched = new HashMap<>(); // with what there was at each key
  final Set<String> channels = new LinkedHashSet<>();
  final Set<String> patterns = new LinkedHashSet<>();

  Client(Connection connection, ConnectionScope scope) {
    this.connection = connection;
    this.scope = scope;
  }

  int subscriptions() {
    return channels.size() + patterns.size();
  }

  boolean isSubscriberInResp2() {
    return encoder.protocol == 2 && subscriptions() > 0;
  }

  /** Sends what the encoder has. */
  void send() throws IOException, InterruptedException {
    if (outbox == null) {
      encoder.writeTo(connection.output());
    } else if (encoder.size() > 0) {
      outbox.offer(encoder.toByteArray(), Outbox.Policy.BLOCK); // it is this client's own time
    }
    if (encoder.size() > 64 * 1024) { // which is not kept for the next reply
      encoder = new Encoder(encoder.protocol);
    }
    encoder.reset();
  }
}

final AtomicLong connected = new AtomicLong();

void serve(Connection connection) throws Exception {
  try (ConnectionScope scope = connection.openScope()) {
    // A client may send all of its commands before it reads a reply, so replies must not wait.
    scope.bufferOutput(MOST_UNREAD);
    var client = new Client(connection, scope);
    connected.incrementAndGet();
    try {
      answerAll(client);
    } finally {
      connected.decrementAndGet();
      forget(client);
    }
    scope.join();
  }
}

/** Answers one command after the other. */
void answerAll(Client client) throws IOException, InterruptedException {
  var in = MessageReader.of(client.connection);
  try {
    while (!client.hasQuit && client.connection.awaitMessage()) {
      int first = in.readByte();
      String[] words = first == '*' ? readStrings(in) : readLine(in, first);
      client.connection.endMessage();
      if (words.length > 0) { // an empty line is no command
        run(client, words);
        client.send();
      }
    }
  } catch (MalformedMessageException e) {
    // Nobody can know where the next command begins.
    client.encoder.write(new Refused("ERR Protocol error: " + e.getMessage()));
    client.send();
  }
}

static String[] readStrings(MessageReader in) throws IOException {
  long count = readLength(in, "multibulk");
  check(count <= Integer.MAX_VALUE, "invalid multibulk length");
  var words = new String[Math.clamp(count, 0, 16)]; // what is claimed costs little
  long room = LONGEST_COMMAND;
  for (int i = 0; i < count; i++) {
    int type = in.readByte();
    if (type != '$') {
      throw new MalformedMessageException("expected '$', got '" + (char) type + "'");
    }
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

/** A reply that is no data. */
record Status(String line) {}

static final Status OK = new Status("+OK");
static final Status PONG = new Status("+PONG");
static final Status QUEUED = new Status("+QUEUED");
static final Object NOTHING = new Object(); // all was said elsewhere

/** What a subscriber reads, be it a message or a reply. */
record Push(Object... items) {}

static byte[] encode(Object reply, int protocol) {
  var encoder = new Encoder(protocol);
  encoder.write(reply);
  return encoder.toByteArray();
}

/** Replies one behind the other, as the bytes of RESP2 or RESP3. */
static final class Encoder extends ByteArrayOutputStream {
  private static final byte[] LINE_END = {'\r', '\n'};

  int protocol;

  Encoder(int protocol) {
    this.protocol = protocol;
  }

  void write(Object reply) {
    boolean resp3 = protocol == 3;
    switch (reply) {
      case String string -> writeString("$", string);
      case Status(String line) -> writeLine(line);
      case null -> writeLine(resp3 ? "_" : "$-1");
      case Double score when resp3 -> writeLine("," + show(score));
      case Double score -> writeString("$", show(score));
      case Number number -> writeLine(":" + number);
      case Refused e -> writeLine("-" + e.getMessage().replace('\r', ' ').replace('\n', ' '));
      case Push(Object[] items) -> writeAll(resp3 ? ">" : "*", Arrays.asList(items));
      case Members members -> writeAll(resp3 ? "~" : "*", members);
      case Collection<?> items -> writeAll("*", items);
      case Map<?, ?> map -> {
        writeLine(resp3 ? "%" + map.size() : "*" + 2 * map.size());
        map.forEach((key, value) -> {
          write(key);
          write(value);
        });
      }
      default -> {} // NOTHING
    }
  }

  private void writeString(String type, String string) {
    writeLine(type + string.length() + "\r\n" + string);
  }

  private void writeAll(String type, Collection<?> items) {
    writeLine(type + items.size());
    items.forEach(this::write);
  }

  void writeLine(String line) {
    writeBytes(line.getBytes(ISO_8859_1));
    writeBytes(LINE_END);
  }
}

// ---- The data

static final long NEVER = Long.MAX_VALUE;

/**
 * What is at a key: a String, or a collection, which is never empty. When its time is over it
 * counts as gone. Whatever changes makes another entry, which is how EXEC sees it.
 */
record Entry(Object value, long expiresAt) {
  boolean isOver() {
    return expiresAt != NEVER && System.currentTimeMillis() >= expiresAt;
  }
}

static final class Items extends ArrayDeque<String> {}

static final class Fields extends LinkedHashMap<String, String> {}

/** A set that finds a random member, and can be scanned while it changes. */
static final class Members extends ArrayList<String> {
  private final Map<String, Integer> places = new HashMap<>();

  @Override
  public boolean add(String member) {
    return places.putIfAbsent(member, size()) == null && super.add(member);
  }

  /** Lets the last one take the place of one that goes. */
  void removeMember(String member) {
    int place = places.remove(member);
    String last = removeLast();
    if (place < size()) {
      set(place, last);
      places.put(last, place);
    }
  }

  String removeRandom() {
    String member = get(ThreadLocalRandom.current().nextInt(size()));
    removeMember(member);
    return member;
  }
}

record Place(double score, String member) {}

/** The members of a sorted set in their order. */
static final class Ranking extends TreeSet<Place> {
  private final Map<String, Place> places = new HashMap<>();

  Ranking() {
    super(Comparator.comparingDouble(Place::score).thenComparing(Place::member));
  }

  /** False if this is its score already. */
  boolean put(String member, double score) {
    var place = new Place(score, member);
    Place old = places.put(member, place);
    if (old != null) {
      remove(old);
    }
    return add(place) && !place.equals(old);
  }

  List<Object> removeLowest() {
    Place lowest = removeFirst();
    places.remove(lowest.member);
    return List.of(lowest.member, lowest.score);
  }
}

record Expiry(long at, String key) {}

/** Guards all data and all subscriptions: there is one command at a time, as in Redis. */
final ReentrantLock lock = new ReentrantLock();

final Map<String, Entry> data = new HashMap<>();
final Members keys = new Members(); // of the data
final TreeSet<Expiry> expiries =
    new TreeSet<>(Comparator.comparingLong(Expiry::at).thenComparing(Expiry::key));
long expired; // how many have been removed
final Map<String, Set<Client>> channels = new HashMap<>(); // with their subscribers
final Map<String, Set<Client>> patterns = new LinkedHashMap<>();

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

/** Returns what is at a key, or null; it must be of that type. */
<T> T find(String key, Class<T> type) {
  Entry entry = find(key);
  if (entry != null && !type.isInstance(entry.value)) {
    throw new Refused("WRONGTYPE Operation against a key holding the wrong kind of value");
  }
  return entry == null ? null : type.cast(entry.value);
}

<T> T find(String key, Class<T> type, T otherwise) {
  return Objects.requireNonNullElse(find(key, type), otherwise);
}

void put(String key, Object value, long expiresAt) {
  Entry old = data.put(key, new Entry(value, expiresAt));
  if (old == null) {
    keys.add(key);
  }
  setExpiry(key, old == null ? NEVER : old.expiresAt, expiresAt);
}

/** Puts a value that has changed, for the rest of the key's time. */
void update(String key, Object value) {
  Entry old = data.get(key);
  put(key, value, old == null ? NEVER : old.expiresAt);
}

boolean remove(String key) {
  Entry old = data.remove(key);
  if (old != null) {
    keys.removeMember(key);
    setExpiry(key, old.expiresAt, NEVER);
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

/** Removes what is over though nobody asks for it. */
void expire() throws InterruptedException {
  while (true) {
    Thread.sleep(10);
    lock.lock();
    try {
      long now = System.currentTimeMillis();
      for (int i = 0; i < 1_000 && !expiries.isEmpty() && expiries.first().at <= now; i++) {
        find(expiries.first().key);
      }
    } finally {
      lock.unlock();
    }
  }
}

// ---- The commands

/**
 * What makes the reply to a command. Its arity is how many words it has, its own name included, or
 * at least if that is negative.
 */
record Command(String name, int arity, Keys keys, Action action) {}

/** The places of the first one and the last one, and the step between them. */
record Keys(int first, int last, int step) {}

static final Keys NONE = new Keys(0, 0, 0);
static final Keys SUBCOMMANDS = new Keys(0, 0, 0); // the second word is part of the name
static final Keys ONE = new Keys(1, 1, 1);
static final Keys ALL = new Keys(1, -1, 1);
static final Keys PAIRS = new Keys(1, -1, 2);

interface Action {
  Object run(Client client, String[] words) throws InterruptedException;
}

final Map<String, Command> commands =
    Stream.of(
            new Command("PING", -1, NONE, (c, w) -> ping(c, w)),
            new Command("ECHO", 2, NONE, (_, w) -> w[1]),
            new Command("QUIT", -1, NONE, (c, _) -> quit(c, OK)),
            new Command("HELLO", -1, NONE, this::hello),
            new Command("SELECT", 2, NONE, (_, w) -> integer(w[1]) == 0 ? OK : NO_DATABASE),
            new Command("CLIENT", -2, SUBCOMMANDS, null),
            new Command("CLIENT|ID", 2, NONE, (c, _) -> c.connection.id()),
            new Command("CLIENT|GETNAME", 2, NONE, (c, _) -> c.name.isEmpty() ? null : c.name),
            new Command("CLIENT|SETNAME", 3, NONE, (c, w) -> setName(c, w[2])),
            new Command("CLIENT|SETINFO", 4, NONE, (_, _) -> OK), // the library, for lists
            new Command("CONFIG", -2, SUBCOMMANDS, null),
            new Command("CONFIG|GET", -3, NONE, (_, w) -> settings(w)),
            new Command("COMMAND", -1, SUBCOMMANDS, (_, _) -> described().toList()),
            new Command("COMMAND|COUNT", 2, NONE, (_, _) -> described().count()),
            new Command("COMMAND|DOCS", -2, NONE, (_, _) -> Map.of()),
            new Command("INFO", -1, NONE, (_, _) -> info()),
            new Command("DBSIZE", 1, NONE, (_, _) -> data.size()),
            new Command("FLUSHALL", -1, NONE, (_, _) -> clear()),
            new Command("FLUSHDB", -1, NONE, (_, _) -> clear()),
            // What a page makes a browser send is no command
            new Command("POST", -1, NONE, (c, _) -> quit(c, NOTHING)),
            new Command("HOST:", -1, NONE, (c, _) -> quit(c, NOTHING)),
            // Keys
            new Command("DEL", -2, ALL, (_, w) -> count(w, 1, k -> find(k) != null && remove(k))),
            new Command("EXISTS", -2, ALL, (_, w) -> count(w, 1, k -> find(k) != null)),
            new Command("TYPE", 2, ONE, (_, w) -> new Status("+" + type(find(w[1])))),
            new Command("EXPIRE", 3, ONE, (_, w) -> expire(w[1], after(w[2], 1_000, "expire"))),
            new Command("PEXPIRE", 3, ONE, (_, w) -> expire(w[1], after(w[2], 1, "pexpire"))),
            new Command(
                "PERSIST", 2, ONE, (_, w) -> timeToLive(w[1], 1) < 0 ? 0 : expire(w[1], NEVER)),
            new Command("TTL", 2, ONE, (_, w) -> timeToLive(w[1], 1_000)),
            new Command("PTTL", 2, ONE, (_, w) -> timeToLive(w[1], 1)),
            new Command("KEYS", 2, NONE, (_, w) -> live(keys, w[1])),
            new Command("SCAN", -2, NONE, (_, w) -> scan(w)),
            // Strings
            new Command("GET", 2, ONE, (_, w) -> find(w[1], String.class)),
            new Command("SET", -3, ONE, (_, w) -> setString(w)),
            new Command("MSET", -3, PAIRS, (_, w) -> setStrings(w)),
            new Command("INCR", 2, ONE, (_, w) -> add(w[1], 1)),
            new Command("DECR", 2, ONE, (_, w) -> add(w[1], -1)),
            new Command("INCRBY", 3, ONE, (_, w) -> add(w[1], integer(w[2]))),
            // Lists
            new Command("LPUSH", -3, ONE, (_, w) -> push(w, Items::addFirst)),
            new Command("RPUSH", -3, ONE, (_, w) -> push(w, Items::addLast)),
            new Command("LPOP", 2, ONE, (_, w) -> take(w[1], Items.class, Items::removeFirst)),
            new Command("RPOP", 2, ONE, (_, w) -> take(w[1], Items.class, Items::removeLast)),
            new Command("LRANGE", 4, ONE, (_, w) -> range(w[1], integer(w[2]), integer(w[3]))),
            // Sets
            new Command("SADD", -3, ONE, (_, w) -> addMembers(w)),
            new Command("SMEMBERS", 2, ONE, (_, w) -> find(w[1], Members.class, new Members())),
            new Command("SPOP", 2, ONE, (_, w) -> take(w[1], Members.class, Members::removeRandom)),
            // Hashes
            new Command("HSET", -4, ONE, (_, w) -> setFields(w)),
            new Command("HGET", 3, ONE, (_, w) -> fields(w[1]).get(w[2])),
            new Command("HGETALL", 2, ONE, (_, w) -> fields(w[1])),
            // Sorted sets
            new Command("ZADD", -4, ONE, (_, w) -> addScores(w)),
            new Command("ZPOPMIN", 2, ONE, (_, w) -> popLowest(w[1])),
            // Publish and subscribe
            new Command("SUBSCRIBE", -2, NONE, (c, w) -> subscribe(c, w, channels, c.channels)),
            new Command("PSUBSCRIBE", -2, NONE, (c, w) -> subscribe(c, w, patterns, c.patterns)),
            new Command("UNSUBSCRIBE", -1, NONE, (c, w) -> unsubscribe(c, w, channels, c.channels)),
            new Command(
                "PUNSUBSCRIBE", -1, NONE, (c, w) -> unsubscribe(c, w, patterns, c.patterns)),
            new Command("PUBLISH", 3, NONE, (_, w) -> publish(w[1], w[2])),
            new Command("PUBSUB", -2, SUBCOMMANDS, null),
            new Command("PUBSUB|CHANNELS", -2, NONE, (_, w) -> activeChannels(w)),
            new Command("PUBSUB|NUMSUB", -2, NONE, (_, w) -> countSubscribers(w)),
            new Command("PUBSUB|NUMPAT", 2, NONE, (_, _) -> patterns.size()),
            // Transactions
            new Command("MULTI", 1, NONE, (c, _) -> begin(c)),
            new Command("EXEC", 1, NONE, (c, _) -> execute(c)),
            new Command("DISCARD", 1, NONE, (c, _) -> discard(c)),
            new Command("WATCH", -2, ALL, (c, w) -> watch(c, w)),
            new Command("UNWATCH", 1, NONE, (c, _) -> unwatch(c)))
        .collect(Collectors.toUnmodifiableMap(Command::name, command -> command));

static final Set<String> RUN_IN_TRANSACTION = Set.of("MULTI", "EXEC", "DISCARD", "WATCH", "QUIT");
static final Set<String> SUBSCRIBE =
    Set.of("SUBSCRIBE", "PSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE");
static final Set<String> FOR_SUBSCRIBERS = Set.of("PING", "QUIT");

/** Runs a command, and writes its reply. */
void run(Client client, String[] words) throws InterruptedException {
  lock.lock();
  try {
    Command command = commandOf(words);
    checkState(client, command);
    if (client.transaction == null || RUN_IN_TRANSACTION.contains(command.name)) {
      run(command, client, words);
    } else {
      client.transaction.add(words);
      client.encoder.write(QUEUED);
    }
  } catch (Refused e) {
    client.isFaulty = true;
    client.encoder.write(e);
  } finally {
    lock.unlock();
  }
}

static void run(Command command, Client client, String[] words) throws InterruptedException {
  Object reply;
  try {
    reply = command.action.run(client, words);
  } catch (Refused e) {
    reply = e;
  }
  client.encoder.write(reply);
}

Command commandOf(String[] words) {
  Command command = commands.get(upper(words[0]));
  if (command == null) {
    throw unknown(words);
  }
  if (command.keys == SUBCOMMANDS && words.length > 1) {
    String group = command.name;
    command = commands.get(group + "|" + upper(words[1]));
    if (command == null) {
      throw new Refused("ERR unknown subcommand '%.128s'. Try %s HELP.".formatted(words[1], group));
    }
  }
  if (command.arity < 0 ? words.length < -command.arity : words.length != command.arity) {
    throw wrongNumber(lower(command.name));
  }
  return command;
}

static Refused unknown(String[] words) {
  var arguments = new StringBuilder();
  for (int i = 1; i < words.length && arguments.length() < 128; i++) {
    int room = Math.min(words[i].length(), 128 - arguments.length());
    arguments.append("'").append(words[i], 0, room).append("' ");
  }
  return new Refused(
      "ERR unknown command '%.128s', with args beginning with: %s".formatted(words[0], arguments));
}

/** Refuses what a client cannot ask for in the state in which it is. */
static void checkState(Client client, Command command) {
  if (client.transaction != null && SUBSCRIBE.contains(command.name)) {
    throw new Refused("ERR Command not allowed inside a transaction"); // EXEC has one list
  }
  if (client.isSubscriberInResp2()
      && !SUBSCRIBE.contains(command.name)
      && !FOR_SUBSCRIBERS.contains(command.name)) {
    throw new Refused(
        ("ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET"
                + " are allowed in this context")
            .formatted(lower(command.name)));
  }
}

// Connections and the server

static Object ping(Client client, String[] w) {
  if (w.length > 2) {
    throw wrongNumber("ping");
  }
  if (client.isSubscriberInResp2()) {
    return List.of("pong", w.length == 2 ? w[1] : "");
  }
  return w.length == 2 ? w[1] : PONG;
}

static Object quit(Client client, Object reply) {
  client.hasQuit = true;
  return reply;
}

Object hello(Client client, String[] w) {
  long protocol = client.encoder.protocol;
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
  if (protocol != client.encoder.protocol && client.subscriptions() > 0) {
    throw new Refused("ERR a subscriber cannot change the protocol");
  }
  client.encoder.protocol = (int) protocol;
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

static final Refused NO_DATABASE = new Refused("ERR DB index is out of range");
static final String VERSION = "7.0.15"; // of the Redis that has these commands

static Object setName(Client client, String name) {
  if (!name.chars().allMatch(c -> c >= '!' && c <= '~')) {
    throw new Refused("ERR Client names cannot contain spaces, newlines or special characters.");
  }
  client.name = name;
  return OK;
}

Object settings(String[] w) {
  var settings = new TreeMap<>(Map.of("save", "", "appendonly", "no", "databases", "1"));
  settings.keySet().removeIf(name -> Stream.of(w).skip(2).noneMatch(p -> matches(lower(p), name)));
  return settings;
}

/** Each command without its subcommands: name, arity, flags, of which it tells none, and keys. */
Stream<List<?>> described() {
  return commands.values().stream()
      .filter(c -> !c.name.contains("|"))
      .map(c -> List.of(lower(c.name), c.arity, List.of(), c.keys.first, c.keys.last, c.keys.step));
}

Object info() {
  Runtime runtime = Runtime.getRuntime();
  long memory = runtime.totalMemory() - runtime.freeMemory();
  String text =
      """
      # Server
      redis_version:%s
      redis_mode:standalone
      # Clients
      connected_clients:%d
      # Memory
      used_memory:%d
      # Stats
      expired_keys:%d
      # Keyspace
      db0:keys=%d,expires=%d,avg_ttl=0
      """
          .formatted(VERSION, connected.get(), memory, expired, data.size(), expiries.size());
  return text.replace("\n", "\r\n");
}

Object clear() {
  List.copyOf(keys).forEach(this::remove);
  return OK;
}

// Keys

static long count(String[] w, int from, Predicate<String> which) {
  return Stream.of(w).skip(from).filter(which).count();
}

static String type(Entry entry) {
  return switch (entry == null ? null : entry.value) {
    case null -> "none";
    case Items _ -> "list";
    case Members _ -> "set";
    case Fields _ -> "hash";
    case Ranking _ -> "zset";
    default -> "string";
  };
}

int expire(String key, long expiresAt) {
  Entry entry = find(key);
  if (entry == null) {
    return 0;
  }
  put(key, entry.value, expiresAt); // which may be over
  return 1;
}

/** In so many milliseconds; -1 for ever, -2 if there is no such key. */
long timeToLive(String key, int unit) {
  Entry entry = find(key);
  if (entry == null || entry.expiresAt == NEVER) {
    return entry == null ? -2 : -1;
  }
  return (entry.expiresAt - System.currentTimeMillis() + unit / 2) / unit;
}

/**
 * Goes from the last place in the row to the first, and the cursor is how many are left. Whoever
 * changes places comes from behind: so none is missed that is there all the time.
 */
Object scan(String[] w) {
  long cursor = integer(w[1], "ERR invalid cursor");
  long count = 10;
  String pattern = "*";
  for (int i = 2; i < w.length; i += 2) {
    String value = i + 1 < w.length ? w[i + 1] : "";
    switch (i + 1 < w.length ? upper(w[i]) : "") {
      case "COUNT" -> count = integer(value);
      case "MATCH" -> pattern = value;
      default -> throw SYNTAX_ERROR;
    }
    if (count < 1) {
      throw SYNTAX_ERROR;
    }
  }
  int size = keys.size();
  int to = cursor > 0 ? (int) Math.min(cursor, size) : size;
  int from = (int) Math.max(0, to - count);
  return List.of(Integer.toString(from), live(keys.subList(from, to), pattern));
}

List<String> live(List<String> some, String pattern) {
  List<String> matching = some.stream().filter(key -> matches(pattern, key)).toList();
  return matching.stream().filter(key -> find(key) != null).toList();
}

/** Whether a text matches h?llo, h*llo, h[ae]llo, h[^e]llo, h[a-b]llo, or h\?llo. */
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
      throw SYNTAX_ERROR;
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

long add(String key, long difference) {
  String old = find(key, String.class);
  long sum;
  try {
    sum = Math.addExact(old == null ? 0 : integer(old), difference);
  } catch (ArithmeticException e) {
    throw new Refused("ERR increment or decrement would overflow");
  }
  update(key, Long.toString(sum));
  return sum;
}

// Lists, sets, hashes and sorted sets

Object push(String[] w, BiConsumer<Items, String> add) {
  Items list = find(w[1], Items.class, new Items());
  for (int i = 2; i < w.length; i++) {
    add.accept(list, w[i]);
  }
  update(w[1], list);
  return list.size();
}

/** Takes something out of a collection, or null; what is empty then is removed. */
<T extends Collection<?>> Object take(String key, Class<T> type, Function<T, Object> take) {
  T collection = find(key, type);
  if (collection == null) {
    return null;
  }
  Object taken = take.apply(collection);
  if (collection.isEmpty()) {
    remove(key);
  } else {
    update(key, collection);
  }
  return taken;
}

/** The items from one to another, both included; negative ones count from the end. */
Object range(String key, long first, long last) {
  Items list = find(key, Items.class, new Items());
  long from = Math.max(0, first < 0 ? first + list.size() : first);
  long to = last < 0 ? last + list.size() : last; // the last one, or beyond
  return list.stream().skip(from).limit(Math.max(0, Math.min(to, list.size()) - from + 1)).toList();
}

Object addMembers(String[] w) {
  Members set = find(w[1], Members.class, new Members());
  long added = count(w, 2, set::add);
  if (added > 0) {
    update(w[1], set);
  }
  return added;
}

Object setFields(String[] w) {
  if (w.length % 2 != 0) {
    throw wrongNumber("hset");
  }
  Fields hash = fields(w[1]);
  int before = hash.size();
  for (int i = 2; i < w.length; i += 2) {
    hash.put(w[i], w[i + 1]);
  }
  update(w[1], hash);
  return hash.size() - before;
}

Fields fields(String key) {
  return find(key, Fields.class, new Fields());
}

Object addScores(String[] w) {
  if (w.length % 2 != 0) {
    throw SYNTAX_ERROR;
  }
  var scores = new double[w.length];
  for (int i = 2; i < w.length; i += 2) {
    scores[i] = score(w[i]);
  }
  Ranking ranking = find(w[1], Ranking.class, new Ranking());
  int before = ranking.size();
  boolean isChanged = false;
  for (int i = 2; i < w.length; i += 2) {
    isChanged |= ranking.put(w[i + 1], scores[i]);
  }
  if (isChanged) {
    update(w[1], ranking);
  }
  return ranking.size() - before;
}

Object popLowest(String key) {
  return Objects.requireNonNullElse(take(key, Ranking.class, Ranking::removeLowest), List.of());
}

// Publish and subscribe

int publish(String channel, String message) throws InterruptedException {
  int receivers = send(channels.getOrDefault(channel, Set.of()), "message", channel, message);
  for (String pattern : patterns.keySet()) {
    if (matches(pattern, channel)) {
      receivers += send(patterns.get(pattern), "pmessage", pattern, channel, message);
    }
  }
  return receivers;
}

/** Returns how many it is sent to, of whom nobody is waited for. */
static int send(Set<Client> subscribers, Object... message) throws InterruptedException {
  var encoded = new byte[4][]; // once for each protocol, if somebody speaks it
  int receivers = 0;
  for (Client client : subscribers) {
    int protocol = client.encoder.protocol;
    if (encoded[protocol] == null) {
      encoded[protocol] = encode(new Push(message), protocol);
    }
    receivers += client.outbox.offer(encoded[protocol]) ? 1 : 0;
  }
  return receivers;
}

Object subscribe(Client client, String[] w, Map<String, Set<Client>> all, Set<String> own)
    throws InterruptedException {
  for (String name : arguments(w)) {
    own.add(name);
    all.computeIfAbsent(name, _ -> new LinkedHashSet<>()).add(client);
    confirm(client, w[0], name);
  }
  return NOTHING;
}

Object unsubscribe(Client client, String[] w, Map<String, Set<Client>> all, Set<String> own)
    throws InterruptedException {
  var names = new ArrayList<>(w.length == 1 ? own : arguments(w));
  if (names.isEmpty()) {
    names.add(null);
  }
  for (String name : names) {
    leave(client, name, all, own);
    confirm(client, w[0], name);
  }
  return NOTHING;
}

static void leave(Client client, String name, Map<String, Set<Client>> all, Set<String> own) {
  if (own.remove(name)) {
    all.get(name).remove(client);
    all.computeIfPresent(name, (_, rest) -> rest.isEmpty() ? null : rest);
  }
}

/** Tells a subscriber so, and lets others send to it, who never wait for it. */
static void confirm(Client client, String command, String name) throws InterruptedException {
  if (client.outbox == null) {
    client.outbox = new Outbox(client.connection, PUSHES, Outbox.Policy.DISCONNECT);
    client.scope.fork("outbox", client.outbox);
  }
  var push = new Push(lower(command), name, client.subscriptions());
  client.outbox.offer(encode(push, client.encoder.protocol));
}

Object activeChannels(String[] w) {
  String pattern = w.length == 2 ? "*" : w[2];
  return channels.keySet().stream().filter(name -> matches(pattern, name)).toList();
}

Object countSubscribers(String[] w) {
  return Stream.of(w)
      .skip(2)
      .flatMap(name -> Stream.of(name, channels.getOrDefault(name, Set.of()).size()))
      .toList();
}

// Transactions

static Object begin(Client client) {
  if (client.transaction != null) {
    return new Refused("ERR MULTI calls can not be nested");
  }
  client.transaction = new ArrayList<>();
  client.isFaulty = false;
  return OK;
}

Object execute(Client client) throws InterruptedException {
  boolean isOutdated =
      client.watched.entrySet().stream().anyMatch(e -> find(e.getKey()) != e.getValue());
  List<String[]> transaction = end(client, "EXEC");
  if (client.isFaulty) {
    throw new Refused("EXECABORT Transaction discarded because of previous errors.");
  }
  if (isOutdated) {
    return client.encoder.protocol == 3 ? null : new Status("*-1"); // no list is no null there
  }
  client.encoder.writeLine("*" + transaction.size());
  for (String[] words : transaction) {
    run(commandOf(words), client, words);
  }
  return NOTHING;
}

static Object discard(Client client) {
  end(client, "DISCARD");
  return OK;
}

static List<String[]> end(Client client, String how) {
  List<String[]> transaction = client.transaction;
  if (transaction == null) {
    throw new Refused("ERR " + how + " without MULTI");
  }
  client.transaction = null;
  client.watched.clear();
  return transaction;
}

Object watch(Client client, String[] w) {
  if (client.transaction != null) {
    throw new Refused("ERR WATCH inside MULTI is not allowed");
  }
  for (String key : arguments(w)) {
    client.watched.putIfAbsent(key, find(key));
  }
  return OK;
}

static Object unwatch(Client client) {
  client.watched.clear();
  return OK;
}

/** Ends all that others know of a client. */
void forget(Client client) {
  lock.lock();
  try {
    List.copyOf(client.channels).forEach(name -> leave(client, name, channels, client.channels));
    List.copyOf(client.patterns).forEach(name -> leave(client, name, patterns, client.patterns));
  } finally {
    lock.unlock();
  }
  if (client.outbox != null) {
    client.outbox.close(); // it sends the rest
  }
}

// ---- What is refused

/** Ends a command that has changed nothing, and is its reply: the first word is its kind. */
static final class Refused extends RuntimeException {
  Refused(String error) {
    super(error, null, false, false); // no stack trace: this is the client's mistake
  }
}

static final Refused SYNTAX_ERROR = new Refused("ERR syntax error");

static Refused wrongNumber(String name) {
  return new Refused("ERR wrong number of arguments for '%s' command".formatted(name));
}

static Refused invalidTime(String name) {
  return new Refused("ERR invalid expire time in '%s' command".formatted(name));
}

static long integer(String text) {
  return integer(text, "ERR value is not an integer or out of range");
}

static long integer(String text, String otherwise) {
  boolean isPadded = text.startsWith("0") && text.length() > 1 || text.startsWith("-0");
  if (!isPadded && !text.startsWith("+")) { // not 007 or +7
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      // refused below
    }
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

static final Pattern SCORE =
    Pattern.compile("[+-]?(inf|([0-9]++[.]?[0-9]*+|[.][0-9]++)(e[+-]?[0-9]++)?)");

static double score(String text) {
  String lower = lower(text);
  if (!SCORE.matcher(lower).matches()) {
    throw new Refused("ERR value is not a valid float");
  }
  return Double.parseDouble(lower.replace("inf", "Infinity")); // as Java calls it
}

static String show(double score) {
  long whole = (long) score;
  if (whole == score && Math.abs(score) < 1e17) {
    return Long.toString(whole);
  }
  return Double.toString(score).replace("Infinity", "inf");
}

static List<String> arguments(String[] w) {
  return List.of(w).subList(1, w.length);
}

static String upper(String word) {
  return word.toUpperCase(Locale.ROOT);
}

static String lower(String word) {
  return word.toLowerCase(Locale.ROOT);
}
