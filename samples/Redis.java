// Redis: data in memory, for Redis's own clients.   samples/run Redis [PORT | HOST:PORT]
//
// It speaks RESP2 (https://redis.io/docs/latest/develop/reference/protocol-spec/): a command is an
// array of strings, as in *2\r\n$3\r\nGET\r\n$1\r\nk\r\n, or a line that a person has typed. Its
// strings are any bytes. Here each of them is a char of a String: ISO 8859-1 maps them one to one,
// and Java keeps such a String in one byte per char.
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.plainweave.*;
import io.plainweave.framing.MessageReader;
import io.plainweave.server.Server;

static final int LONGEST_COMMAND = 512 * 1024 * 1024; // in bytes, all of its strings together
static final int LONGEST_LINE = 64 * 1024;
static final int MOST_STRINGS = 1024 * 1024;
static final int MOST_UNREAD = 64 * 1024 * 1024; // in bytes, of replies that a client leaves unread

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
          .handler(this::serve));
}

// ---- A connection: commands in, replies out

/** A client may send all of its commands before it reads a reply, so replies must not wait. */
void serve(Connection connection) throws Exception {
  try (ConnectionScope scope = connection.openScope()) {
    scope.bufferOutput(MOST_UNREAD);
    reply(connection);
    scope.join();
  }
}

void reply(Connection connection) throws IOException {
  var in = MessageReader.of(connection);
  var typed = MessageReader.crlfOrLf(connection); // by people
  OutputStream out = connection.output();
  try {
    boolean more = true;
    while (more && connection.awaitMessage()) {
      String[] words = readCommand(in, typed);
      connection.endMessage();
      if (words.length > 0) {
        write(out, run(words));
        more = !words[0].equalsIgnoreCase("QUIT");
      }
    }
  } catch (MalformedMessageException e) {
    // Nobody can know where the next command begins.
    write(out, new Refused("ERR Protocol error: " + e.getMessage()));
  }
}

String[] readCommand(MessageReader in, MessageReader typed) throws IOException {
  int first = in.readByte();
  if (first != '*') {
    String line = (char) first + (first == '\n' ? "" : text(typed.readLine(LONGEST_LINE)));
    return line.isBlank() ? new String[0] : line.strip().split("\\s+");
  }
  long count = in.readNumber();
  if (count > MOST_STRINGS) {
    throw new MalformedMessageException("invalid multibulk length");
  }
  var words = new String[Math.clamp(count, 0, 16)]; // what is claimed costs little
  long room = LONGEST_COMMAND;
  for (int i = 0; i < count; i++) {
    int type = in.readByte();
    if (type != '$') {
      throw new MalformedMessageException("expected '$', got '" + (char) type + "'");
    }
    long length = in.readNumber();
    if (length < 0 || length > room) {
      throw new MalformedMessageException("invalid bulk length");
    }
    room -= length;
    if (i == words.length) {
      words = Arrays.copyOf(words, (int) Math.min(count, 2 * i));
    }
    words[i] = text(in.readBytes((int) length));
    in.readLineEnd();
  }
  return words;
}

static String text(byte[] bytes) {
  return new String(bytes, ISO_8859_1);
}

Object run(String[] words) {
  Command command = commands.get(words[0].toUpperCase(Locale.ROOT));
  if (command == null) {
    return new Refused("ERR unknown command '%.128s'".formatted(words[0]));
  }
  if (words.length < command.fewest || words.length > command.most) {
    return wrongNumber(words);
  }
  try {
    return command.action.apply(words);
  } catch (Refused e) {
    return e;
  }
}

/** A reply that is no data, as it is sent. */
record Status(byte[] bytes) {
  Status(String line) {
    this((line + "\r\n").getBytes(ISO_8859_1));
  }
}

static final Status OK = new Status("+OK");
static final Status PONG = new Status("+PONG");
static final Status NOTHING = new Status("$-1");

