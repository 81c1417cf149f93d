// Game: positions by UDP, login and chat by TCP.   samples/run Game [PORT | HOST:PORT]
//
// Ann logs in and chats; then she says by UDP where she is, and sees who is near:
//
//   (echo Ann; sleep 5; echo hello; echo /quit) | nc 127.0.0.1 7020 >ann &
//   sed -n 's/^token //p' ann >token
//   echo 'read t <token; echo $t 0 1 10 20; read _ e; echo $t $e 2 10 20; cat >&2' >moves
//   socat -T 1 UDP:127.0.0.1:7020 SYSTEM:'sh moves' 2>&1
//
// A datagram of a client is "TOKEN ECHO NUMBER X Y". The token comes by TCP, and says who it is; a
// datagram without one gets no answer. The echo is what the server has sent to the address by UDP:
// whoever forges the address cannot know it, and gets no more than that. By the number an old
// position is told from a new one. Then, 20 times a second, a datagram comes: "tick TICK", and a
// line "NAME X Y NUMBER" for each player who is near, the nearest first, in 1,200 bytes at most.
// Who leaves, or is silent by UDP for two seconds, is not there any more.
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.*;
import io.plainweave.admission.Rate;
import io.plainweave.framing.Lines;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;
import io.plainweave.server.Server;
import io.plainweave.udp.DatagramSession;
import io.plainweave.udp.Udp;
import java.security.SecureRandom;

static final int NEAR = 100;
static final int MOST_BYTES = 1_200; // what every network carries in one piece
static final long TICK = Duration.ofMillis(50).toNanos();
static final long SILENCE = Duration.ofSeconds(2).toNanos();
static final SecureRandom RANDOM = new SecureRandom();

void main(String... args) {
  var patient = TimeLimits.DEFAULT.firstByte(Duration.ofMinutes(1)).idle(Duration.ofHours(1));
  Server.serve(
      args,
      Listen.tcp(7020).timeLimits(patient),
      Server.builder()
          .sessions(Udp.besideTcp().sessionRate(Rate.perSecond(60)), this::hear)
          .background("ticks", this::tick)
          .handler(this::play));
}

final Group chat = new Group();
final ConcurrentHashMap<String, Player> players = new ConcurrentHashMap<>(); // by their tokens

static String random(int bytes) {
  byte[] random = new byte[bytes];
  RANDOM.nextBytes(random);
  return HexFormat.of().formatHex(random);
}

static final class Player {
  final String name;

  /** Replaced by the threads of sessions; null before the first. */
  private final AtomicReference<Position> position = new AtomicReference<>();

  Player(String name) {
    this.name = name;
  }

  void move(DatagramSession session, int number, int x, int y) {
    var next = new Position(name, session, number, x, y, System.nanoTime());
    position.updateAndGet(old -> old == null || number > old.number ? next : old);
  }

  void leave() {
    Position last = position.get();
    if (last != null) {
      last.session.close();
    }
  }
}

/** Where a player is, and by which session that was said. */
record Position(String name, DatagramSession session, int number, int x, int y, long since) {
  boolean isSilent() {
    return System.nanoTime() - since > SILENCE;
  }

  int distance(Position other) {
    return Math.max(Math.abs(x - other.x), Math.abs(y - other.y));
  }

  @Override
  public String toString() {
    return name + " " + x + " " + y + " " + number + "\n";
  }
}

// ---- TCP

void play(Connection connection) throws Exception {
  var lines = Lines.of(connection, 1_000); // in bytes: a longer line ends the connection
  // Nobody waits for a client that does not read: one that is 1,000 lines behind is disconnected.
  var outbox = new Outbox(connection, 1_000, Outbox.Policy.DISCONNECT);
  String token = random(16);
  String name;
  do {
    lines.write("Your name, please (letters, digits and _):");
    name = lines.read();
    if (name == null) {
      return;
    }
  } while (!name.matches("\\w{1,20}") || !chat.join(name, outbox, () -> line("token " + token)));

  var player = new Player(name);
  try (var client = connection.openScope()) {
    players.put(token, player);
    client.fork("outbox", outbox);
    try (outbox) { // closed, it sends the rest
      tellAll("* " + name + " has joined");
      for (String line; (line = lines.read()) != null && !line.equals("/quit"); ) {
        tellAll(name + ": " + line);
      }
      chat.leave(name, outbox);
      if (connection.isDraining()) {
        outbox.offer(line("* the game is over"));
      }
    } finally {
      players.remove(token);
      player.leave();
      tellAll("* " + name + " has left");
    }
    client.join();
  }
}

void tellAll(String text) throws InterruptedException {
  // Not the control characters, which could do anything to the terminals of the others.
  chat.broadcast(line(text.replaceAll("\\p{IsControl}", " ")));
}

static byte[] line(String text) {
  return (text + "\n").getBytes(UTF_8);
}

// ---- UDP

static final Pattern MOVE =
    Pattern.compile("(\\w{32}) (\\w{1,16}) (\\d{1,9}) (\\d{1,4}) (\\d{1,4})\n?");

void hear(DatagramSession session) throws InterruptedException {
  String echo = random(8);
  for (byte[] datagram; (datagram = session.receive()) != null; ) {
    Matcher move = MOVE.matcher(new String(datagram, US_ASCII));
    Player player = move.matches() ? players.get(move.group(1)) : null;
    if (player == null) {
      return; // without an answer
    }
    if (move.group(2).equals(echo)) {
      session.validate(); // or the ticks would be more than a forged address may get
      int number = Integer.parseInt(move.group(3));
      player.move(
          session, number, Integer.parseInt(move.group(4)), Integer.parseInt(move.group(5)));
    } else {
      session.send(line("echo " + echo));
    }
  }
}

// ---- The ticks

/** Runs until the last player has left in the drain, and the server interrupts it. */
void tick() throws InterruptedException {
  long next = System.nanoTime();
  for (int tick = 1; ; tick++) {
    List<Position> there =
        players.values().stream()
            .map(player -> player.position.get())
            .filter(position -> position != null && !position.isSilent())
            .toList();
    for (Position player : there) {
      player.session.send(snapshot(tick, player, there));
    }
    long now = System.nanoTime();
    next = Math.max(next + TICK, now); // a tick that is late delays the next one, no more
    Thread.sleep(Duration.ofNanos(next - now));
  }
}

byte[] snapshot(int tick, Position player, List<Position> there) {
  List<Position> near =
      there.stream()
          .filter(other -> player.distance(other) <= NEAR)
          .sorted(Comparator.comparingInt(player::distance))
          .toList();
  var snapshot = new StringBuilder("tick " + tick + "\n");
  for (Position other : near) {
    String line = other.toString();
    if (snapshot.length() + line.length() > MOST_BYTES) {
      break;
    }
    snapshot.append(line);
  }
  return snapshot.toString().getBytes(US_ASCII);
}
