// Http: files, an echo, and events (RFC 9110, 9112).   samples/run Http FOLDER [PORT | ...]
//
// It refuses all that lets two servers in a row disagree about where a request ends ("request
// smuggling"): both framings at once, several lengths, bare line feeds, folded fields, whitespace
// before a colon, chunk sizes that are none. In a drain each response says Connection: close.
//
//   curl -sS http://127.0.0.1:8080/
//   curl -sS http://127.0.0.1:8080/hello
//   curl -sS --data-binary hello http://127.0.0.1:8080/echo
//   curl -sS -H 'Transfer-Encoding: chunked' --data-binary hello http://127.0.0.1:8080/echo
//   curl -sSN http://127.0.0.1:8080/events | head -n 1
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.*;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.net.URLConnection;
import java.net.URLDecoder;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

static final Duration HEAD_TIME = Duration.ofSeconds(10);
static final TimeLimits LIMITS = TimeLimits.DEFAULT.message(Duration.ZERO); // files may be large
static final TimeLimits LIMITS_IN_BODY = LIMITS.silence(Duration.ofSeconds(30)).minReceiveRate(500);
static final int LONGEST_LINE = 8 * 1024;
static final int LONGEST_HEAD = 64 * 1024;
static final int MOST_FIELDS = 100;
static final long LARGEST_BODY = 1L << 30;
static final int MOST_EXTENSIONS = 16 * 1024; // of chunks, in bytes: nobody needs them

static final String OK = "200 OK";
static final String BAD_REQUEST = "400 Bad Request";
static final String TOO_LARGE_FIELDS = "431 Request Header Fields Too Large";

static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS");
static final String ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
static final BitSet DIGITS = characters("0123456789");
static final BitSet TOKEN = characters(ALPHANUMERIC + "!#$%&'*+-.^_`|~");
static final BitSet NAME = characters(ALPHANUMERIC + "-._~!$&'()*+,;="); // of a host
static final BitSet ADDRESS = characters("0123456789abcdefABCDEF:."); // of a host, in brackets
static final BitSet PATH = characters(ALPHANUMERIC + "-._~!$&'()*+,;=:@/");
static final BitSet QUERY = characters(ALPHANUMERIC + "-._~!$&'()*+,;=:@/?");
static final Pattern CHUNK = Pattern.compile("([0-9A-Fa-f]{1,32})(?:;[\\t -~]*)?");

/** Fields that say where a message ends or who is meant: a trailer comes too late for them. */
static final Set<String> NO_TRAILERS =
    Set.of("content-length", "transfer-encoding", "host", "connection", "te", "expect", "trailer");

static final DateTimeFormatter IMF_FIXDATE =
    DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
        .withZone(ZoneOffset.UTC);

Path root = Path.of("."); // set before the first connection

void main(String... args) {
  Server.serve(args, List.of("FOLDER"), Listen.tcp(8080), this::server);
}

ServerBuilder server(List<String> arguments, Listen listen) throws IOException {
  root = Path.of(arguments.getFirst()).toRealPath();
  return Server.builder().listen(listen).timeLimits(LIMITS).handler(this::serve);
}

void serve(Connection connection) throws Exception {
  boolean more = true;
  while (more && connection.awaitMessage()) {
    more = exchange(connection);
    connection.endMessage();
  }
}

/** A request and its response; whether another request may follow. */
boolean exchange(Connection connection) throws Exception {
  var request = new Request(connection);
  var response = new Response(connection, request);
  try {
    readHead(request);
    answer(request, response);
    return request.keepAlive && request.body.isOver();
  } catch (Refused e) {
    request.keepAlive = false; // nobody can know where the next one begins
    if (!response.begun) {
      response.text(e.status, e.getMessage());
    } else if (!response.ended) {
      connection.abort(); // the only way left to say that something is wrong
    }
    return false;
  }
}

void readHead(Request request) throws IOException {
  try {
    Deadline.in(HEAD_TIME)
        .call(() -> {
          request.readHead();
          return null;
        });
  } catch (DeadlineExceededException e) {
    throw new Refused(
        "408 Request Timeout", "the head of the request takes longer than " + HEAD_TIME);
  }
}

static BitSet characters(String all) {
  return all.chars().collect(BitSet::new, BitSet::set, BitSet::or);
}