/** Writes a reply: a status, a refusal, a number, a string, nothing, or several of them. */
static void write(OutputStream out, Object reply) throws IOException {
  switch (reply) {
    case null -> out.write(NOTHING.bytes);
    case Status(byte[] bytes) -> out.write(bytes);
    case String string -> send(out, "$" + string.length() + "\r\n" + string + "\r\n");
    case Number number -> send(out, ":" + number + "\r\n");
    case Refused e -> send(out, "-" + e.getMessage().replaceAll("[\r\n]", " ") + "\r\n");
    case Collection<?> items -> {
      send(out, "*" + items.size() + "\r\n");
      for (Object item : items) {
        write(out, item);
      }
    }
    default -> throw new IllegalArgumentException("no kind of reply: " + reply);
  }
}

static void send(OutputStream out, String text) throws IOException {
  out.write(text.getBytes(ISO_8859_1));
}

// ---- The data

static final long NEVER = Long.MAX_VALUE;

/**
 * What is at a key: a String, or the Long that it became when it was counted; an ArrayDeque, which
 * is a list, a LinkedHashSet, or a LinkedHashMap, which is a hash. Those three change, but only
 * within change(). When the time of an entry is over it counts as gone, and goes when it is looked
 * at.
 */
record Entry(Object value, long expiresAtMillis) {
  boolean isLive() {
    return expiresAtMillis == NEVER || System.currentTimeMillis() < expiresAtMillis;
  }
}

final ConcurrentHashMap<String, Entry> data = new ConcurrentHashMap<>();

static Entry live(Entry entry) {
  return entry != null && entry.isLive() ? entry : null;
}

