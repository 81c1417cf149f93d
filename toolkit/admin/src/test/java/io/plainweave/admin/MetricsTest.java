package io.plainweave.admin;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.plainweave.Listen;
import io.plainweave.micrometer.ServerMetrics;
import io.plainweave.server.Server;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.io.StringWriter;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The metrics of the admin listener")
@Timeout(90)
class MetricsTest {
  private static final Path DASHBOARD = Path.of("../micrometer/dashboard/plainweave.json");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int CLIENTS = 7;

  /** What is another number a moment later. */
  private static final Pattern MOVES =
      Pattern.compile("plainweave_(event_loop_time_seconds_total|carriers_busy_threads|queued)");

  private final List<Socket> clients = new ArrayList<>();
  private Guarded guarded;

  @BeforeEach
  void start() throws Exception {
    guarded =
        Guarded.start(
            Server.builder()
                .handler(Guarded.ECHO)
                .listen(Listen.tcp("127.0.0.1", 0).name("odd \"name\" \\ of\none"))
                .datagrams(Udp.at("127.0.0.1", 0), _ -> {}));
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(connect());
    }
    connect().close();
    await().until(() -> guarded.server.live().status().totalClosed() == 1);
  }

  private Socket connect() throws IOException {
    int port = ((InetSocketAddress) guarded.server.addresses().get(1)).getPort();
    var client = new Socket("127.0.0.1", port);
    client.getOutputStream().write('a');
    assertEquals('a', client.getInputStream().read());
    return client;
  }

  @AfterEach
  void end() throws IOException {
    for (Socket client : clients) {
      client.close();
    }
    guarded.close();
  }

  private String url() {
    int port = ((InetSocketAddress) guarded.server.addresses().get(2)).getPort();
    return "http://127.0.0.1:" + port + "/metrics";
  }

  /** The lines by what they are about, each with what it says: of a sample the number. */
  private static SortedMap<String, String> lines(String exposition) {
    SortedMap<String, String> lines = new TreeMap<>();
    for (String line : exposition.split("\n")) {
      int space = line.startsWith("# ") ? line.indexOf(' ', 7) : line.lastIndexOf(' ');
      String value = line.substring(space + 1);
      lines.put(
          line.substring(0, space),
          line.startsWith("#")
              ? value
              : MOVES.matcher(line).lookingAt()
                  ? "moves"
                  : Double.toString(Double.parseDouble(value)));
    }
    return lines;
  }

  @Test
  void areThoseOfMicrometerToTheLastLabel() throws IOException {
    var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    try (var metrics = new ServerMetrics(guarded.server)) {
      metrics.bindTo(registry);
      var own = new StringWriter();
      Exposition.write(own, guarded.server.live().status());
      SortedMap<String, String> theirs = lines(registry.scrape());
      assertTrue(theirs.size() > 60, theirs::toString);
      assertEquals(
          String.join("\n", theirs.entrySet().stream().map(Object::toString).toList()),
          String.join(
              "\n", lines(own.toString()).entrySet().stream().map(Object::toString).toList()));
    }
  }

  @Test
  void areWhatPrometheusCallsWellFormed(@TempDir Path folder) throws Exception {
    Programs.need("promtool");
    Path scraped = folder.resolve("metrics.txt");
    String head = Programs.curl("-D", "-", "-o", scraped.toString(), url());
    assertTrue(head.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8"), head);
    Process promtool =
        new ProcessBuilder("promtool", "check", "metrics")
            .redirectInput(scraped.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(promtool.waitFor(20, TimeUnit.SECONDS));
    assertFalse(said.contains("error"), said);
  }

  @Test
  void areScrapedByPrometheusAndFillTheDashboard(@TempDir Path folder) throws Exception {
    Programs.need("prometheus");
    int port = freePort();
    Process prometheus = startPrometheus(folder, port);
    try {
      await()
          .atMost(Duration.ofSeconds(60))
          .ignoreExceptions()
          .until(() -> value(ask(port, "count_over_time(plainweave_sent_bytes_total[1m])")) >= 3);
      assertEquals(1, value(ask(port, "up")));
      assertEquals(
          CLIENTS, value(ask(port, "plainweave_listener_connections{listener=\"service\"}")));
      String queries = Files.readString(DASHBOARD);
      List<String> asked = JSON.readTree(queries).findValuesAsText("expr");
      assertFalse(asked.isEmpty());
      for (String each : asked) {
        // As Grafana fills them in.
        String query = each.replace("$__rate_interval", "1m").replace("$instance", ".*");
        await()
            .atMost(Duration.ofSeconds(20))
            .untilAsserted(
                () -> assertFalse(ask(port, query).isEmpty(), () -> query + " has no result"));
      }
    } finally {
      prometheus.destroy();
      assertTrue(prometheus.waitFor(20, TimeUnit.SECONDS));
    }
  }

  private Process startPrometheus(Path folder, int port) throws IOException {
    Path settings =
        Files.writeString(
            folder.resolve("prometheus.yml"),
            """
            global:
              scrape_interval: 1s
            scrape_configs:
              - job_name: plainweave
                static_configs:
                  - targets: ['%s']
            """
                .formatted(url().replace("http://", "").replace("/metrics", "")));
    return new ProcessBuilder(
            "prometheus",
            "--config.file=" + settings,
            "--storage.tsdb.path=" + folder.resolve("data"),
            "--web.listen-address=127.0.0.1:" + port)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("prometheus.log").toFile())
        .start();
  }

  /** Not of those that the kernel gives to clients. */
  private static int freePort() throws IOException {
    while (true) {
      int candidate = ThreadLocalRandom.current().nextInt(10_000, 30_000);
      try (var _ = new ServerSocket(candidate, 1, InetAddress.getLoopbackAddress())) {
        return candidate;
      } catch (BindException taken) {
        continue;
      }
    }
  }

  private static JsonNode ask(int port, String query) throws Exception {
    String answer =
        Programs.curl(
            "http://127.0.0.1:%d/api/v1/query?query=%s"
                .formatted(port, URLEncoder.encode(query, StandardCharsets.UTF_8)));
    JsonNode read = JSON.readTree(answer);
    assertEquals("success", read.path("status").asText(), () -> query + ": " + answer);
    return read.path("data").path("result");
  }

  private static double value(JsonNode result) {
    return result.path(0).path("value").path(1).asDouble(-1);
  }
}
