package io.plainweave.micrometer;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.plainweave.Listen;
import io.plainweave.server.Server;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Debian's Prometheus scrapes a server; the queries of the dashboard are asked there. */
@DisplayName("Prometheus")
@Timeout(90)
class PrometheusTest {
  private static final int CLIENTS = 7;
  private static final Path DASHBOARD = Path.of("dashboard/plainweave.json");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private static Path folder;

  private static final List<Socket> CONNECTED = new ArrayList<>();
  private static Server server;
  private static HttpServer http;
  private static Process prometheus;
  private static HttpClient client;
  private static int port;

  @BeforeAll
  static void start() throws Exception {
    boolean found = isOnPath("prometheus");
    assertTrue(found || !"true".equals(System.getenv("CI")), "there is no prometheus");
    assumeTrue(found, "there is no prometheus");
    server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0).name("echo"))
            .stopOnSignal(false)
            .handler(connection -> connection.input().transferTo(connection.output()))
            .start();
    for (int i = 0; i < CLIENTS; i++) {
      var connected = new Socket(InetAddress.getLoopbackAddress(), server.port());
      connected.getOutputStream().write('a');
      assertEquals('a', connected.getInputStream().read());
      CONNECTED.add(connected);
    }
    var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new ServerMetrics(server).bindTo(registry);
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.createContext(
        "/metrics",
        exchange -> {
          byte[] page = registry.scrape().getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("Content-Type", "text/plain; version=0.0.4");
          exchange.sendResponseHeaders(200, page.length);
          try (var body = exchange.getResponseBody()) {
            body.write(page);
          }
        });
    http.start();
    client = HttpClient.newHttpClient();
    port = freePort();
    prometheus = startPrometheus();
    await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(() -> scrapes() >= 3);
  }

  @AfterAll
  static void end() throws Exception {
    if (prometheus != null) {
      prometheus.destroy();
      assertTrue(prometheus.waitFor(20, TimeUnit.SECONDS));
    }
    if (client != null) {
      client.close();
    }
    if (http != null) {
      http.stop(0);
    }
    for (Socket connected : CONNECTED) {
      connected.close();
    }
    if (server != null) {
      server.close();
    }
  }

  private static Process startPrometheus() throws IOException {
    Path settings =
        Files.writeString(
            folder.resolve("prometheus.yml"),
            """
            global:
              scrape_interval: 1s
            scrape_configs:
              - job_name: plainweave
                static_configs:
                  - targets: ['127.0.0.1:%d']
            """
                .formatted(http.getAddress().getPort()));
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

  private static boolean isOnPath(String program) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }

  private static JsonNode ask(String query) throws IOException, InterruptedException {
    URI uri =
        URI.create(
            "http://127.0.0.1:%d/api/v1/query?query=%s"
                .formatted(port, URLEncoder.encode(query, StandardCharsets.UTF_8)));
    HttpResponse<String> response =
        client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    JsonNode answer = JSON.readTree(response.body());
    assertEquals("success", answer.path("status").asText(), () -> query + ": " + response.body());
    return answer.path("data").path("result");
  }

  private static double value(JsonNode result) {
    return result.path(0).path("value").path(1).asDouble(-1);
  }

  private static double scrapes() throws IOException, InterruptedException {
    return value(ask("count_over_time(plainweave_connections_accepted_connections_total[1m])"));
  }

  @Test
  void hasTheNumbersOfTheServer() throws Exception {
    assertEquals(CLIENTS, value(ask("plainweave_connections_accepted_connections_total")));
    assertEquals(CLIENTS, value(ask("plainweave_listener_connections{listener=\"echo\"}")));
    assertEquals(CLIENTS, value(ask("sum(plainweave_connections_open_connections)")));
    assertEquals(CLIENTS, value(ask("plainweave_received_bytes_total")));
    assertEquals(0, value(ask("sum(plainweave_connections_closed_connections_total)")));
  }

  @Test
  void answersEachQueryOfTheDashboard() throws Exception {
    JsonNode dashboard = JSON.readTree(DASHBOARD.toFile());
    List<String> queries = dashboard.findValuesAsText("expr");
    assertFalse(queries.isEmpty());
    for (String query : queries) {
      // As Grafana fills them in.
      String asked = query.replace("$__rate_interval", "1m").replace("$instance", ".*");
      await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(() -> assertFalse(ask(asked).isEmpty(), () -> asked + " has no result"));
    }
    String instances = dashboard.path("templating").path("list").path(1).path("query").asText();
    String metric = instances.substring("label_values(".length(), instances.indexOf(','));
    assertFalse(ask(metric).isEmpty(), instances);
  }
}
