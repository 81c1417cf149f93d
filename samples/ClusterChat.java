// ClusterChat: Chat on several machines.   samples/run ClusterChat NODE REDIS [PORT | HOST:PORT]
//
// NODE is the name of this node, REDIS the HOST:PORT of a redis-server, which joins the nodes:
//
//   redis-server --port 6379 --save ''
//   samples/run ClusterChat a 127.0.0.1:6379 7011
//   samples/run ClusterChat b 127.0.0.1:6379 7012
//   printf 'Ann lobby\nhello\n/quit\n' | nc 127.0.0.1 7011
//
// What a client says goes to those of its own node at once, and to the other nodes by pub/sub of
// Redis, which may be slow or away: nobody waits for it. What is too much to wait for it is lost,
// and so is what Redis loses; the log says how much. A node that dies takes its own clients along.
import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.*;
import io.plainweave.framing.Lines;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.server.Shield;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.exceptions.JedisException;

static final String CHANNEL = "plainweave-chat";
static final int MOST_QUEUED = 1_000; // messages that wait for Redis
static final int BEAT = 2_000; // in ms: who has nothing to say to Redis says so
static final int SILENCE = 10_000; // after which not even the own beat comes any more
static final int ANSWER = 2_000; // of Redis
static final int LAST_ANSWER = 500; // when this node ends, which it does in a second
static final int LONGEST_PAUSE = 2_000; // before it connects again

final Logger log = LoggerFactory.getLogger("ClusterChat");
String node; // these three are set before the first connection
String id; // of this process: a node that starts again is another one
HostAndPort redis;

void main(String... args) {
  var patient = TimeLimits.DEFAULT.firstByte(Duration.ofMinutes(1)).idle(Duration.ofHours(1));
  Listen listen = Listen.tcp(7011).timeLimits(patient);
  Server.serve(args, List.of("NODE", "REDIS"), listen, this::node);
}

ServerBuilder node(List<String> arguments, Listen listen) {
  node = arguments.get(0);
  id = node + "-" + UUID.randomUUID();
  if (!arguments.get(1).matches("\\S+:\\d{1,5}")) {
    throw new IllegalArgumentException("not HOST:PORT: " + arguments.get(1));
  }
  redis = HostAndPort.from(arguments.get(1));
  return Server.builder()
      .listen(listen, this::chat)
      .background("to Redis", this::publishToTheEnd)
      .background("from Redis", () -> keepConnected("from", this::subscribe));
}

// ---- The clients of this node

void chat(Connection connection) throws Exception {
  var lines = Lines.of(connection, 1_000); // in bytes: a longer line ends the connection
  // Nobody waits for a client that does not read: one that is 1,000 lines behind is disconnected.
  var outbox = new Outbox(connection, 1_000, Outbox.Policy.DISCONNECT);
  String[] words;
  do {
    lines.write("Your name and a room, please (letters, digits, - and _):");
    String line = lines.read();
    if (line == null) {
      return;
    }
    words = line.matches("[\\p{L}\\p{N}_-]{1,20} [\\p{L}\\p{N}_-]{1,20}") ? line.split(" ") : null;
  } while (words == null || !enter(words[1], words[0], outbox));
  String room = words[1];
  String who = words[0] + "@" + node; // there may be one at each

  try (var client = connection.openScope()) {
    client.fork("outbox", outbox);
    try (outbox) { // closed, it leaves the room and sends the rest
      tellAll(room, "* " + who + " has joined");
      for (String line; (line = lines.read()) != null && !line.equals("/quit"); ) {
        tellAll(room, who + ": " + line);
      }
    } finally {
      forgetIfEmpty(room);
      tellAll(room, "* " + who + " has left");
    }
    client.join();
  }
}

final ConcurrentHashMap<String, Group> rooms = new ConcurrentHashMap<>(); // with members here

// Locks, not monitors: before 25.0.4 a JDK may lose who waits for one (JDK-8373120).
final ReentrantLock comingAndGoing = new ReentrantLock();

boolean enter(String room, String name, Outbox outbox) {
  comingAndGoing.lock();
  try {
    return rooms.computeIfAbsent(room, _ -> new Group()).join(name, outbox);
  } finally {
    comingAndGoing.unlock();
  }
}

/** Forgets a room if the last has left it, which a closed outbox does by itself. */
void forgetIfEmpty(String room) {
  comingAndGoing.lock();
  try {
    rooms.computeIfPresent(room, (_, members) -> members.size() == 0 ? null : members);
  } finally {
    comingAndGoing.unlock();
  }
}

void tellAll(String room, String text) throws InterruptedException {
  // Not the control characters, which could do anything to the terminals of the others.
  String line = text.replaceAll("\\p{IsControl}", " ");
  tellHere(room, line);
  enqueue(room, line);
}

