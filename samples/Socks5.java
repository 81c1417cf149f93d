// Socks5: the way to other servers (RFC 1928, 1929).   samples/run Socks5 RULES [PORT | ...]
//
// A line of the file RULES is "user NAME PASSWORD", "allow HOST" or "deny HOST", where a host is a
// network, a name, or *. The first that fits holds; what fits none is denied. Without a user,
// nobody needs a password.
//
//   printf 'user alice secret\nallow 127.0.0.0/8\nallow localhost\n' >rules
//
//   curl -sS --socks5 alice:secret@127.0.0.1:1080 http://127.0.0.1:8080/
//   curl -sS --socks5-hostname alice:secret@127.0.0.1:1080 http://localhost:8080/
import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.*;
import io.plainweave.admission.Network;
import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.framing.MessageReader;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.MessageDigest;

/** Where clients may go; the network is null for a name. */
record Rule(boolean allows, String host, Network network) {}

/** What is answered to a request, as section 6 numbers it. */
enum Reply {
  SUCCEEDED,
  FAILED,
  NOT_ALLOWED,
  NETWORK_UNREACHABLE,
  HOST_UNREACHABLE,
  REFUSED,
  EXPIRED,
  NO_COMMAND,
  NO_ADDRESS_TYPE
}

static final int CONNECT = 1;
static final int IPV4 = 1;
static final int NAME = 3;
static final int IPV6 = 4;
static final int WITHOUT_PASSWORD = 0;
static final int WITH_PASSWORD = 2;
static final int NO_METHOD = 0xff;
static final InetSocketAddress UNKNOWN = new InetSocketAddress("0.0.0.0", 0);

final Map<String, String> users = new HashMap<>();
final List<Rule> rules = new ArrayList<>();

void main(String... args) {
  Server.serve(args, List.of("RULES"), Listen.tcp(1080), this::server);
}

ServerBuilder server(List<String> arguments, Listen listen) throws IOException {
  for (String line : Files.readAllLines(Path.of(arguments.getFirst()))) {
    String[] words = line.strip().split("\\s+");
    boolean isRule = words[0].equals("allow") || words[0].equals("deny");
    if (isRule && words.length == 2) {
      rules.add(rule(words[0], words[1]));
    } else if (words[0].equals("user") && words.length == 3) {
      users.put(words[1], words[2]);
    } else if (!line.isBlank()) {
      throw new IllegalArgumentException("this is no rule: " + line);
    }
  }
  return Server.builder()
      .listen(listen)
      .timeLimits(TimeLimits.DEFAULT.idle(Duration.ofHours(1)))
      .handler(this::serve);
}

static Rule rule(String word, String host) {
  boolean isNetwork = host.matches("[0-9.]+(/\\d+)?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(/\\d+)?");
  return new Rule(word.equals("allow"), host, isNetwork ? Network.parse(host) : null);
}

void serve(Connection connection) throws Exception {
  var in = MessageReader.of(connection);
  OutputStream out = connection.output();
  connection.awaitMessage();
  if (!authenticates(in, out)) {
    return;
  }
  expect(5, in.readByte());
  int command = in.readByte();
  in.skip(1); // reserved
  String host = readHost(in);
  int port = in.readUnsignedShort();
  if (host == null || command != CONNECT) {
    reply(out, host == null ? Reply.NO_ADDRESS_TYPE : Reply.NO_COMMAND, UNKNOWN);
  } else if (!isAllowed(host)) {
    reply(out, Reply.NOT_ALLOWED, UNKNOWN);
  } else if (host.isBlank() || port == 0) {
    reply(out, Reply.FAILED, UNKNOWN);
  } else {
    connect(connection, host, port);
  }
}

void connect(Connection connection, String host, int port) throws Exception {
  OutputStream out = connection.output();
  try (Connection target = Connector.tcp(host, port).connect()) {
    var remote = (InetSocketAddress) target.remoteAddress();
    // What a name stands for is known only now: its own rule must not open a network that is shut.
    if (isDenied(remote.getAddress())) {
      reply(out, Reply.NOT_ALLOWED, UNKNOWN);
      return;
    }
    reply(out, Reply.SUCCEEDED, (InetSocketAddress) target.localAddress());
    connection.endMessage();
    Relay.between(connection, target);
  } catch (ConnectException e) {
    reply(out, why(e.getCause()), UNKNOWN);
  }
}

static Reply why(Throwable failure) {
  return switch (failure) {
    case UnknownHostException _, NoRouteToHostException _ -> Reply.HOST_UNREACHABLE;
    case SocketTimeoutException _ -> Reply.HOST_UNREACHABLE;
    case ConnectException _ -> Reply.REFUSED;
    case null, default -> Reply.FAILED;
  };
}

boolean authenticates(MessageReader in, OutputStream out) throws IOException {
  expect(5, in.readByte());
  byte[] methods = in.readBytes(in.readByte());
  int method = users.isEmpty() ? WITHOUT_PASSWORD : WITH_PASSWORD;
  if (new String(methods, UTF_8).indexOf(method) < 0) {
    out.write(new byte[] {5, (byte) NO_METHOD});
    return false;
  }
  out.write(new byte[] {5, (byte) method});
  if (method == WITHOUT_PASSWORD) {
    return true;
  }
  expect(1, in.readByte());
  String name = new String(in.readBytes(in.readByte()), UTF_8);
  byte[] password = in.readBytes(in.readByte());
  String right = users.get(name);
  boolean isRight = right != null && MessageDigest.isEqual(right.getBytes(UTF_8), password);
  out.write(new byte[] {1, (byte) (isRight ? 0 : 1)});
  return isRight;
}

static void expect(int version, int received) throws IOException {
  if (received != version) {
    throw new MalformedMessageException("version " + received + " where " + version + " is due");
  }
}

/** Reads an address or a name; null if it is of another type. */
static String readHost(MessageReader in) throws IOException {
  return switch (in.readByte()) {
    case IPV4 -> InetAddress.getByAddress(in.readBytes(4)).getHostAddress();
    case IPV6 -> InetAddress.getByAddress(in.readBytes(16)).getHostAddress();
    case NAME -> new String(in.readBytes(in.readByte()), UTF_8);
    default -> null;
  };
}

/** Whether the first rule that fits this host allows it. */
boolean isAllowed(String host) {
  for (Rule rule : rules) {
    if (rule.network == null ? List.of("*", host).contains(rule.host) : isIn(rule.network, host)) {
      return rule.allows;
    }
  }
  return false;
}

static boolean isIn(Network network, String host) {
  try {
    return network.contains(InetAddress.ofLiteral(host));
  } catch (IllegalArgumentException e) {
    return false; // a name
  }
}

/** Whether the first rule with a network that has this address denies it. */
boolean isDenied(InetAddress address) {
  for (Rule rule : rules) {
    if (rule.network != null && rule.network.contains(address)) {
      return !rule.allows;
    }
  }
  return false;
}

static void reply(OutputStream out, Reply reply, InetSocketAddress bound) throws IOException {
  byte[] address = bound.getAddress().getAddress();
  out.write(new byte[] {5, (byte) reply.ordinal(), 0, (byte) (address.length == 4 ? IPV4 : IPV6)});
  out.write(address);
  out.write(bound.getPort() >> 8);
  out.write(bound.getPort());
}