static boolean consistsOf(BitSet characters, String text) {
  int i = 0;
  while (i < text.length() && characters.get(text.charAt(i))) {
    i++;
  }
  return i == text.length();
}

/** A text without its escapes, which may be anywhere in a URI. */
static String withoutEscapes(String text) {
  return text.indexOf('%') < 0 ? text : text.replaceAll("%[0-9A-Fa-f]{2}", "");
}

static boolean isToken(String text) {
  return !text.isEmpty() && consistsOf(TOKEN, text);
}

static boolean isHost(String text) {
  int colon = text.indexOf(':', Math.max(0, text.indexOf(']')));
  String host = colon < 0 ? text : text.substring(0, colon);
  boolean inBrackets = host.startsWith("[") && host.endsWith("]") && host.length() > 2;
  return !host.isEmpty()
      && (inBrackets
          ? consistsOf(ADDRESS, host.substring(1, host.length() - 1))
          : consistsOf(NAME, withoutEscapes(host)))
      && (colon < 0 || consistsOf(DIGITS, text.substring(colon + 1)));
}

/** A request that is not served, with the status to say so. */
static final class Refused extends IOException {
  final String status;

  Refused(String status, String why) {
    super(why);
    this.status = status;
  }
}

// ---- What there is

void answer(Request request, Response response) throws Exception {
  List<String> methods = request.path.equals("/echo") ? List.of("POST") : List.of("GET", "HEAD");
  if (!methods.contains(request.method)) {
    response.field("Allow", String.join(", ", methods) + ", OPTIONS");
    if (request.method.equals("OPTIONS")) {
      response.begin("204 No Content", null, Response.NOTHING).close();
    } else {
      response.text("405 Method Not Allowed", "only " + String.join(", ", methods));
    }
    return;
  }
  switch (request.path) {
    case "/hello" -> response.text(OK, "hello, world");
    case "/echo" -> echo(request, response);
    case "/events" -> events(request, response);
    default -> file(request, response);
  }
}

/** Sends the body back while it comes, and its digest behind it (RFC 9530). */
void echo(Request request, Response response) throws Exception {
  var digest = MessageDigest.getInstance("SHA-256");
  var piece = new byte[16 * 1024];
  int n = request.body.read(piece); // a response would be too early before the body has begun well
  OutputStream out = response.begin(OK, "application/octet-stream", Response.UNKNOWN);
  for (; n >= 0; n = request.body.read(piece)) {
    digest.update(piece, 0, n);
    out.write(piece, 0, n);
  }
  String value = Base64.getEncoder().encodeToString(digest.digest());
  response.trailer("Content-Digest", "sha-256=:" + value + ":");
  out.close();
}

/** Server-sent events: the time, each second, until the client leaves or the server drains. */
void events(Request request, Response response) throws Exception {
  OutputStream out = response.begin(OK, "text/event-stream", Response.UNKNOWN);
  while (!request.method.equals("HEAD") && !request.connection.isDraining()) {
    out.write(("data: " + Response.date() + "\n\n").getBytes(ISO_8859_1));
    out.flush();
    Thread.sleep(Duration.ofSeconds(1));
  }
  out.close();
}

void file(Request request, Response response) throws IOException {
  Path file = find(request.path);
  if (file == null) {
    response.text("404 Not Found", "nothing is at " + request.path);
  } else if (Files.isDirectory(file)) {
    response.field("Location", request.path + "/").text("301 Moved Permanently", "a folder");
  } else {
    String type = URLConnection.guessContentTypeFromName(file.toString());
    try (FileChannel content = FileChannel.open(file)) {
      long size = content.size();
      response.begin(OK, type == null ? "application/octet-stream" : type, size).close();
      if (!request.method.equals("HEAD") && request.connection.sendFile(content, 0, size) < size) {
        throw new EOFException(file + " has become shorter");
      }
    }
  }
}

/** Returns a file, or a folder without its slash, within the root; null if there is none. */
Path find(String path) throws IOException {
  try {
    Path file = root.resolve("." + decode(path)).normalize();
    Path found = (path.endsWith("/") ? file.resolve("index.html") : file).toRealPath();
    boolean fits = Files.isRegularFile(found) || Files.isDirectory(found);
    return found.startsWith(root) && fits ? found : null;
  } catch (InvalidPathException | FileSystemException e) {
    return null; // no such file, or no name of one
  }
}