void tellHere(String room, String line) throws InterruptedException {
  Group members = rooms.get(room);
  if (members != null) {
    members.broadcast((line + "\n").getBytes(UTF_8));
  }
}

// ---- To the other nodes

final BlockingQueue<String> queue = new ArrayBlockingQueue<>(MOST_QUEUED);
final List<String> unsent = new ArrayList<>(); // out of the queue, and Redis may not have it
final AtomicInteger lost = new AtomicInteger();
final ReentrantLock numbers = new ReentrantLock(); // in the queue they are in order
long number; // of the last message; guarded by that lock

/** Queues a message for the other nodes; if there is no place, the oldest is lost. */
void enqueue(String room, String line) {
  numbers.lock();
  try {
    String message = String.join("\t", id, Long.toString(++number), room, line);
    while (!queue.offer(message)) {
      lost.addAndGet(queue.poll() == null ? 0 : 1);
    }
  } finally {
    numbers.unlock();
  }
}

void publish(Jedis jedis) throws InterruptedException {
  while (true) {
    publishUnsent(jedis);
    if (queue.isEmpty() && lost.get() > 0) {
      log.warn("{} messages for the other nodes were lost", lost.getAndSet(0));
    }
    String first = queue.poll(BEAT, TimeUnit.MILLISECONDS);
    unsent.add(first == null ? id : first);
    queue.drainTo(unsent, 100);
  }
}

void publishUnsent(Jedis jedis) {
  Pipeline pipeline = jedis.pipelined(); // one round trip for all of them
  unsent.forEach(message -> pipeline.publish(CHANNEL, message));
  for (Object reply : pipeline.syncAndReturnAll()) {
    if (reply instanceof JedisException refusal) {
      throw refusal;
    }
  }
  unsent.clear(); // If it fails before that, they are sent again, which their numbers show.
}

/** Publishes until the server has ended, and then what its last clients have said. */
void publishToTheEnd() throws Exception {
  try {
    keepConnected("to", this::publish);
  } finally {
    queue.drainTo(unsent);
    Shield.call(() -> { // from the interrupt, which has ended the connection
      try (Jedis jedis = connect(LAST_ANSWER)) {
        publishUnsent(jedis);
      } catch (JedisException e) {
        log.warn("{} messages for the other nodes are lost", lost.get() + unsent.size());
      }
      return null;
    });
  }
}

// ---- From the other nodes

static final Pattern MESSAGE = Pattern.compile("([^\t]+)\t(\\d{1,18})\t([^\t]+)\t(.*)");

/** Of each process by its id; only the task that subscribes touches it. */
final Map<String, Long> lastNumbers = new HashMap<>();

void subscribe(Jedis jedis) {
  var subscription =
      new JedisPubSub() {
        @Override
        public void onMessage(String channel, String message) {
          Matcher parts = MESSAGE.matcher(message);
          if (parts.matches() && !parts.group(1).equals(id)) {
            hear(parts.group(1), Long.parseLong(parts.group(2)), parts.group(3), parts.group(4));
          }
        }
      };
  jedis.subscribe(subscription, CHANNEL);
}

void hear(String from, long newNumber, String room, String line) {
  long last = lastNumbers.getOrDefault(from, newNumber - 1);
  if (newNumber <= last) {
    return; // It was sent again.
  }
  lastNumbers.put(from, newNumber);
  if (newNumber > last + 1) {
    log.warn("{} messages of the node {} were lost", newNumber - last - 1, from);
  }
  try {
    tellHere(room, line);
  } catch (InterruptedException e) {
    Thread.currentThread().interrupt(); // ends the task when it reads
  }
}

// ---- Redis

/** What is done with a connection; it returns by an exception only. */
interface Work {
  void with(Jedis jedis) throws InterruptedException;
}

Jedis connect(int answer) {
  var config = DefaultJedisClientConfig.builder().timeoutMillis(answer);
  return new Jedis(redis, config.blockingSocketTimeoutMillis(SILENCE).build());
}

/** Works with a connection, and with another one when it fails, until it is interrupted. */
void keepConnected(String direction, Work work) throws InterruptedException {
  boolean told = false;
  for (int pause = 100; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    long began = System.nanoTime();
    try (Jedis jedis = connect(ANSWER)) {
      log.info("connected {} Redis at {}", direction, redis);
      work.with(jedis);
    } catch (JedisException e) {
      if (System.nanoTime() - began > TimeUnit.MILLISECONDS.toNanos(SILENCE)) { // so it has worked
        pause = 100;
        told = false;
      }
      if (!told) {
        log.warn("no connection {} Redis at {}: {}", direction, redis, e.getMessage());
        told = true;
      }
    }
    // By chance, so that not all nodes come back in one moment.
    Thread.sleep(ThreadLocalRandom.current().nextInt(pause) + 1);
  }
}
