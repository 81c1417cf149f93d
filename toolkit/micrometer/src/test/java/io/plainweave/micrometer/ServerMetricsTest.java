package io.plainweave.micrometer;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.server.Server;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The meters of a server")
@Timeout(30)
class ServerMetricsTest {
  private static final int FAILS = '!';

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private Server server;
  private ServerMetrics metrics;

  @BeforeEach
  void start() throws Exception {
    server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0).name("busy"))
            .listen(Listen.tcp("127.0.0.1", 0).name("idle"))
            .stopOnSignal(false)
            .handler(ServerMetricsTest::handle)
            .start();
    metrics = new ServerMetrics(server, Tags.of("server", "test"));
    metrics.bindTo(registry);
  }

  @AfterEach
  void end() throws Exception {
    metrics.close();
    server.close();
  }

  private static void handle(Connection connection) throws IOException {
    int first = connection.input().read();
    if (first == FAILS) {
      throw new IllegalStateException("expected by this test");
    }
    connection.output().write(first);
    connection.input().transferTo(connection.output());
  }

  private Socket connect() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), server.port());
  }

  private Socket connectAndExchange() throws IOException {
    Socket client = connect();
    client.getOutputStream().write('a');
    assertEquals('a', client.getInputStream().read());
    return client;
  }

  private double gauge(String name, String... tags) {
    return registry.get("plainweave." + name).tags(tags).tag("server", "test").gauge().value();
  }

  private double count(String name, String... tags) {
    FunctionCounter counter =
        registry.get("plainweave." + name).tags(tags).tag("server", "test").functionCounter();
    return counter.count();
  }

  private static void eventually(double expected, DoubleSupplier figure) {
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertEquals(expected, figure.getAsDouble()));
  }

  @Test
  void countWhatTheClientsHaveDone() throws Exception {
    for (int i = 0; i < 5; i++) {
      try (Socket client = connectAndExchange()) {
        client.shutdownOutput();
        assertEquals(-1, client.getInputStream().read());
      }
    }
    for (int i = 0; i < 3; i++) {
      try (Socket client = connect()) {
        client.getOutputStream().write(FAILS);
        client.getInputStream().transferTo(OutputStream.nullOutputStream());
      } catch (IOException reset) {
        // As after every failure of a handler.
      }
    }
    Socket reset = connectAndExchange();
    reset.setSoLinger(true, 0);
    reset.close();
    try (Socket _ = connectAndExchange();
        Socket _ = connectAndExchange()) {
      eventually(
          2,
          () ->
              gauge("connections.open", "state", "waiting")
                  + gauge("connections.open", "state", "working"));
      eventually(2, () -> gauge("listener.connections", "listener", "busy"));
      assertEquals(0, gauge("listener.connections", "listener", "idle"));
      eventually(11, () -> count("connections.accepted"));
      eventually(5, () -> count("connections.closed", "reason", "finished"));
      eventually(3, () -> count("connections.closed", "reason", "handler_failed"));
      eventually(1, () -> count("connections.closed", "reason", "peer_reset"));
      assertEquals(0, count("connections.closed", "reason", "drained"));
      eventually(11, () -> count("received"));
      eventually(8, () -> count("sent"));
    }
    server.drain();
    eventually(11, () -> count("connections.accepted"));
  }

  @Test
  void areAsManyHoweverManyConnectionsThereAre() throws Exception {
    int before = registry.getMeters().size();
    List<Socket> clients = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      clients.add(connectAndExchange());
    }
    eventually(200, () -> gauge("listener.connections", "listener", "busy"));
    assertEquals(before, registry.getMeters().size());
    for (Socket client : clients) {
      client.close();
    }
  }

  @Test
  void haveADescriptionAndAUnit() {
    for (Meter meter : registry.getMeters()) {
      assertNotNull(meter.getId().getDescription(), meter.getId()::toString);
      assertNotNull(meter.getId().getBaseUnit(), meter.getId()::toString);
      assertEquals("test", meter.getId().getTag("server"));
    }
  }

  @Test
  void areInTheTableOfTheReadme() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    Set<String> inTable =
        Pattern.compile("`(plainweave\\.[a-z.]+)`")
            .matcher(readme)
            .results()
            .map(found -> found.group(1))
            .collect(Collectors.toSet());
    Set<String> there =
        registry.getMeters().stream()
            .map(meter -> meter.getId().getName())
            .collect(Collectors.toSet());
    assertEquals(there, inTable);
  }

  @Test
  void areGoneWhenTheyAreClosed() {
    assertFalse(registry.getMeters().isEmpty());
    metrics.close();
    assertEquals(List.of(), registry.getMeters());
  }
}