static String decode(String path) throws Refused {
  String decoded = URLDecoder.decode(path.replace("+", "%2B"), UTF_8);
  if (decoded.indexOf('\ufffd') >= 0) {
    throw new Refused(BAD_REQUEST, "the path is not UTF-8");
  }
  return decoded;
}

// ---- A request

final class Request {
  final Connection connection;
  final Map<String, String> fields = new HashMap<>(); // names in lower case
  String method = "";
  String path = "";
  int minor = 1; // of the version
  boolean keepAlive;
  Body body = new Body(this, 0, false);
  private byte[] line = new byte[256];

  Request(Connection connection) {
    this.connection = connection;
  }

  void readHead() throws IOException {
    String first = readLine(LONGEST_LINE, "414 URI Too Long");
    if (first.isEmpty()) {
      first =
          readLine(
              LONGEST_LINE, "414 URI Too Long"); // RFC 9112, 2.2: some clients send one too many
    }
    String[] parts = first.split(" ", -1);
    if (parts.length != 3 || !isToken(parts[0])) {
      throw new Refused(BAD_REQUEST, "the request line is not METHOD TARGET VERSION");
    }
    method = parts[0];
    readVersion(parts[2]);
    readFields(fields, LONGEST_HEAD);
    if (!METHODS.contains(method)) {
      throw new Refused("501 Not Implemented", "no method " + method);
    }
    readTarget(parts[1]);
    checkHost();
    keepAlive = minor > 0 ? !connectionSays("close") : connectionSays("keep-alive");
    body = readFraming();
  }

  private void readVersion(String version) throws Refused {
    if (!version.equals("HTTP/1.1")) {
      if (!version.matches("HTTP/[0-9]\\.[0-9]")) {
        throw new Refused(BAD_REQUEST, "no version of HTTP");
      }
      if (version.charAt(5) != '1') {
        throw new Refused("505 HTTP Version Not Supported", "only HTTP/1.1");
      }
      minor = version.charAt(7) - '0';
    }
  }

  private void readTarget(String target) throws Refused {
    if (method.equals("OPTIONS") && target.equals("*")) {
      path = target;
      return;
    }
    boolean absolute = target.regionMatches(true, 0, "http://", 0, 7);
    int begin = absolute ? target.indexOf('/', 7) : 0;
    if (absolute && (begin < 0 || !isHost(target.substring(7, begin)))) {
      throw new Refused(BAD_REQUEST, "the target has no valid host");
    }
    int query = target.indexOf('?', begin);
    path = target.substring(begin, query < 0 ? target.length() : query);
    if (!path.startsWith("/")
        || !consistsOf(PATH, withoutEscapes(path))
        || (query >= 0 && !consistsOf(QUERY, withoutEscapes(target.substring(query + 1))))) {
      throw new Refused(BAD_REQUEST, "the target is neither a path nor a URI of http");
    }
  }

  private void checkHost() throws Refused {
    String host = fields.get("host");
    if (host == null ? minor > 0 : !isHost(host)) {
      throw new Refused(BAD_REQUEST, "one valid Host is needed");
    }
  }

  /** RFC 9112, section 6; whatever is ambiguous there is refused here. */
  private Body readFraming() throws Refused {
    String length = fields.get("content-length");
    String codings = fields.get("transfer-encoding");
    if (codings != null) {
      if (length != null || minor == 0) {
        throw new Refused(BAD_REQUEST, "Transfer-Encoding with a Content-Length, or in HTTP/1.0");
      }
      if (!codings.equalsIgnoreCase("chunked")) {
        throw new Refused(
            areCodings(codings) ? "501 Not Implemented" : BAD_REQUEST, "only the coding chunked");
      }
    } else if (length != null && (length.isEmpty() || !consistsOf(DIGITS, length))) {
      throw new Refused(BAD_REQUEST, "Content-Length is not one number");
    }
    if (fields.containsKey("expect") && !expectsContinue()) {
      throw new Refused("417 Expectation Failed", "only 100-continue can be expected");
    }
    return new Body(this, length == null ? 0 : number(length, 10), codings != null);
  }

