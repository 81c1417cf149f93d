package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The HTTP sample")
@EnabledOnOs(OS.LINUX)
@Timeout(120)
class HttpTest {
  private static final int SIGTERM = 128 + 15;

  @TempDir static Path folder;

  private static Path files;
  private static SampleProcess http;

  @BeforeAll
  static void start() throws Exception {
    files = Files.createDirectories(folder.resolve("files"));
    Files.createDirectory(files.resolve("sub"));
    Files.writeString(files.resolve("index.html"), "<p>hello</p>\n");
    Files.writeString(folder.resolve("secret"), "secret\n");
    Files.createSymbolicLink(files.resolve("link"), folder.resolve("secret"));
    http = SampleProcess.start(folder, "Http", files.toString(), "0");
  }

  @AfterAll
  static void end() throws Exception {
    if (http != null) {
      http.close();
    }
  }

  @Test
  void answersTheClientsOfItsHeader() throws Exception {
    Programs.need("curl");
    List<String> printed = SampleHeader.of("Http").ask(folder, http.port());
    assertEquals(
        List.of("<p>hello</p>\n", "hello, world\n", "hello", "hello"), printed.subList(0, 4));
    assertTrue(printed.getLast().matches("data: \\w{3}, \\d\\d \\w{3} \\d{4} [\\d:]{8} GMT\n"));
  }

  @Test
  void answersOrRefusesEachRequestAsTheTableSays() throws Exception {
    List<HttpCase> all = HttpCase.all();
    List<String> wrong = new ArrayList<>();
    for (HttpCase one : all) {
      String answer = one.answer(http.port());
      if (!answer.equals(one.expected())) {
        wrong.add("%s: %s, not %s".formatted(one, answer, one.expected()));
      }
    }
    assertTrue(all.size() >= 230, () -> "only " + all.size());
    assertEquals(List.of(), wrong);
  }

  @Test
  void answersRequestsThatDoNotWaitInTheirOrder() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", http.port())) {
      var requests = new StringBuilder();
      for (int i = 0; i < 200; i++) {
        requests.append("GET /%d HTTP/1.1\r\nHost: a\r\n\r\n".formatted(i));
      }
      requests.append("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      socket.getOutputStream().write(requests.toString().getBytes(US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      List<String> missing =
          answer.lines().filter(line -> line.startsWith("nothing")).limit(200).toList();
      for (int i = 0; i < 200; i++) {
        assertEquals("nothing is at /" + i, missing.get(i));
      }
    }
  }

  @Test
  void sendsBackALargeBodyWhileItComes() throws Exception {
    Programs.need("curl");
    var body = new byte[20_000_000];
    new Random(1).nextBytes(body);
    Path sent = Files.write(folder.resolve("sent"), body);
    Path received = folder.resolve("received");
    for (String framing : List.of("Expect: 100-continue", "Transfer-Encoding: chunked")) {
      String url = "http://127.0.0.1:" + http.port() + "/echo";
      try (ChildProcess curl =
          ChildProcess.start(
              folder,
              "curl",
              "-sS",
              "-H",
              framing,
              "--data-binary",
              "@" + sent,
              "-o",
              received.toString(),
              url)) {
        assertEquals(0, curl.exitCode(), curl.stderr());
        assertEquals(-1, Files.mismatch(sent, received), framing);
      }
    }
  }

  @Test
  void finishesItsResponsesInADrainAndSaysThatTheConnectionEnds() throws Exception {
    try (SampleProcess own = SampleProcess.start(folder, "Http", files.toString(), "0");
        Socket idle = new Socket("127.0.0.1", own.port());
        Socket events = new Socket("127.0.0.1", own.port());
        Socket half = new Socket("127.0.0.1", own.port())) {
      send(idle, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
      readUntil(idle, "/none\n");
      send(events, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
      readUntil(events, "data: ");
      String expect = "Expect: 100-continue\r\n"; // its answer says that the request is read
      send(half, "POST /echo HTTP/1.1\r\nHost: a\r\n" + expect + "Content-Length: 5\r\n\r\n");
      readUntil(half, "100 Continue\r\n\r\n");
      own.process().signal("TERM");
      await().until(() -> Client.isRefused(own.port()));
      assertEquals("", rest(idle));
      assertTrue(rest(events).endsWith("\r\n0\r\n\r\n"), "the stream of events is cut");
      send(half, "hello");
      String response = rest(half);
      assertTrue(response.contains("Connection: close\r\n"), response);
      assertTrue(response.contains("hello"), response);
      assertEquals(SIGTERM, own.process().exitCode());
      assertFalse(own.process().stderr().contains("Exception"), own.process().stderr());
    }
  }

  @Test
  void saysToAClientThatTakesTooLongForItsHeadThatItDoes() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", http.port())) {
      send(socket, "GET / HTTP/1.1\r\nHost: ");
      String response = rest(socket);
      assertTrue(response.startsWith("HTTP/1.1 408 Request Timeout\r\n"), response);
      assertTrue(response.contains("Connection: close\r\n"), response);
    }
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(US_ASCII));
  }

  private static void readUntil(Socket socket, String last) throws IOException {
    var read = new StringBuilder();
    while (read.indexOf(last) < 0) {
      int b = socket.getInputStream().read();
      assertTrue(b >= 0, () -> "the end behind " + read);
      read.append((char) b);
    }
  }

  private static String rest(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
  }
}
