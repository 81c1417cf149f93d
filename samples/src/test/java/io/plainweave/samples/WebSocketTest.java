package io.plainweave.samples;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;

@DisplayName("The WebSocket sample")
@EnabledOnOs(OS.LINUX)
@Timeout(120)
class WebSocketTest {
  private static final int SIGTERM = 128 + 15;

  @TempDir static Path folder;

  private static SampleProcess server;

  @BeforeAll
  static void start() throws Exception {
    server = SampleProcess.start(folder, "WebSocket", "0");
  }

  @AfterAll
  static void end() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  /** The JDK's client, whose events come in the order in which they happen. */
  private static final class Peer implements WebSocket.Listener {
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private final StringBuilder parts = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
      parts.append(text);
      if (last) {
        events.add(parts.toString());
        parts.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      events.add("closed: " + code);
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable failure) {
      events.add("failed: " + failure);
    }

    void expect(String event) throws InterruptedException {
      assertEquals(event, events.poll(20, SECONDS));
    }
  }

  private static WebSocket connect(HttpClient client, int port, String target, Peer peer)
      throws Exception {
    URI uri = URI.create("ws://127.0.0.1:" + port + target);
    return client.newWebSocketBuilder().buildAsync(uri, peer).get(20, SECONDS);
  }

  @Test
  void answersTheClientOfItsHeader() throws Exception {
    Programs.need("curl");
    List<String> printed = SampleHeader.of("WebSocket").ask(folder, server.port());
    assertEquals(List.of("<title>Chat</title>\n"), printed);
  }

  @Test
  void answersEachFrameAsTheTableSays() throws Exception {
    List<WebSocketCase> all = WebSocketCase.all();
    List<String> mistakes = new ArrayList<>();
    for (WebSocketCase one : all) {
      String mistake = one.mistake(server.port());
      if (!mistake.isEmpty()) {
        mistakes.add(mistake);
      }
    }
    assertTrue(all.size() >= 350, () -> "only " + all.size());
    assertEquals(List.of(), mistakes);
  }

  @Test
  void passesOnWhatOneOfThemSaysToAllOthers() throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      var ann = new Peer();
      var bob = new Peer();
      WebSocket annSocket = connect(client, server.port(), "/chat?name=ann", ann);
      ann.expect("* ann has joined");
      WebSocket bobSocket = connect(client, server.port(), "/chat?name=b%C3%B6b", bob);
      ann.expect("* böb has joined");
      bob.expect("* böb has joined");
      annSocket.sendText("hel", false).get(20, SECONDS);
      annSocket.sendText("lo €", true).get(20, SECONDS);
      ann.expect("ann: hello €");
      bob.expect("ann: hello €");
      bobSocket.sendClose(WebSocket.NORMAL_CLOSURE, "bye").get(20, SECONDS);
      bob.expect("closed: 1000");
      ann.expect("* böb has left");
      annSocket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(20, SECONDS);
      ann.expect("closed: 1000");
    }
  }

  @Test
  void saysInADrainThatItGoesAway() throws Exception {
    try (SampleProcess own = SampleProcess.start(folder, "WebSocket", "0");
        HttpClient client = HttpClient.newHttpClient()) {
      var peer = new Peer();
      connect(client, own.port(), "/chat?name=ann", peer);
      peer.expect("* ann has joined");
      own.process().signal("TERM");
      peer.expect("closed: 1001");
      assertEquals(SIGTERM, own.process().exitCode());
      assertFalse(own.process().stderr().contains("Exception"), own.process().stderr());
    }
  }

  @Test
  void hasAPageThatABrowserChatsWith() throws Exception {
    Programs.need("chromium", "chromedriver");
    try (HttpClient client = HttpClient.newHttpClient()) {
      var peer = new Peer();
      WebSocket socket = connect(client, server.port(), "/chat?name=ann", peer);
      peer.expect("* ann has joined");
      ChromeDriver browser = Browser.start(folder);
      try {
        browser.get("http://127.0.0.1:" + server.port() + "/?name=browser");
        peer.expect("* browser has joined");
        socket.sendText("hello, browser", true).get(20, SECONDS);
        peer.expect("ann: hello, browser");
        browser.findElement(By.id("text")).sendKeys("hello, ann\n");
        peer.expect("browser: hello, ann");
        var all = List.of("* browser has joined", "ann: hello, browser", "browser: hello, ann");
        await().until(() -> all.equals(said(browser)));
      } finally {
        browser.quit();
      }
      peer.expect("* browser has left");
      socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(20, SECONDS);
    }
  }

  private static List<String> said(ChromeDriver browser) {
    return browser.findElements(By.tagName("li")).stream().map(WebElement::getText).toList();
  }
}