  /** Whether they could be, with chunked as the last one, and only there. */
  private static boolean areCodings(String codings) {
    String[] all = codings.split(",", -1);
    int last = all.length - 1;
    return IntStream.rangeClosed(0, last)
        .allMatch(i ->
            isToken(all[i].strip()) && all[i].strip().equalsIgnoreCase("chunked") == (i == last));
  }

  static long number(String digits, int radix) throws Refused {
    String plain = digits.replaceFirst("^0+(?=.)", "");
    if (plain.length() > 15 || Long.parseLong(plain, radix) > LARGEST_BODY) {
      throw new Refused("413 Content Too Large", "at most " + LARGEST_BODY + " bytes");
    }
    return Long.parseLong(plain, radix);
  }

  boolean expectsContinue() {
    return "100-continue".equalsIgnoreCase(fields.get("expect"));
  }

  private boolean connectionSays(String option) {
    String options = fields.get("connection");
    return options != null
        && Stream.of(options.split(",")).map(String::strip).anyMatch(option::equalsIgnoreCase);
  }

  /** Reads field lines up to the empty one. */
  void readFields(Map<String, String> into, int most) throws IOException {
    int bytes = 0;
    int count = 0;
    for (String line; !(line = readLine(LONGEST_LINE, TOO_LARGE_FIELDS)).isEmpty(); ) {
      bytes += line.length();
      if (bytes > most || ++count > MOST_FIELDS) {
        throw new Refused(TOO_LARGE_FIELDS, "too many fields");
      }
      int colon = Math.max(0, line.indexOf(':'));
      String name = line.substring(0, colon);
      if (!isToken(name)) { // a folded line, or a space before the colon
        throw new Refused(BAD_REQUEST, "a line is no field");
      }
      String value = line.substring(colon + 1).strip();
      into.merge(name.toLowerCase(Locale.ROOT), value, (first, second) -> first + ", " + second);
    }
  }

  /** Reads a line that ends with CR LF, and has no other control character than tabs. */
  String readLine(int most, String tooLong) throws IOException {
    int n = 0;
    while (n == 0 || line[n - 1] != '\n') {
      if (n == most) {
        throw new Refused(tooLong, "a line is longer than " + most + " bytes");
      }
      if (n == line.length) {
        line = Arrays.copyOf(line, Math.min(2 * n, LONGEST_LINE));
      }
      int read = connection.readUntil((byte) '\n', line, n, Math.min(most, line.length) - n);
      if (read < 0) {
        throw new Refused(BAD_REQUEST, "the request ends in the middle");
      }
      n += read;
    }
    if (n < 2 || line[n - 2] != '\r') {
      throw new Refused(BAD_REQUEST, "a line ends without CR LF");
    }
    for (int i = 0; i < n - 2; i++) {
      if ((line[i] >= 0 && line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f) {
        throw new Refused(BAD_REQUEST, "a control character");
      }
    }
    return new String(line, 0, n - 2, ISO_8859_1);
  }
}

/** The body of a request, without its framing. */
final class Body extends InputStream {
  private final Request request;
  private final boolean chunked;
  private long left; // of the body, or of the chunk
  private long before; // bytes of the chunks until now
  private int extensions;
  private boolean begun;
  private boolean over;

  Body(Request request, long length, boolean chunked) {
    this.request = request;
    this.left = length;
    this.chunked = chunked;
    this.over = !chunked && length == 0;
    if (!over) {
      request.connection.changeTimeLimits(LIMITS_IN_BODY);
    }
  }

  private void end() {
    over = true;
    request.connection.changeTimeLimits(LIMITS);
  }

  /** Whether it was read to its end; a little that nobody wanted is read here. */
  boolean isOver() throws IOException {
    if (!over && (begun || !request.expectsContinue())) {
      skip(64 * 1024);
    }
    return over;
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (!begun && !over && request.minor > 0 && request.expectsContinue()) {
      request.connection.output().write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(ISO_8859_1));
    }
    if (!over && chunked && left == 0 && !nextChunk()) {
      end();
    }
    if (over) {
      return -1;
    }
    begun = true;
    int n = request.connection.input().read(target, offset, (int) Math.min(length, left));
    if (n < 0) {
      throw new Refused(BAD_REQUEST, "the body ends in the middle");
    }
    left -= n;
    if (left == 0 && !chunked) {
      end();
    }
    return n;
  }

