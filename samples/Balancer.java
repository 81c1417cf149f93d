// Balancer: one port for several servers.   samples/run Balancer TARGETS ADMIN_SOCKET [PORT | ...]
//
// TARGETS is HOST:PORT,HOST:PORT,...; one with +proxy behind it gets a PROXY header, which says who
// the client is. A client goes to the target with the fewest connections; if that does not answer,
// to the next one, as long as nothing was sent. Each target is tried once a second, and out until
// it answers again. The admin socket takes lines, also while the balancer drains:
//
//   echo list | socat - UNIX-CONNECT:balancer.sock
//   echo 'drain 127.0.0.1:8081' | socat - UNIX-CONNECT:balancer.sock
//   echo 'resume 127.0.0.1:8081' | socat - UNIX-CONNECT:balancer.sock
//   curl -sS http://127.0.0.1:7100/
import io.plainweave.*;
import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.net.ConnectException;

static final Duration CONNECT = Duration.ofSeconds(2);
static final Duration CHECK = Duration.ofSeconds(1);
static final int MISSED = 2; // checks, until a target is out

List<Target> targets = List.of(); // set before the first connection

void main(String... args) {
  Server.serve(args, List.of("TARGETS", "ADMIN_SOCKET"), Listen.tcp(7100), this::balancer);
}

ServerBuilder balancer(List<String> arguments, Listen listen) {
  targets = Stream.of(arguments.get(0).split(",")).map(Target::of).toList();
  Listen admin = Listen.unix(Path.of(arguments.get(1))).admin(true);
  ServerBuilder builder =
      Server.builder()
          .listen(listen, this::balance)
          .listen(admin, this::command)
          .timeLimits(TimeLimits.DEFAULT.firstByte(Duration.ZERO).idle(Duration.ofHours(1)));
  for (Target target : targets) {
    builder.background("check of " + target.name, () -> check(target));
  }
  return builder;
}

/** A server behind this one, used by many threads. */
static final class Target {
  final String name;
  final Connector connector;
  final boolean wantsHeader;
  final AtomicInteger connections = new AtomicInteger();
  final AtomicLong served = new AtomicLong();
  volatile int missed; // checks in a row, counted by its own task
  volatile boolean drained; // set by the admin

  Target(String name, boolean wantsHeader) {
    this.name = name;
    this.connector = Connector.parse(name).connectTimeout(CONNECT);
    this.wantsHeader = wantsHeader;
  }

  static Target of(String text) {
    return new Target(text.replace("+proxy", ""), text.endsWith("+proxy"));
  }

  boolean takesMore() {
    return !drained && missed < MISSED;
  }

  /** Connects for a client. Its connection counts from here on, so that others see it at once. */
  Connection connect(Connection client) throws IOException, InterruptedException {
    connections.incrementAndGet();
    boolean connected = false;
    try {
      Connection connection =
          (wantsHeader ? connector.proxyHeader(Relay.headerFor(client)) : connector).connect();
      connected = true;
      served.incrementAndGet();
      return connection;
    } finally {
      if (!connected) {
        connections.decrementAndGet();
      }
    }
  }

  @Override
  public String toString() {
    String state = drained ? "drained" : missed < MISSED ? "up" : "down";
    return "%s %s, %d open, %d served".formatted(name, state, connections.get(), served.get());
  }
}

// ---- Clients

void balance(Connection client) throws Exception {
  List<Target> fewest =
      targets.stream()
          .filter(Target::takesMore)
          .sorted(Comparator.comparingInt(target -> target.connections.get()))
          .toList();
  for (Target target : fewest) {
    Connection connection;
    try {
      connection = target.connect(client);
    } catch (ConnectException e) {
      continue; // nothing was sent: the next one may serve it
    }
    try (connection) {
      Relay.between(client, connection);
    } finally {
      target.connections.decrementAndGet();
    }
    return;
  }
  client.abort("no target takes it");
}

/** Whether a target answers, again and again until the server ends. */
void check(Target target) throws InterruptedException {
  while (true) {
    try (Connection _ = target.connector.connect()) {
      target.missed = 0;
    } catch (IOException e) {
      target.missed++;
    }
    Thread.sleep(CHECK);
  }
}

// ---- The admin

void command(Connection connection) throws IOException {
  var lines = Lines.of(connection, 1_000);
  for (String line; (line = lines.read()) != null; ) {
    String[] words = line.strip().split(" ");
    boolean isForOne = words[0].equals("drain") || words[0].equals("resume");
    if (line.strip().equals("list")) {
      for (Target target : targets) {
        lines.write(target.toString());
      }
    } else if (isForOne && words.length == 2 && find(words[1]) instanceof Target target) {
      target.drained = words[0].equals("drain");
      lines.write(target.toString());
    } else {
      lines.write("list, drain TARGET or resume TARGET");
    }
  }
}

Target find(String name) {
  return targets.stream().filter(target -> target.name.equals(name)).findFirst().orElse(null);
}
