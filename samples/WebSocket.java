// WebSocket: a chat in the browser (RFC 6455).   samples/run WebSocket [PORT | HOST:PORT]
//
// Open http://127.0.0.1:8081/ in two windows. /echo sends each message back instead. In a drain the
// code of the close is 1001.
//
//   curl -sS http://127.0.0.1:8081/ | grep title
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.*;
import io.plainweave.framing.Lines;
import io.plainweave.framing.MessageReader;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;
import io.plainweave.server.Server;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.security.MessageDigest;
import java.util.function.Consumer;

static final int LONGEST_LINE = 8 * 1024;
static final int MOST_FIELDS = 100;
static final int LONGEST_MESSAGE = 1024 * 1024;

// Opcodes (section 5.2)
static final int CONTINUATION = 0;
static final int TEXT = 1;
static final int BINARY = 2;
static final int CLOSE = 8;
static final int PING = 9;
static final int PONG = 10;

// Codes of a close (section 7.4.1)
static final int NORMAL = 1000;
static final int GOING_AWAY = 1001;
static final int PROTOCOL_ERROR = 1002;
static final int NO_CODE = 1005; // is never sent
static final int NOT_UTF8 = 1007;
static final int TOO_BIG = 1009;

/** A peer answers each ping (section 5.5.2), so that one that is not heard is gone. */
static final Duration PING_INTERVAL = Duration.ofSeconds(30);

final Group room = new Group();

void main(String... args) {
  var patient = TimeLimits.DEFAULT.silence(PING_INTERVAL.multipliedBy(3));
  Server.serve(args, Listen.tcp(8081).timeLimits(patient), this::serve);
}

// ---- The handshake, which is HTTP (section 4.2)

void serve(Connection connection) throws Exception {
  if (!connection.awaitMessage()) {
    return;
  }
  var lines = Lines.crlf(connection, LONGEST_LINE);
  String[] request = line(lines).split(" ", -1);
  var fields = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
  for (String line; !(line = line(lines)).isEmpty(); ) {
    int colon = line.indexOf(':');
    if (colon < 1 || fields.size() == MOST_FIELDS) {
      respond(connection, "400 Bad Request", "text/plain", "this is no request\n");
      return;
    }
    fields.merge(
        line.substring(0, colon), line.substring(colon + 1).strip(), (a, b) -> a + "," + b);
  }
  if (request.length != 3 || !request[0].equals("GET") || !request[2].equals("HTTP/1.1")) {
    respond(connection, "400 Bad Request", "text/plain", "this is no GET\n");
  } else if (!has(fields, "Upgrade", "websocket") || !has(fields, "Connection", "upgrade")) {
    respond(connection, "200 OK", "text/html; charset=utf-8", PAGE);
  } else if (!fields.getOrDefault("Sec-WebSocket-Version", "").equals("13")) {
    respond(connection, "426 Upgrade Required\r\nSec-WebSocket-Version: 13", "text/plain", "13\n");
  } else if (!fields.getOrDefault("Sec-WebSocket-Key", "").matches("[A-Za-z0-9+/]{22}==")) {
    respond(connection, "400 Bad Request", "text/plain", "no key\n");
  } else {
    upgrade(connection, request[1], fields.get("Sec-WebSocket-Key"));
  }
}

static String line(Lines lines) throws IOException {
  String line = lines.read();
  if (line == null) {
    throw new TruncatedMessageException("the request ends in the middle");
  }
  return line;
}

static boolean has(Map<String, String> fields, String name, String option) {
  return List.of(fields.getOrDefault(name, "").toLowerCase(Locale.ROOT).split("[ \\t]*,[ \\t]*"))
      .contains(option);
}

static void respond(Connection connection, String status, String type, String body)
    throws IOException {
  byte[] bytes = body.getBytes(UTF_8);
  String head =
      "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n";
  connection.output().write(head.formatted(status, type, bytes.length).getBytes(ISO_8859_1));
  connection.output().write(bytes);
}

