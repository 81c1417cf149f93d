// Http: files, an echo, and events (RFC 9110, 9112).   samples/run Http FOLDER [PORT | ...]
//
// It refuses all that lets two servers in a row disagree about where a request ends ("request
// smuggling"): both framings at once, several lengths, bare line feeds, folded fields, whitespace
// before a colon, chunk sizes that are none. In a drain each response says Connection: close.
//
//   curl -sS http://127.0.0.1:8080/
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
import java.security.MessageDigest;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.regex.Pattern;

static final Duration HEAD_TIME = Duration.ofSeconds(10);
static final int LONGEST_LINE = 8 * 1024;
static final int LONGEST_HEAD = 64 * 1024;
static final int MOST_FIELDS = 100;
static final long LARGEST_BODY = 1L << 30;
static final int MOST_EXTENSIONS = 16 * 1024; // of chunks, in bytes: nobody needs them

static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
static final Pattern TARGET =
    Pattern.compile(
        "(?:http://(?<authority>[^/?]+))?(?<path>/(?:[\\w.~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)"
            + "(?:\\?(?:[\\w.~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?",
        Pattern.CASE_INSENSITIVE);
static final Pattern HOST =
    Pattern.compile("(?:\\[[0-9A-Fa-f:.]+]|(?:[\\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)(?::\\d*)?");
static final Pattern CHUNK = Pattern.compile("([0-9A-Fa-f]{1,32})(?:;[\\t -~]*)?");

/** Fields that say where a message ends or who is meant: a trailer comes too late for them. */
static final Set<String> NO_TRAILERS =
    Set.of("content-length", "transfer-encoding", "host", "connection", "te", "expect", "trailer");

static final Map<Integer, String> REASONS =
    Map.ofEntries(
        Map.entry(200, "OK"),
        Map.entry(204, "No Content"),
        Map.entry(301, "Moved Permanently"),
        Map.entry(400, "Bad Request"),
        Map.entry(404, "Not Found"),
        Map.entry(405, "Method Not Allowed"),
        Map.entry(408, "Request Timeout"),
        Map.entry(413, "Content Too Large"),
        Map.entry(414, "URI Too Long"),
        Map.entry(417, "Expectation Failed"),
        Map.entry(431, "Request Header Fields Too Large"),
        Map.entry(501, "Not Implemented"),
        Map.entry(505, "HTTP Version Not Supported"));

static final DateTimeFormatter IMF_FIXDATE =
    DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
        .withZone(ZoneOffset.UTC);

Path root = Path.of("."); // set before the first connection

void main(String... args) {
  Server.serve(args, List.of("FOLDER"), Listen.tcp(8080), this::server);
}

ServerBuilder server(List<String> arguments, Listen listen) throws IOException {
  root = Path.of(arguments.getFirst()).toRealPath();
  return Server.builder().listen(listen).handler(this::serve);
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
    throw new Refused(408, "the head of the request takes longer than " + HEAD_TIME);
  }
}

/** A request that is not served, with the status to say so. */
static final class Refused extends IOException {
  final int status;

  Refused(int status, String why) {
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
      response.begin(204, null, Response.NOTHING).close();
    } else {
      response.text(405, "only " + String.join(", ", methods));
    }
    return;
  }
  switch (request.path) {
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
  OutputStream out = response.begin(200, "application/octet-stream", Response.UNKNOWN);
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
  request.connection.changeTimeLimits(TimeLimits.DEFAULT.message(Duration.ZERO)); // it has no end
  OutputStream out = response.begin(200, "text/event-stream", Response.UNKNOWN);
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
    response.text(404, "nothing is at " + request.path);
  } else if (Files.isDirectory(file)) {
    response.field("Location", request.path + "/").text(301, "a folder");
  } else {
    String type = URLConnection.guessContentTypeFromName(file.toString());
    try (InputStream content = Files.newInputStream(file)) {
      long size = Files.size(file);
      OutputStream out =
          response.begin(200, type == null ? "application/octet-stream" : type, size);
      byte[] piece;
      for (long left = request.method.equals("HEAD") ? 0 : size; left > 0; left -= piece.length) {
        piece = content.readNBytes((int) Math.min(left, 16 * 1024));
        if (piece.length == 0) {
          throw new EOFException(file + " has become shorter");
        }
        out.write(piece);
      }
      out.close();
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
    throw new Refused(400, "the path is not UTF-8");
  }
  return decoded;
}

