package io.plainweave.admin;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.plainweave.CloseReason;
import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.server.Server;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The connections that the admin listener shows")
@Timeout(60)
class ConnectionsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String NASTY = "a\"b\\c<script>\u0007\u00e4\ud83d\ude00";

  private final Queue<CloseReason> reasons = new ConcurrentLinkedQueue<>();
  private final List<Socket> clients = new ArrayList<>();
  private Guarded guarded;

  @BeforeEach
  void start() throws Exception {
    guarded =
        Guarded.start(
            Server.builder()
                .handler(Guarded.ECHO)
                .listen(Listen.tcp("127.0.0.1", 0).name(NASTY), Guarded::hold)
                .observer(event -> {
                  if (event instanceof ServerEvent.ConnectionClosed closed) {
                    reasons.add(closed.reason());
                  }
                }));
  }

  @AfterEach
  void end() throws IOException {
    for (Socket client : clients) {
      client.close();
    }
    guarded.close();
  }

  private int portOf(int listener) {
    return ((InetSocketAddress) guarded.server.addresses().get(listener)).getPort();
  }

  private String url(String path) {
    return "http://127.0.0.1:" + portOf(2) + path;
  }

  private Socket connect(int listener) throws IOException {
    var client = new Socket("127.0.0.1", portOf(listener));
    clients.add(client);
    client.getOutputStream().write('a');
    assertEquals('a', client.getInputStream().read());
    return client;
  }

  private JsonNode ask(String path) throws Exception {
    return JSON.readTree(Programs.curl(url(path)));
  }

  private long idOf(String listener) throws Exception {
    JsonNode all = ask("/connections?listener=" + listener);
    assertEquals(1, all.size(), all::toString);
    return all.get(0).path("id").asLong();
  }

  @Test
  void areAsTheyStand() throws Exception {
    Socket client = connect(1);
    JsonNode all = ask("/connections?listener=service&state=waiting,working");
    JsonNode only = all.get(0);
    assertEquals("127.0.0.1:" + client.getLocalPort(), only.path("peer").asText());
    assertEquals("127.0.0.1:" + client.getPort(), only.path("local").asText());
    assertEquals(1, only.path("received").asLong());
    assertEquals(1, only.path("sent").asLong());
    assertFalse(only.path("outbound").asBoolean());
    JsonNode admin = ask("/connections?listener=admin").get(0);
    assertEquals("in_message", admin.path("state").asText());
  }

  @Test
  void areFoundByWhatIsAskedFor() throws Exception {
    connect(1);
    connect(1);
    connect(0);
    assertEquals(4, ask("/connections").size());
    assertEquals(2, ask("/connections?listener=service").size());
    assertEquals(0, ask("/connections?listener=none").size());
    assertEquals(4, ask("/connections?network=127.0.0.0/8").size());
    assertEquals(0, ask("/connections?network=10.0.0.0/8").size());
    assertEquals(0, ask("/connections?older-than=1h").size());
    assertEquals(4, ask("/connections?older-than=0").size());
    assertEquals(3, ask("/connections?limit=3").size());
    assertEquals(0, ask("/connections?sort=age&limit=0").size());
    for (String wrong :
        new String[] {
          "network=here",
          "older-than=long",
          "state=gone",
          "sort=name",
          "limit=-1",
          "limit=x",
          "sort=age&limit=10001",
          "format=xml"
        }) {
      String answer = Programs.status(url("/connections?" + wrong));
      assertTrue(answer.startsWith("400 "), answer);
    }
  }

  @Test
  void areSortedByWhatIsLargest() throws Exception {
    connect(1);
    Socket busy = connect(1);
    for (int i = 0; i < 10; i++) {
      busy.getOutputStream().write('a');
      assertEquals('a', busy.getInputStream().read());
    }
    connect(1);
    JsonNode most = ask("/connections?listener=service&sort=bytes&limit=1");
    assertEquals("127.0.0.1:" + busy.getLocalPort(), most.get(0).path("peer").asText());
    for (String sort : new String[] {"age", "in-state"}) {
      String field = sort.equals("age") ? "ageMillis" : "inStateMillis";
      JsonNode sorted = ask("/connections?sort=" + sort);
      assertEquals(4, sorted.size());
      for (int i = 1; i < sorted.size(); i++) {
        assertTrue(
            sorted.get(i - 1).path(field).asLong() >= sorted.get(i).path(field).asLong(),
            sorted::toString);
      }
    }
  }

  @Test
  void areATableForPeople() throws Exception {
    Socket client = connect(0);
    for (String table :
        new String[] {
          Programs.curl(url("/connections?format=text")),
          Programs.curl("-H", "Accept: text/plain", url("/connections"))
        }) {
      assertTrue(table.startsWith("       ID  STATE"), table);
      assertTrue(table.contains("  127.0.0.1:" + client.getLocalPort() + "\n"), table);
      assertEquals(3, table.lines().count(), table);
      assertFalse(table.contains("\u0007"), table);
    }
  }

  @Test
  void haveNamesThatDoNoHarm() throws Exception {
    connect(0);
    String json = Programs.curl(url("/connections"));
    assertFalse(json.contains("<"), json);
    assertTrue(json.chars().allMatch(c -> c == '\n' || (c >= ' ' && c <= '~')), json);
    assertTrue(JSON.readTree(json).findValuesAsText("listener").contains(NASTY), json);
    String metrics = Programs.curl(url("/metrics"));
    assertTrue(metrics.contains("{listener=\"a\\\"b\\\\c<script>"), metrics);
  }

  @Test
  void areEndedInOrderForAReason() throws Exception {
    Socket client = connect(1);
    long id = idOf("service");
    assertEquals(
        "200 connection " + id + " is ended",
        Programs.status("-d", "he floods\nus", url("/connections/" + id + "/end")));
    assertEquals(-1, client.getInputStream().read());
    await().until(() -> reasons.contains(new CloseReason.EndedByOperator("he floods\nus")));
    await()
        .until(() ->
            Programs.status("-X", "POST", url("/connections/" + id + "/end")).startsWith("404 "));
  }

  @Test
  void areResetForAReasonWhateverTheirHandlersDo() throws Exception {
    Socket client = connect(0);
    JsonNode one = ask("/connections?network=127.0.0.1/32&sort=age&limit=1").get(0);
    long id = one.path("id").asLong();
    JsonNode look = ask("/connections/" + id);
    assertTrue(
        look.path("line").asText().startsWith("io.plainweave.admin.Guarded.hold("), look::toString);
    assertNotEquals(0, look.path("stack").size());
    assertEquals(
        "200 connection " + id + " is reset",
        Programs.status("-X", "POST", url("/connections/" + id + "/reset?reason=too%20old")));
    try {
      assertEquals(-1, client.getInputStream().read());
    } catch (SocketException reset) {
      // As it should be.
    }
    await().until(() -> reasons.contains(new CloseReason.EndedByOperator("too old")));
  }

  @Test
  void areNotThatOfTheRequestWhenTheyAreEnded() throws Exception {
    var client = new Socket("127.0.0.1", portOf(2));
    clients.add(client);
    ask(client, "GET /live");
    String own = "127.0.0.1:" + client.getLocalPort();
    for (JsonNode each : ask("/connections?listener=admin")) {
      if (each.path("peer").asText().equals(own)) {
        String answer = ask(client, "POST /connections/" + each.path("id").asLong() + "/end");
        assertTrue(answer.startsWith("HTTP/1.1 409 "), answer);
      }
    }
    assertTrue(ask(client, "GET /live").endsWith("live\n"));
  }

  private static String ask(Socket client, String request) throws IOException {
    String head = request + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    return Guarded.readAnswer(client.getInputStream());
  }

  @Test
  void areCountedByTheLineAtWhichTheirHandlersStand() throws Exception {
    connect(0);
    connect(0);
    connect(1);
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> {
          JsonNode positions = ask("/positions");
          JsonNode first = positions.path("places").get(0);
          assertTrue(
              first.path("line").asText().startsWith("io.plainweave.admin.Guarded.hold("),
              positions::toString);
          assertEquals(2, first.path("connections").asInt(), positions::toString);
        });
    String text = Programs.curl(url("/positions?format=text"));
    assertTrue(text.contains(" io.plainweave.admin.Guarded.hold("), text);
  }

  @Test
  void mayHaveANameThatTheDumpOfTheJdkDoesNotSurvive() throws Exception {
    connect(0);
    String answer = Programs.status(url("/threads"));
    assertTrue(
        answer.startsWith("200 process ")
            || answer.startsWith("503 the threads cannot be written: this JDK writes no name "),
        answer);
  }
}
