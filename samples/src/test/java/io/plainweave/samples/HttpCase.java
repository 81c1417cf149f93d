package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line of {@code http-cases.txt}, whose head says how it is written.
 *
 * @param expected the status codes of all responses, in order; "cut" if the only one is cut
 */
record HttpCase(String section, String expected, String what, String request) {
  private static final String FILE = "http-cases.txt";
  private static final String END = "{end}";
  private static final String HOST = "Host: a\\r\\n";
  private static final String ECHO = "POST /echo HTTP/1.1\\r\\n" + HOST;

  private static final Pattern BYTE = Pattern.compile("\\\\(x[0-9a-f]{2}|[rnt0])");
  private static final Pattern REPEATED = Pattern.compile("\\{(\\d+):([^{}]*)}");
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3}) ");

  static List<HttpCase> all() throws IOException {
    try (InputStream file = HttpCase.class.getResourceAsStream(FILE)) {
      return new String(file.readAllBytes(), ISO_8859_1)
          .lines()
          .filter(line -> !line.isEmpty() && !line.startsWith("#"))
          .map(HttpCase::of)
          .toList();
    }
  }

  private static HttpCase of(String line) {
    String[] parts = line.split(" \\| ", 4);
    String expected = parts[1].replace("+", ",404"); // of the request behind
    return new HttpCase(parts[0], expected, parts[2], parts[3]);
  }

  /** The bytes of the request, as characters. */
  private String bytes() {
    String text =
        request
            .replace("{c}", ECHO + "Transfer-Encoding: chunked\\r\\n")
            .replace("{e}", ECHO)
            .replace("{h}", HOST);
    for (Matcher repeated; (repeated = REPEATED.matcher(text)).find(); ) {
      String all = repeated.group(2).repeat(Integer.parseInt(repeated.group(1)));
      text = text.substring(0, repeated.start()) + all + text.substring(repeated.end());
    }
    return BYTE.matcher(text).replaceAll(found -> Matcher.quoteReplacement(value(found.group(1))));
  }

  private static String value(String escape) {
    return switch (escape) {
      case "r" -> "\r";
      case "n" -> "\n";
      case "t" -> "\t";
      case "0" -> "\0";
      default -> String.valueOf((char) Integer.parseInt(escape.substring(1), 16));
    };
  }

  /** Sends the request, and another one behind it, and returns what comes until the end. */
  String answer(int port) throws IOException {
    var answer = new StringBuilder();
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(20_000);
      boolean ends = request.endsWith(END);
      String behind = "GET /after HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
      String sent = ends ? bytes().replace(END, "") : bytes() + behind;
      socket.getOutputStream().write(sent.getBytes(ISO_8859_1));
      if (ends) {
        socket.shutdownOutput();
      }
      for (int b; (b = socket.getInputStream().read()) >= 0; ) {
        answer.append((char) b);
      }
      return STATUS.matcher(answer).results().map(found -> found.group(1)).collect(joining(","));
    } catch (SocketException reset) {
      return "cut";
    }
  }
}
