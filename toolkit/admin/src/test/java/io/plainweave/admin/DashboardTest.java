package io.plainweave.admin;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.server.Server;
import io.plainweave.server.ServerState;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser. */
@DisplayName("The page of the admin listener")
@Timeout(90)
class DashboardTest {
  private static final Path PICTURES = Path.of("target", "pictures");
  private static final String NASTY = "<img src=x onerror=document.title='owned'>";

  private static Browser browser;

  private final CountDownLatch released = new CountDownLatch(1);
  private final List<Socket> clients = new ArrayList<>();
  private Guarded guarded;

  @BeforeAll
  static void startBrowser(@TempDir Path files) {
    browser = Browser.start(files);
  }

  @AfterAll
  static void quit() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void start() throws Exception {
    guarded =
        Guarded.start(
            Server.builder()
                .drainTimeout(Duration.ofSeconds(60))
                .handler(Guarded.ECHO)
                .listen(Listen.tcp("127.0.0.1", 0).name(NASTY), this::untilReleased));
    browser.resize(1280, 900);
    browser.prefer("light");
  }

  @AfterEach
  void end() throws IOException {
    released.countDown();
    for (Socket client : clients) {
      client.close();
    }
    guarded.close();
  }

  private void untilReleased(Connection connection) throws Exception {
    connection.awaitMessage();
    connection.output().write(connection.input().read());
    connection.output().flush();
    released.await();
  }

  private int portOf(int listener) {
    return ((InetSocketAddress) guarded.server.addresses().get(listener)).getPort();
  }

  private String url() {
    return "http://127.0.0.1:" + portOf(2) + "/";
  }

  private Socket connect(int listener) throws IOException {
    var client = new Socket("127.0.0.1", portOf(listener));
    clients.add(client);
    client.getOutputStream().write('a');
    assertEquals('a', client.getInputStream().read());
    return client;
  }

  private void open() {
    browser.open(url());
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> browser.text("#state").equals("running") && !browser.text("#places").isEmpty());
  }

  private static void awaitText(String selector, String part) {
    await().atMost(Duration.ofSeconds(20)).until(() -> browser.text(selector).contains(part));
  }

  @Test
  void showsTheServerWithoutAnError() throws Exception {
    for (int i = 0; i < 5; i++) {
      connect(1);
    }
    Socket stuck = connect(0);
    connect(1).close();
    open();
    awaitText("#slowest", "127.0.0.1:" + stuck.getLocalPort());
    awaitText("#places", "DashboardTest.untilReleased");
    awaitText("#reasons", "finished");
    assertEquals(
        List.of("Connections by state", "Connections per second", "Bytes per second"),
        browser.texts("figure h3"));
    // Not the title of an attacker, whose markup is a text.
    assertTrue(browser.text("#slowest").contains(NASTY), browser.text("#slowest"));
    assertEquals("Plainweave", browser.run("return document.title"));
    assertEquals(List.of(), browser.errors());
  }

  @Test
  void drawsWhatHappensMeanwhile() throws Exception {
    open();
    Socket busy = connect(1);
    for (int i = 0; i < 50; i++) {
      connect(1);
      busy.getOutputStream().write(new byte[1000]);
      busy.getInputStream().readNBytes(1000);
    }
    connect(0);
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> browser.texts(".figures dd").getFirst().equals("52"));
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> (Long) browser.run("return times.length") >= 5);
    // The lines of the states, of what comes and goes, and of the bytes.
    long points = (Long) browser.run("return kept.get('accepted').filter(it => it > 0).length");
    assertTrue(points > 0);
    assertTrue((Long) browser.run("return Math.max(...kept.get('open in_message'))") >= 1);
    assertTrue(
        (Boolean)
            browser.run(
                """
                return [...document.querySelectorAll("canvas")].every(it => {
                  const all = it.getContext("2d").getImageData(0, 0, it.width, it.height).data;
                  return all.some(it => it > 0);
                });
                """));
    assertEquals(List.of(), browser.errors());
    browser.picture(PICTURES.resolve("desktop-light.png"));
  }

  @Test
  void fitsAPhoneAndTheDark() throws Exception {
    for (int i = 0; i < 20; i++) {
      connect(1);
    }
    connect(0);
    browser.prefer("dark");
    open();
    awaitText("#places", "DashboardTest.untilReleased");
    await().until(() -> (Long) browser.run("return times.length") >= 3);
    browser.picture(PICTURES.resolve("desktop-dark.png"));
    String dark = (String) browser.run("return getComputedStyle(document.body).backgroundColor");
    browser.resize(390, 844);
    await().until(() -> (Boolean) browser.run("return plots.every(it => it.plot.width < 390)"));
    assertEquals(
        390L, browser.run("return document.documentElement.scrollWidth"), "nothing sticks out");
    browser.picture(PICTURES.resolve("phone-dark.png"));
    browser.prefer("light");
    await()
        .until(() ->
            !dark.equals(browser.run("return getComputedStyle(document.body).backgroundColor")));
    browser.picture(PICTURES.resolve("phone-light.png"));
    assertEquals(List.of(), browser.errors());
  }

  @Test
  void drainsOnlyWhenItIsConfirmed() throws Exception {
    Socket client = connect(0);
    open();
    browser.find("#drain").click();
    assertTrue(browser.find("#confirm").isDisplayed());
    browser.picture(PICTURES.resolve("confirm.png"));
    browser.find("#cancel").click();
    assertFalse(browser.find("#confirm").isDisplayed());
    assertEquals(ServerState.RUNNING, guarded.server.state());

    browser.find("#drain").click();
    browser.find("#confirmed").click();
    awaitText("#state", "draining");
    assertEquals(ServerState.DRAINING, guarded.server.state());
    assertEquals("not ready: the server is draining", browser.text("#trouble"));
    assertFalse(browser.find("#drain").isEnabled());
    released.countDown();
    assertEquals(-1, client.getInputStream().read());
    client.close();
    awaitText("#state", "ended");
    assertTrue(guarded.server.awaitTermination(Duration.ofSeconds(20)));
  }

  @Test
  void isTheOnlyOneThatABrowserLetsAsk() throws Exception {
    // A page of another origin, which is another server of ours.
    try (Guarded other = Guarded.start()) {
      browser.open(other.url("/"));
      for (String how :
          new String[] {"{}", "{mode: 'no-cors'}", "{method: 'POST', mode: 'no-cors'}"}) {
        browser.runAsync(
            "const done = arguments[1]; fetch(arguments[0] + 'drain', %s).then(done, done)"
                .formatted(how),
            url());
      }
      browser.run(
          """
          const form = document.createElement("form");
          form.method = "post";
          form.action = arguments[0] + "drain";
          document.body.append(form);
          form.submit();
          """,
          url());
      Programs.curl(other.url("/live"));
      assertEquals(ServerState.RUNNING, guarded.server.state());
    }
    browser.open(
        "data:text/html,<form method=post action='" + url() + "drain'><button>go</button></form>");
    browser.find("button").click();
    awaitText("body", "a page of another origin may not ask here");
    assertEquals(ServerState.RUNNING, guarded.server.state());
    assertNotEquals(0, guarded.server.live().status().accepted());
  }
}