// ---- A request

final class Request {
  final Connection connection;
  final Map<String, List<String>> fields = new HashMap<>();
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
    String first = readLine(LONGEST_LINE, 414);
    if (first.isEmpty()) {
      first = readLine(LONGEST_LINE, 414); // RFC 9112, 2.2: some clients send one too many
    }
    String[] parts = first.split(" ", -1);
    if (parts.length != 3 || !TOKEN.matcher(parts[0]).matches()) {
      throw new Refused(400, "the request line is not METHOD TARGET VERSION");
    }
    method = parts[0];
    readVersion(parts[2]);
    readFields(fields, LONGEST_HEAD);
    if (!Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS").contains(method)) {
      throw new Refused(501, "no method " + method);
    }
    readTarget(parts[1]);
    checkHost();
    Set<String> options = options("connection");
    keepAlive = minor > 0 ? !options.contains("close") : options.contains("keep-alive");
    body = readFraming();
  }

  private void readVersion(String version) throws Refused {
    if (!version.matches("HTTP/[0-9]\\.[0-9]")) {
      throw new Refused(400, "no version of HTTP");
    }
    if (version.charAt(5) != '1') {
      throw new Refused(505, "only HTTP/1.1");
    }
    minor = version.charAt(7) - '0';
  }

  private void readTarget(String target) throws Refused {
    var parts = TARGET.matcher(target);
    if (method.equals("OPTIONS") && target.equals("*")) {
      path = target;
    } else if (!parts.matches()) {
      throw new Refused(400, "the target is neither a path nor a URI of http");
    } else {
      String authority = parts.group("authority");
      if (authority != null && !HOST.matcher(authority).matches()) {
        throw new Refused(400, "the target has no valid host");
      }
      path = parts.group("path");
    }
  }

  private void checkHost() throws Refused {
    List<String> hosts = all("host");
    if (hosts.size() > 1 || (hosts.isEmpty() && minor > 0)) {
      throw new Refused(400, "one Host is needed");
    }
    if (!hosts.isEmpty() && !HOST.matcher(hosts.getFirst()).matches()) {
      throw new Refused(400, "the Host is not valid");
    }
  }

  /** RFC 9112, section 6; whatever is ambiguous there is refused here. */
  private Body readFraming() throws Refused {
    List<String> lengths = all("content-length");
    String codings = String.join(",", all("transfer-encoding")).toLowerCase(Locale.ROOT);
    if (!all("transfer-encoding").isEmpty()) {
      if (!lengths.isEmpty() || minor == 0) {
        throw new Refused(400, "Transfer-Encoding with a Content-Length, or in HTTP/1.0");
      }
      if (!codings.equals("chunked")) {
        boolean chunkedLast = codings.matches("[\\w-]+(?:[ \\t]*,[ \\t]*[\\w-]+)*,[ \\t]*chunked");
        boolean twice = codings.indexOf("chunked") != codings.lastIndexOf("chunked");
        throw new Refused(chunkedLast && !twice ? 501 : 400, "only the coding chunked");
      }
    } else if (lengths.size() > 1 || (lengths.size() == 1 && !isNumber(lengths.getFirst()))) {
      throw new Refused(400, "Content-Length is not one number");
    }
    long length = lengths.isEmpty() ? 0 : number(lengths.getFirst(), 10);
    if (!Set.of("", "100-continue").containsAll(options("expect"))) {
      throw new Refused(417, "only 100-continue can be expected");
    }
    return new Body(this, length, !all("transfer-encoding").isEmpty());
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  static long number(String digits, int radix) throws Refused {
    String plain = digits.replaceFirst("^0+(?=.)", "");
    if (plain.length() > 15 || Long.parseLong(plain, radix) > LARGEST_BODY) {
      throw new Refused(413, "at most " + LARGEST_BODY + " bytes");
    }
    return Long.parseLong(plain, radix);
  }

  List<String> all(String name) {
    return fields.getOrDefault(name, List.of());
  }

  /** The members of a list, in lower case. */
  Set<String> options(String name) {
    return Set.copyOf(
        List.of(String.join(",", all(name)).toLowerCase(Locale.ROOT).split("[ \\t]*,[ \\t]*")));
  }

  /** Reads field lines up to the empty one. */
  void readFields(Map<String, List<String>> into, int most) throws IOException {
    int bytes = 0;
    int count = 0;
    for (String line; !(line = readLine(LONGEST_LINE, 431)).isEmpty(); ) {
      bytes += line.length();
      if (bytes > most || ++count > MOST_FIELDS) {
        throw new Refused(431, "too many fields");
      }
      int colon = Math.max(0, line.indexOf(':'));
      String name = line.substring(0, colon);
      if (!TOKEN.matcher(name).matches()) { // a folded line, or a space before the colon
        throw new Refused(400, "a line is no field");
      }
      into.computeIfAbsent(name.toLowerCase(Locale.ROOT), _ -> new ArrayList<>())
          .add(line.substring(colon + 1).strip());
    }
  }

  /** Reads a line that ends with CR LF, and has no other control character than tabs. */
  String readLine(int most, int tooLong) throws IOException {
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
        throw new Refused(400, "the request ends in the middle");
      }
      n += read;
    }
    if (n < 2 || line[n - 2] != '\r') {
      throw new Refused(400, "a line ends without CR LF");
    }
    var text = new String(line, 0, n - 2, ISO_8859_1);
    if (text.chars().anyMatch(c -> (c < ' ' && c != '\t') || c == 0x7f)) {
      throw new Refused(400, "a control character");
    }
    return text;
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
  }

  /** Whether it was read to its end; a little that nobody wanted is read here. */
  boolean isOver() throws IOException {
    if (!over && (begun || !request.options("expect").contains("100-continue"))) {
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
    if (!begun
        && !over
        && request.minor > 0
        && request.options("expect").contains("100-continue")) {
      request.connection.output().write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(ISO_8859_1));
    }
    if (over || (chunked && left == 0 && !nextChunk())) {
      over = true;
      return -1;
    }
    begun = true;
    int n = request.connection.input().read(target, offset, (int) Math.min(length, left));
    if (n < 0) {
      throw new Refused(400, "the body ends in the middle");
    }
    left -= n;
    over = left == 0 && !chunked;
    return n;
  }

  private boolean nextChunk() throws IOException {
    if (begun && !request.readLine(2, 400).isEmpty()) {
      throw new Refused(400, "a chunk is longer than its size");
    }
    begun = true;
    var size = CHUNK.matcher(request.readLine(1024, 400));
    if (!size.matches() || (extensions += size.end() - size.end(1)) > MOST_EXTENSIONS) {
      throw new Refused(400, "no size of a chunk");
    }
    left = Request.number(size.group(1), 16);
    before += left;
    if (before > LARGEST_BODY) {
      throw new Refused(413, "at most " + LARGEST_BODY + " bytes");
    }
    if (left == 0) {
      var trailers = new HashMap<String, List<String>>();
      request.readFields(trailers, LONGEST_LINE);
      if (trailers.keySet().stream().anyMatch(NO_TRAILERS::contains)) {
        throw new Refused(400, "a field that is no trailer");
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
  private final StringBuilder fields = new StringBuilder();
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

  void text(int status, String text) throws IOException {
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
  OutputStream begin(int status, String type, long length) throws IOException {
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
    String head = "HTTP/1.1 " + status + " " + REASONS.get(status) + "\r\n" + fields + "\r\n";
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