/** The entry at a key, or null. */
Entry find(String key) {
  Entry entry = data.get(key);
  boolean isOver = entry != null && !entry.isLive();
  return isOver ? data.computeIfPresent(key, (_, now) -> live(now)) : entry;
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

/**
 * Lets one command at a time look at the list, set or hash at a key, and change it. If there is
 * none it gets the empty one, and what is empty afterwards is removed, as in Redis.
 */
<V, R> R change(String key, V empty, Predicate<V> isEmpty, Function<V, R> work) {
  var result = new AtomicReference<R>();
  data.compute(
      key,
      (_, old) -> {
        Entry entry = live(old) != null ? old : new Entry(empty, NEVER);
        if (entry.value.getClass() != empty.getClass()) {
          throw wrongType();
        }
        @SuppressWarnings("unchecked") // it is of the class of the empty one
        V value = (V) entry.value;
        result.setPlain(work.apply(value));
        return isEmpty.test(value) ? null : entry;
      });
  return result.getPlain();
}

<R> R list(String key, Function<ArrayDeque<String>, R> work) {
  return change(key, new ArrayDeque<>(), ArrayDeque::isEmpty, work);
}

<R> R set(String key, Function<LinkedHashSet<String>, R> work) {
  return change(key, new LinkedHashSet<>(), LinkedHashSet::isEmpty, work);
}

<R> R hash(String key, Function<LinkedHashMap<String, String>, R> work) {
  return change(key, new LinkedHashMap<>(), LinkedHashMap::isEmpty, work);
}

// ---- The commands

/** What is done to make a reply, and how many words it may have, its own name included. */
record Command(int fewest, int most, Function<String[], Object> action) {}

static final int ANY = Integer.MAX_VALUE;

final Map<String, Command> commands =
    Map.ofEntries(
        command("PING", 1, 2, w -> w.length == 1 ? PONG : w[1]),
        command("ECHO", 2, 2, w -> w[1]),
        command("QUIT", 1, ANY, _ -> OK),
        command("GET", 2, 2, w -> string(find(w[1]))),
        command("SET", 3, ANY, this::setString),
        command("MGET", 2, ANY, w -> keys(w).map(this::stringOrNull).toList()),
        command("MSET", 3, ANY, this::setStrings),
        command("INCR", 2, 2, w -> add(w[1], 1)),
        command("DECR", 2, 2, w -> add(w[1], -1)),
        command("INCRBY", 3, 3, w -> add(w[1], integer(w[2]))),
        command("DEL", 2, ANY, w -> keys(w).filter(this::remove).count()),
        command("EXISTS", 2, ANY, w -> keys(w).filter(key -> find(key) != null).count()),
        command("EXPIRE", 3, 3, w -> expire(w[1], integer(w[2]))),
        command("TTL", 2, 2, w -> timeToLive(w[1])),
        command("LPUSH", 3, ANY, w -> push(w, ArrayDeque::addFirst)),
        command("RPUSH", 3, ANY, w -> push(w, ArrayDeque::addLast)),
        command("LPOP", 2, 2, w -> list(w[1], ArrayDeque::pollFirst)),
        command("RPOP", 2, 2, w -> list(w[1], ArrayDeque::pollLast)),
        command("LRANGE", 4, 4, w -> range(w[1], integer(w[2]), integer(w[3]))),
        command(
            "SADD", 3, ANY, w -> set(w[1], set -> Stream.of(w).skip(2).filter(set::add).count())),
        command("SCARD", 2, 2, w -> set(w[1], Set::size)),
        command("SMEMBERS", 2, 2, w -> set(w[1], List::copyOf)),
        command("HSET", 4, ANY, this::setFields),
        command("HGET", 3, 3, w -> hash(w[1], hash -> hash.get(w[2]))),
        command("HGETALL", 2, 2, w -> hash(w[1], hash -> namesAndValues(hash))),
        // What clients ask about the server itself
        command("HELLO", 1, 2, this::hello),
        command("SELECT", 2, 2, w -> select(integer(w[1]))),
        command("CLIENT", 2, ANY, this::client),
        command("CONFIG", 2, ANY, this::config),
        command("COMMAND", 1, ANY, _ -> List.of()),
        command("INFO", 1, ANY, _ -> "redis_mode:standalone\r\n"));

static Map.Entry<String, Command> command(
    String name, int fewest, int most, Function<String[], Object> action) {
  return Map.entry(name, new Command(fewest, most, action));
}

static Stream<String> keys(String[] words) {
  return Stream.of(words).skip(1);
}

Object setString(String[] words) {
  String condition = "";
  long expiresAt = NEVER;
  for (int i = 3; i < words.length; i++) {
    String option = words[i].toUpperCase(Locale.ROOT);
    if (List.of("NX", "XX").contains(option) && condition.isEmpty()) {
      condition = option;
    } else if (List.of("EX", "PX").contains(option) && expiresAt == NEVER && i + 1 < words.length) {
      long time = integer(words[++i]);
      expiresAt = time > 0 ? after(time, option.equals("EX") ? 1_000 : 1) : NEVER;
      if (expiresAt == NEVER) {
        throw new Refused("ERR invalid expire time in 'set' command");
      }
    } else {
      throw new Refused("ERR syntax error");
    }
  }
  var entry = new Entry(words[2], expiresAt);
  if (condition.isEmpty()) {
    data.put(words[1], entry);
    return OK;
  }
  boolean mustExist = condition.equals("XX");
  Entry now = data.compute(words[1], (_, old) -> (live(old) != null) == mustExist ? entry : old);
  return now == entry ? OK : null;
}

/** One after the other: others may see the first of them before the last. */
Object setStrings(String[] words) {
  if (words.length % 2 == 0) {
    throw wrongNumber(words);
  }
  for (int i = 1; i < words.length; i += 2) {
    data.put(words[i], new Entry(words[i + 1], NEVER));
  }
  return OK;
}

String stringOrNull(String key) {
  Entry entry = find(key);
  return entry != null && (entry.value instanceof String || entry.value instanceof Long)
      ? string(entry)
      : null;
}

Object add(String key, long difference) {
  Entry sum =
      data.compute(
          key,
          (_, old) -> {
            Entry entry = live(old);
            if (entry == null) {
              return new Entry(difference, NEVER);
            }
            long number = entry.value instanceof Long counted ? counted : integer(string(entry));
            try {
              return new Entry(Math.addExact(number, difference), entry.expiresAtMillis);
            } catch (ArithmeticException e) {
              throw new Refused("ERR increment or decrement would overflow");
            }
          });
  return sum.value;
}

boolean remove(String key) {
  return live(data.remove(key)) != null;
}

int expire(String key, long seconds) {
  // A time in the past is over at once.
  long expiresAt = after(seconds, 1_000);
  if (expiresAt == NEVER) {
    throw new Refused("ERR invalid expire time in 'expire' command");
  }
  Entry changed =
      data.computeIfPresent(key, (_, old) -> old.isLive() ? new Entry(old.value, expiresAt) : null);
  return changed == null ? 0 : 1;
}

/** In seconds; -1 for ever, -2 if there is no such key. */
long timeToLive(String key) {
  Entry entry = find(key);
  if (entry == null) {
    return -2;
  }
  boolean stays = entry.expiresAtMillis == NEVER;
  return stays ? -1 : (entry.expiresAtMillis - System.currentTimeMillis() + 500) / 1_000;
}

int push(String[] words, BiConsumer<ArrayDeque<String>, String> add) {
  return list(
      words[1],
      list -> {
        Stream.of(words).skip(2).forEach(item -> add.accept(list, item));
        return list.size();
      });
}

/** The items from one to another, both included; negative ones count from the end. */
List<String> range(String key, long first, long last) {
  return list(
      key,
      list -> {
        int size = list.size();
        long from = Math.max(0, first < 0 ? first + size : first);
        long to = Math.min(size - 1, last < 0 ? last + size : last);
        return list.stream().skip(from).limit(Math.max(0, to - from + 1)).toList();
      });
}

int setFields(String[] words) {
  if (words.length % 2 != 0) {
    throw wrongNumber(words);
  }
  return hash(
      words[1],
      hash -> {
        int before = hash.size();
        for (int i = 2; i < words.length; i += 2) {
          hash.put(words[i], words[i + 1]);
        }
        return hash.size() - before;
      });
}

static List<String> namesAndValues(Map<String, String> hash) {
  return hash.entrySet().stream().flatMap(f -> Stream.of(f.getKey(), f.getValue())).toList();
}

Object hello(String[] words) {
  if (words.length == 2 && !words[1].equals("2")) {
    throw new Refused("NOPROTO unsupported protocol version");
  }
  return List.of("server", "plainweave", "proto", 2);
}

Object select(long database) {
  if (database != 0) {
    throw new Refused("ERR DB index is out of range");
  }
  return OK;
}

Object client(String[] words) {
  return switch (words[1].toUpperCase(Locale.ROOT)) {
    case "SETNAME", "SETINFO" -> OK;
    default -> throw new Refused("ERR unknown subcommand '%.128s'".formatted(words[1]));
  };
}

Object config(String[] words) {
  if (!words[1].equalsIgnoreCase("GET")) {
    throw new Refused("ERR unknown subcommand '%.128s'".formatted(words[1]));
  }
  var settings = Map.of("save", "", "appendonly", "no"); // nothing outlives the process
  return Stream.of(words)
      .skip(2)
      .map(name -> name.toLowerCase(Locale.ROOT))
      .filter(settings::containsKey)
      .flatMap(name -> Stream.of(name, settings.get(name)))
      .toList();
}

// ---- What is refused

/** Ends a command that has changed nothing, and is its reply: the first word is its kind. */
static final class Refused extends RuntimeException {
  Refused(String error) {
    super(error, null, false, false); // no stack trace: this is the client's mistake
  }
}

static Refused wrongNumber(String[] words) {
  String name = words[0].toLowerCase(Locale.ROOT);
  return new Refused("ERR wrong number of arguments for '%s' command".formatted(name));
}

static Refused wrongType() {
  return new Refused("WRONGTYPE Operation against a key holding the wrong kind of value");
}

static long integer(String text) {
  try {
    long number = Long.parseLong(text);
    if (Long.toString(number).equals(text)) { // not 007 or +7
      return number;
    }
  } catch (NumberFormatException e) {
    // refused below
  }
  throw new Refused("ERR value is not an integer or out of range");
}

/** The time in so many units, in milliseconds; NEVER if no clock goes that far. */
static long after(long time, long unitMillis) {
  try {
    return Math.addExact(System.currentTimeMillis(), Math.multiplyExact(time, unitMillis));
  } catch (ArithmeticException e) {
    return NEVER;
  }
}