  private boolean nextChunk() throws IOException {
    if (begun && !request.readLine(2, BAD_REQUEST).isEmpty()) {
      throw new Refused(BAD_REQUEST, "a chunk is longer than its size");
    }
    begun = true;
    var size = CHUNK.matcher(request.readLine(1024, BAD_REQUEST));
    if (!size.matches() || (extensions += size.end() - size.end(1)) > MOST_EXTENSIONS) {
      throw new Refused(BAD_REQUEST, "no size of a chunk");
    }
    left = Request.number(size.group(1), 16);
    before += left;
    if (before > LARGEST_BODY) {
      throw new Refused("413 Content Too Large", "at most " + LARGEST_BODY + " bytes");
    }
    if (left == 0) {
      var trailers = new HashMap<String, String>();
      request.readFields(trailers, LONGEST_LINE);
      if (!Collections.disjoint(trailers.keySet(), NO_TRAILERS)) {
        throw new Refused(BAD_REQUEST, "a field that is no trailer");
      }
    }
    return left > 0;
  }
}

// ---- A response

final class Response {
  static final long UNKNOWN = -1;
  static final long NOTHING = -2;

  private static volatile Date latest = new Date(0, "");

  private record Date(long second, String text) {}

  private final Connection connection;
  private final Request request;
  private final StringBuilder fields = new StringBuilder(200); // most need no more
  private String trailers = "";
  boolean begun;
  boolean ended;

  Response(Connection connection, Request request) {
    this.connection = connection;
    this.request = request;
  }

  Response field(String name, String value) {
    fields.append(name).append(": ").append(value).append("\r\n");
    return this;
  }

  /** Adds a field behind the body, if this is chunked. */
  void trailer(String name, String value) {
    trailers += name + ": " + value + "\r\n";
  }

  void text(String status, String text) throws IOException {
    byte[] bytes = (text + "\n").getBytes(UTF_8);
    try (OutputStream out = begin(status, "text/plain; charset=utf-8", bytes.length)) {
      out.write(bytes);
    }
  }

  /**
   * Sends the head, and returns where the body goes.
   *
   * @param length in bytes; UNKNOWN, or NOTHING for a response that has no body
   */
  OutputStream begin(String status, String type, long length) throws IOException {
    boolean chunked = length == UNKNOWN && request.minor > 0;
    if (request.keepAlive) {
      boolean hasEnd = chunked || length != UNKNOWN;
      boolean nextIsFound = length == UNKNOWN || request.body.isOver();
      request.keepAlive = hasEnd && nextIsFound && !connection.isDraining();
    }
    begun = true;
    field("Date", date());
    if (type != null) {
      field("Content-Type", type);
    }
    if (length >= 0) {
      field("Content-Length", Long.toString(length));
    } else if (chunked) {
      field("Transfer-Encoding", "chunked");
    }
    if (!request.keepAlive) {
      field("Connection", "close");
    } else if (request.minor == 0) {
      field("Connection", "keep-alive");
    }
    String head = "HTTP/1.1 " + status + "\r\n" + fields + "\r\n";
    connection.output().write(head.getBytes(ISO_8859_1));
    boolean hasBody = length != NOTHING && !request.method.equals("HEAD");
    return new Out(hasBody, chunked);
  }

  /** The time as RFC 9110, section 5.6.7, has it, made once a second. */
  static String date() {
    Date date = latest;
    long second = System.currentTimeMillis() / 1000;
    if (date.second != second) {
      date = new Date(second, IMF_FIXDATE.format(Instant.ofEpochSecond(second)));
      latest = date;
    }
    return date.text;
  }

  private final class Out extends OutputStream {
    private final OutputStream out = connection.output();
    private final boolean hasBody;
    private final boolean chunked;

    Out(boolean hasBody, boolean chunked) {
      this.hasBody = hasBody;
      this.chunked = chunked;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b});
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (!hasBody || length == 0) {
        return; // a chunk without a byte would be the last one
      }
      if (chunked) {
        out.write((Integer.toHexString(length) + "\r\n").getBytes(ISO_8859_1));
      }
      out.write(bytes, offset, length);
      if (chunked) {
        out.write("\r\n".getBytes(ISO_8859_1));
      }
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    @Override
    public void close() throws IOException {
      if (hasBody && chunked) {
        out.write(("0\r\n" + trailers + "\r\n").getBytes(ISO_8859_1));
      }
      ended = true;
    }
  }
}