void upgrade(Connection connection, String target, String key) throws Exception {
  String head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Accept: %s\r\n\r\n";
  var sha1 = MessageDigest.getInstance("SHA-1");
  byte[] digest = sha1.digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(ISO_8859_1));
  String accept = Base64.getEncoder().encodeToString(digest);
  connection.output().write(head.formatted(accept).getBytes(ISO_8859_1));
  connection.output().flush();
  connection.endMessage();

  var socket = new WebSocket(connection);
  try (var scope = connection.openScope()) {
    scope.fork("outbox", socket.outbox);
    try (socket.outbox) {
      if (target.startsWith("/echo")) {
        socket.receive(message -> socket.send(message.opcode, message.bytes));
      } else {
        chat(socket, target);
      }
    }
    scope.join();
  }
}

void chat(WebSocket socket, String target) throws Exception {
  String encoded = target.replaceFirst(".*[?&]name=([^&]*).*|.*", "$1");
  boolean isEncoded = !encoded.replaceAll("%[0-9A-Fa-f]{2}", "").contains("%");
  String wanted = isEncoded ? URLDecoder.decode(encoded, UTF_8) : "";
  String name = wanted.matches("[\\p{L}\\p{N}_-]{1,20}") ? wanted : "guest";
  while (!room.join(name, socket.outbox)) {
    name += "'";
  }
  String from = name;
  try {
    tellAll("* " + from + " has joined");
    socket.receive(message -> tellAll(from + ": " + new String(message.bytes, UTF_8)));
  } finally {
    tellAll("* " + from + " has left");
  }
}

void tellAll(String text) {
  try {
    room.broadcast(frame(TEXT, text.getBytes(UTF_8)));
  } catch (InterruptedException e) {
    Thread.currentThread().interrupt();
  }
}

// ---- Frames (section 5)

/** A whole message of the peer, whose text is UTF-8. */
record Message(int opcode, byte[] bytes) {}

/** What the peer has done wrong, by the code for its close. */
static final class Violation extends IOException {
  final int code;

  Violation(int code, String why) {
    super(why);
    this.code = code;
  }
}

/** A frame as a server sends it: whole, without a mask. */
static byte[] frame(int opcode, byte[] bytes) {
  int n = bytes.length;
  var frame =
      ByteBuffer.allocate(n + (n < 126 ? 2 : n < 65_536 ? 4 : 10)).put((byte) (0x80 | opcode));
  if (n < 126) {
    frame.put((byte) n);
  } else if (n < 65_536) {
    frame.put((byte) 126).putShort((short) n);
  } else {
    frame.put((byte) 127).putLong(n);
  }
  return frame.put(bytes).array();
}

static final class WebSocket {
  final Connection connection;
  final Outbox outbox;
  private final MessageReader in;
  private boolean closed; // by the thread that receives, be it at the peer's wish

  WebSocket(Connection connection) {
    this.connection = connection;
    this.in = MessageReader.of(connection);
    // Who is 1,000 messages behind is disconnected.
    this.outbox = new Outbox(connection, 1_000, Outbox.Policy.DISCONNECT);
    outbox.heartbeat(PING_INTERVAL, frame(PING, new byte[0]));
  }

