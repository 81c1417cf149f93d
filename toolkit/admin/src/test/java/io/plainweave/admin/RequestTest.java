package io.plainweave.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A request to the admin listener")
@Timeout(30)
class RequestTest {
  private static final String ASKS = "GET /live HTTP/1.1\r\nHost: localhost\r\n";
  private static Guarded guarded;

  @BeforeAll
  static void start() throws Exception {
    guarded = Guarded.start();
  }

  @AfterAll
  static void end() {
    guarded.close();
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          400 | GET /live HTTP/1.1~~
          400 | GET /live HTTP/1.1~Host: a~Host: a~~
          400 | GET /live HTTP/1.1~Host: a b~~
          400 | GET /live HTTP/1.1~Host: a/b~~
          400 | GET /live HTTP/1.1~Host:~~
          400 | GET  /live HTTP/1.1~Host: localhost~~
          400 | GET /live~Host: localhost~~
          400 | GET /live HTTP/1.1 ~Host: localhost~~
          400 | GET /live http/1.1~Host: localhost~~
          400 | G@T /live HTTP/1.1~Host: localhost~~
          400 | GET live HTTP/1.1~Host: localhost~~
          400 | GET /live#a HTTP/1.1~Host: localhost~~
          400 | GET http:///live HTTP/1.1~Host: localhost~~
          400 | GET /live HTTP/1.1~Host : localhost~~
          400 | GET /live HTTP/1.1~Host: localhost~ folded: yes~~
          400 | GET /live HTTP/1.1~Host: localhost~nothing~~
          400 | GET /live HTTP/1.1^Host: localhost^^
          400 | GET /live HTTP/1.1~Host: localhost~A: b^C: d~~
          400 | GET /live HTTP/1.1~Host: localhost~A: !~~
          400 | GET /live HTTP/1.1~Host: localhost
          400 | GET /connections?a=%zz HTTP/1.1~Host: localhost~~
          400 | GET /connections?a=%ff HTTP/1.1~Host: localhost~~
          400 | GET /connections?limit=1&limit=2 HTTP/1.1~Host: localhost~~
          400 | GET /connections?litsener=a HTTP/1.1~Host: localhost~~
          400 | GET /status?a=b HTTP/1.1~Host: localhost~~
          400 | GET /live HTTP/1.1~Host: localhost~Content-Length: 1~Content-Length: 1~~a
          400 | GET /live HTTP/1.1~Host: localhost~Content-Length: +1~~a
          400 | GET /live HTTP/1.1~Host: localhost~Content-Length: -1~~a
          400 | GET /live HTTP/1.1~Host: localhost~Content-Length: 0x1~~a
          400 | GET /live HTTP/1.1~Host: localhost~Content-Length: 2~~a
          400 | POST /drain HTTP/1.1~Host: localhost~Content-Length: 1~Transfer-Encoding: chunked~~0~~
          400 | POST /drain HTTP/1.0~Host: localhost~Transfer-Encoding: chunked~~0~~
          404 | GET /nothing HTTP/1.1~Host: localhost~~
          404 | GET /live/ HTTP/1.1~Host: localhost~~
          404 | GET /%6cive HTTP/1.1~Host: localhost~~
          404 | GET /connections/999999999 HTTP/1.1~Host: localhost~~
          404 | POST /connections/999999999/end HTTP/1.1~Host: localhost~~
          404 | GET /connections/../live HTTP/1.1~Host: localhost~~
          405 | POST /live HTTP/1.1~Host: localhost~~
          405 | POST / HTTP/1.1~Host: localhost~~
          405 | POST /metrics HTTP/1.1~Host: localhost~~
          405 | GET /drain HTTP/1.1~Host: localhost~~
          405 | HEAD /drain HTTP/1.1~Host: localhost~~
          405 | GET /connections/1/end HTTP/1.1~Host: localhost~~
          411 | POST /drain HTTP/1.1~Host: localhost~Transfer-Encoding: chunked~~0~~
          413 | POST /drain HTTP/1.1~Host: localhost~Content-Length: 4097~~
          413 | POST /drain HTTP/1.1~Host: localhost~Content-Length: 999999999999999999~~
          417 | POST /live HTTP/1.1~Host: localhost~Expect: wonders~~
          421 | GET /live HTTP/1.1~Host: evil.example~~
          421 | GET http://evil.example/live HTTP/1.1~Host: localhost~~
          501 | PUT /live HTTP/1.1~Host: localhost~~
          501 | OPTIONS * HTTP/1.1~Host: localhost~~
          501 | CONNECT localhost:1 HTTP/1.1~Host: localhost~~
          501 | get /live HTTP/1.1~Host: localhost~~
          505 | GET /live HTTP/2.0~Host: localhost~~
          505 | GET /live HTTP/1.2~Host: localhost~~
          """)
  void isRefusedByOneClearStatus(int status, String request) throws IOException {
    String bytes = request.replace("~", "\r\n").replace("^", "\n").replace("!", "\u0001");
    String answer = guarded.exchange(bytes);
    assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
    assertEquals(answer.indexOf("HTTP/1.1"), answer.lastIndexOf("HTTP/1.1"), answer);
  }

  @Test
  void mayBeginWithOneEmptyLine() throws IOException {
    assertTrue(guarded.exchange("\r\n" + ASKS + "\r\n").startsWith("HTTP/1.1 200 "));
    assertTrue(guarded.exchange("\r\n\r\n" + ASKS + "\r\n").startsWith("HTTP/1.1 400 "));
  }

  @Test
  void hasAHeadOfEightKilobytes() throws IOException {
    String path = "/live?" + "a".repeat(7_900);
    String rest = " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assertTrue(guarded.exchange("GET " + path + rest).startsWith("HTTP/1.1 200 "));
    assertTrue(guarded.exchange("GET " + path.repeat(2) + rest).startsWith("HTTP/1.1 414 "));
    String field = "A: " + "a".repeat(4_000) + "\r\n";
    assertTrue(guarded.exchange(ASKS + field + "\r\n").startsWith("HTTP/1.1 200 "));
    assertTrue(guarded.exchange(ASKS + field.repeat(3) + "\r\n").startsWith("HTTP/1.1 431 "));
    assertTrue(guarded.exchange(ASKS + "a: b\r\n".repeat(64) + "\r\n").startsWith("HTTP/1.1 431 "));
  }

  @Test
  void isTooLateAfterFiveSeconds() throws IOException {
    try (Socket client = guarded.connectToAdmin()) {
      client.getOutputStream().write(ASKS.getBytes(StandardCharsets.US_ASCII));
      String answer = new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
    }
  }

  @Test
  void isFollowedByOthersOnTheSameConnection() throws IOException {
    try (Socket client = guarded.connectToAdmin()) {
      for (int i = 0; i < 3; i++) {
        client.getOutputStream().write((ASKS + "\r\n").getBytes(StandardCharsets.US_ASCII));
        String answer = Guarded.readAnswer(client.getInputStream());
        assertTrue(answer.contains("Connection: keep-alive"), answer);
        assertTrue(answer.endsWith("live\n"), answer);
      }
    }
  }

  @Test
  void isAnsweredAfterThoseBeforeItWhenTheyComeAtOnce() throws IOException {
    String post = "POST /nothing HTTP/1.1\r\nHost: [::1]:1\r\nContent-Length: 3\r\n\r\nabc";
    String last = ASKS + "Connection: foo, Close\r\n\r\n";
    String answers = guarded.exchange(ASKS + "\r\n" + post + last + ASKS + "\r\n");
    assertEquals(
        List.of("HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.1 200 OK"),
        answers.lines().filter(line -> line.startsWith("HTTP/")).toList());
  }

  @Test
  void ofHttp10IsTheLastUnlessItSaysOtherwise() throws IOException {
    String old = "GET /live HTTP/1.0\r\n";
    String answer = guarded.exchange(old + "\r\n" + old + "\r\n");
    assertEquals(answer.indexOf("HTTP/1.1"), answer.lastIndexOf("HTTP/1.1"));
    String kept = guarded.exchange(old + "Connection: keep-alive\r\n\r\n" + old + "\r\n");
    assertEquals(2, kept.lines().filter("HTTP/1.1 200 OK"::equals).count());
    String stream = guarded.exchange("GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assertFalse(stream.contains("Transfer-Encoding"), stream);
    assertTrue(stream.contains("Connection: close"), stream);
    assertTrue(stream.endsWith("\n"), stream);
  }

  @Test
  void forTheHeadAloneHasNoBody() throws IOException {
    for (String path : new String[] {"/", "/live", "/metrics", "/connections", "/status"}) {
      String answer = guarded.exchange("HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n"), answer);
      assertTrue(answer.endsWith("\r\n\r\n"), answer);
    }
  }

  @Test
  void mayAskWhetherItsBodyIsWanted() throws IOException {
    try (Socket client = guarded.connectToAdmin()) {
      String head =
          """
          POST /nothing HTTP/1.1
          Host: localhost
          Content-Length: 2
          Expect: 100-continue

          """;
      client
          .getOutputStream()
          .write(head.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
      byte[] go = client.getInputStream().readNBytes(25);
      assertEquals("HTTP/1.1 100 Continue\r\n\r\n", new String(go, StandardCharsets.US_ASCII));
      client.getOutputStream().write("ab".getBytes(StandardCharsets.US_ASCII));
      String answer = Guarded.readAnswer(client.getInputStream());
      assertTrue(answer.startsWith("HTTP/1.1 404 "), answer);
    }
  }

  @Test
  void isNeverRepeatedInAnAnswer() throws IOException {
    String answer =
        guarded.exchange("GET /<script>alert(1)</script> HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertTrue(answer.startsWith("HTTP/1.1 404 "), answer);
    assertFalse(answer.contains("alert"), answer);
  }

  @Test
  void isAnsweredWithFieldsThatKeepItOutOfCachesAndFrames() throws IOException {
    for (String path : new String[] {"/", "/live", "/connections", "/nothing"}) {
      String answer = guarded.exchange("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertTrue(answer.contains("\r\nCache-Control: no-store\r\n"), answer);
      assertTrue(answer.contains("\r\nX-Content-Type-Options: nosniff\r\n"), answer);
      assertTrue(answer.contains("\r\nContent-Security-Policy: default-src 'none'; "), answer);
      assertTrue(answer.contains("frame-ancestors 'none'\r\n"), answer);
    }
  }
}
