package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.By;
import org.openqa.selenium.chrome.ChromeDriver;

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
              url("/echo"))) {
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

  /** RFC 9112, sections 3 and 9.6: an answer that says why, and an end that does not destroy it. */
  @Test
  void saysWhatIsWrongWithAMegabyteOfAnything() throws Exception {
    var random = new byte[1024 * 1024];
    new Random(1).nextBytes(random);
    assertEquals("HTTP/1.1 400 Bad Request", statusLine(random));
    assertEquals(
        "HTTP/1.1 414 URI Too Long", statusLine("x".repeat(1024 * 1024).getBytes(US_ASCII)));
  }

  private static String statusLine(byte[] sent) throws Exception {
    try (Socket socket = new Socket("127.0.0.1", http.port())) {
      Thread writer =
          Thread.startVirtualThread(() -> {
            try {
              socket.getOutputStream().write(sent);
            } catch (IOException e) {
              // It has had enough.
            }
          });
      String answer = rest(socket);
      writer.join();
      assertTrue(answer.contains("\r\nConnection: close\r\n"), answer);
      return answer.lines().findFirst().orElse("");
    }
  }

  /** What is cut must not look whole: it is shorter than its Content-Length says. */
  @Test
  @Tag("slow")
  void cutsAResponseThatNobodyReadsAtTheEndOfADrain() throws Exception {
    Files.write(files.resolve("large"), new byte[20_000_000]);
    try (SampleProcess own = SampleProcess.start(folder, "Http", files.toString(), "0");
        Socket stopped = new Socket("127.0.0.1", own.port())) {
      send(stopped, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
      readUntil(stopped, "Content-Length: 20000000\r\n");
      own.process().signal("TERM");
      assertEquals(SIGTERM, own.process().exitCode(Duration.ofSeconds(60)));
      long rest = 0;
      try {
        for (int n; (n = stopped.getInputStream().read(new byte[65_536])) >= 0; ) {
          rest += n;
        }
      } catch (SocketException reset) {
        // As RFC 9112 has it for a response that cannot be completed.
      }
      assertTrue(rest < 20_000_000, rest + " bytes have come");
    }
  }

  @Test
  void failsNoRequestOfApacheBench() throws Exception {
    Programs.need("ab");
    for (String persistence : List.of("-k", "-q")) { // keep-alive, which HTTP/1.0 asks for, or not
      String said = run("ab", "-q", persistence, "-n", "2000", "-c", "20", url("/hello"));
      assertTrue(said.matches("(?s).*\nComplete requests: +2000\nFailed requests: +0\n.*"), said);
      assertFalse(said.contains("Non-2xx"), said);
      assertEquals(persistence.equals("-k"), said.contains("Keep-Alive requests:    2000\n"), said);
    }
  }

  @Test
  void failsNoRequestOfWrk() throws Exception {
    Programs.need("wrk");
    String said = run("wrk", "-t1", "-c20", "-d1", url("/hello"));
    assertTrue(said.matches("(?s).* [1-9]\\d* requests in .*"), said);
    assertFalse(said.contains("Socket errors") || said.contains("Non-2xx"), said);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-H", "-B"})
  void endsSlowHeadsAndBodiesInTimeAndServesOthersMeanwhile(String attack) throws Exception {
    Programs.need("slowhttptest", "curl");
    try (SampleProcess own = SampleProcess.start(folder, "Http", files.toString(), "0");
        ChildProcess slow = slowhttptest(own, attack, "60", "/echo")) {
      assertEquals("hello, world\n", run("curl", "-sS", "-m", "10", url(own, "/hello")));
      assertEquals(0, slow.exitCode(Duration.ofSeconds(50)));
      String said = slow.stdout();
      assertTrue(said.contains("No open connections left"), said);
      own.awaitConnections(0);
    }
  }

  @Test
  void servesOthersWhileSomeReadSlowlyAndForgetsThem() throws Exception {
    Programs.need("slowhttptest", "curl");
    Files.write(files.resolve("large"), new byte[20_000_000]);
    try (SampleProcess own = SampleProcess.start(folder, "Http", files.toString(), "0");
        ChildProcess slow = slowhttptest(own, "-X", "5", "/large")) {
      assertEquals("hello, world\n", run("curl", "-sS", "-m", "10", url(own, "/hello")));
      assertEquals(0, slow.exitCode(Duration.ofSeconds(50)));
      own.awaitConnections(0);
    }
  }

  /** Starts an attack of twenty clients, and waits until the sample has them. */
  private static ChildProcess slowhttptest(
      SampleProcess own, String attack, String seconds, String path) throws Exception {
    int before = own.descriptors();
    ChildProcess slow =
        ChildProcess.start(
            folder,
            "slowhttptest",
            attack,
            "-c",
            "20",
            "-r",
            "100",
            "-i",
            "1",
            "-l",
            seconds,
            "-u",
            url(own, path));
    await().atMost(Duration.ofSeconds(20)).until(() -> own.descriptors() >= before + 20);
    return slow;
  }

  @Test
  void showsABrowserItsPageAndItsEvents() throws Exception {
    Programs.need("chromium", "chromedriver");
    Files.writeString(
        files.resolve("events.html"),
        """
        <title>Events</title><ul></ul>
        <script>
        new EventSource("/events").onmessage = event => {
          document.querySelector("ul").append(
              Object.assign(document.createElement("li"), {textContent: event.data}));
        };
        </script>
        """);
    ChromeDriver browser = Browser.start(folder);
    try {
      browser.get(url("/events.html"));
      assertEquals("Events", browser.getTitle());
      // Two of them, so they come while the response has no end.
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> browser.findElements(By.tagName("li")).size() >= 2);
      String event = browser.findElement(By.tagName("li")).getText();
      assertTrue(event.endsWith(" GMT"), event);
    } finally {
      browser.quit();
    }
  }

  private static String run(String... command) throws Exception {
    try (ChildProcess program = ChildProcess.start(folder, command)) {
      assertEquals(0, program.exitCode(), program.stderr());
      return program.stdout();
    }
  }

  private static String url(String path) {
    return url(http, path);
  }

  private static String url(SampleProcess sample, String path) {
    return "http://127.0.0.1:" + sample.port() + path;
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