  void send(int opcode, byte[] bytes) {
    try {
      outbox.offer(frame(opcode, bytes));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Says why it ends; nothing is sent behind that. */
  private void close(int code, String why) {
    byte[] reason = why.getBytes(UTF_8);
    var payload = ByteBuffer.allocate(2 + reason.length).putShort((short) code).put(reason);
    send(CLOSE, code == NO_CODE ? new byte[0] : payload.array());
    outbox.close();
    closed = true;
  }

  /** Passes on each message until one of the two sides closes. */
  void receive(Consumer<Message> handler) throws IOException {
    try {
      while (!closed && connection.awaitMessage()) {
        Message message = readMessage();
        connection.endMessage();
        if (message != null) {
          handler.accept(message);
        }
      }
      if (!closed && connection.isDraining()) {
        close(GOING_AWAY, "the server ends");
      }
    } catch (Violation e) {
      close(e.code, e.getMessage());
    }
  }

  /**
   * Reads a message with the control frames that come within it; or a control frame by itself,
   * which is nobody else's business: null.
   */
  private Message readMessage() throws IOException {
    int opcode = CONTINUATION;
    var bytes = new ByteArrayOutputStream();
    while (true) {
      int first = in.readByte();
      int kind = first & 0xf;
      byte[] payload = readPayload(first, LONGEST_MESSAGE - bytes.size());
      switch (kind) {
        case PING -> send(PONG, payload);
        case PONG -> {} // nobody has asked
        case CLOSE -> close(closeCode(payload), "");
        default -> {
          if ((kind == CONTINUATION) == (opcode == CONTINUATION)) {
            throw new Violation(PROTOCOL_ERROR, "a part of nothing, or none where one is due");
          }
          opcode = Math.max(opcode, kind);
          bytes.write(payload);
          if ((first & 0x80) != 0) {
            return checked(new Message(opcode, bytes.toByteArray()));
          }
        }
      }
      if (closed || opcode == CONTINUATION) {
        return null;
      }
    }
  }

  /** Reads a frame behind its first byte. */
  private byte[] readPayload(int first, int room) throws IOException {
    int kind = first & 0xf;
    boolean isControl = kind >= CLOSE;
    if ((first & 0x70) != 0 || (kind > BINARY && kind < CLOSE) || kind > PONG) {
      throw new Violation(PROTOCOL_ERROR, "an opcode or a bit without a meaning");
    }
    int second = in.readByte();
    long length = second & 0x7f;
    if ((second & 0x80) == 0) {
      throw new Violation(PROTOCOL_ERROR, "a frame without a mask");
    }
    if (isControl && (length > 125 || (first & 0x80) == 0)) {
      throw new Violation(PROTOCOL_ERROR, "a control frame that is long or in parts");
    }
    if (length > 125) {
      boolean isShort = length == 126;
      length = isShort ? in.readUnsignedShort() : in.readLong();
      if (length < (isShort ? 126 : 65_536)) { // or its first bit is set
        throw new Violation(PROTOCOL_ERROR, "a length in the wrong form");
      }
    }
    if (!isControl && length > room) {
      throw new Violation(TOO_BIG, "at most " + LONGEST_MESSAGE + " bytes");
    }
    byte[] mask = in.readBytes(4);
    byte[] payload = in.readBytes((int) length);
    for (int i = 0; i < payload.length; i++) {
      payload[i] ^= mask[i & 3];
    }
    return payload;
  }

  private static Message checked(Message message) throws Violation {
    if (message.opcode == TEXT) {
      ensureUtf8(ByteBuffer.wrap(message.bytes));
    }
    return message;
  }

  private static void ensureUtf8(ByteBuffer bytes) throws Violation {
    try {
      UTF_8.newDecoder().decode(bytes);
    } catch (CharacterCodingException e) {
      throw new Violation(NOT_UTF8, "text that is not UTF-8");
    }
  }

  /** The code of the peer's close, to be sent back (section 5.5.1). */
  private static int closeCode(byte[] payload) throws Violation {
    if (payload.length == 0) {
      return NO_CODE;
    }
    int code = payload.length == 1 ? 0 : ByteBuffer.wrap(payload).getShort() & 0xffff;
    boolean isKnown = code >= NORMAL && code <= 1014 && (code < 1004 || code > 1006);
    if (!isKnown && (code < 3000 || code > 4999)) {
      throw new Violation(PROTOCOL_ERROR, "no code of a close");
    }
    ensureUtf8(ByteBuffer.wrap(payload).position(2));
    return code;
  }
}

// ---- The page

static final String PAGE =
    """
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Chat</title>
    <style>
      body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
      input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem }
    </style>
    <h1>Chat</h1>
    <ol id="said" aria-live="polite"></ol>
    <form id="form"><label>Say <input id="text" autocomplete="off"></label></form>
    <p id="state" role="status">connecting ...</p>
    <script>
      const name = new URLSearchParams(location.search).get("name") ?? "guest";
      const socket = new WebSocket(`ws://${location.host}/chat?name=${encodeURIComponent(name)}`);
      const show = text => {
        const item = document.createElement("li");
        item.textContent = text;
        said.append(item);
      };
      socket.onopen = () => { state.textContent = "connected"; };
      socket.onmessage = event => show(event.data);
      socket.onclose = event => { state.textContent = `closed: ${event.code} ${event.reason}`; };
      form.onsubmit = event => {
        event.preventDefault();
        if (text.value) socket.send(text.value);
        text.value = "";
      };
    </script>
    """;
