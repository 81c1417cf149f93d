package io.plainweave.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.Deadline;
import io.plainweave.Listen;
import io.plainweave.PeerState;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Network;
import io.plainweave.admission.Refusal;
import io.plainweave.client.Connector;
import io.plainweave.framing.Lines;
import io.plainweave.jmx.JmxRegistration;
import io.plainweave.messaging.Outbox;
import io.plainweave.server.Server;
import io.plainweave.status.ServerStatus;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.management.MBeanServer;
import javax.management.openmbean.CompositeData;
import javax.management.openmbean.TabularData;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Ten thousand connections by a script, with every kind of end, counted in five ways. */
@DisplayName("The totals of a server")
@Timeout(120)
class ExactNumbersTest {
  private static final int CLIENTS = 8;
  private static final int LONGEST_LINE = 64;
  private static final String CRLF = "\r\n";

  /** From which the server takes nobody. */
  private static final String DENIED = "127.0.0.9";

  /** Whose connections an operator ends. */
  private static final String UNWANTED = "127.0.0.10";

  @TempDir private Path folder;

  private final CountDownLatch released = new CountDownLatch(1);
  private Server server;
  private int nobody;

  /** What a client does, how often, and how its connection ends. */
  private enum Script {
    FINISHED(3_000, CloseReason.Finished.class, "hello"),
    PEER_RESET(1_500, CloseReason.PeerReset.class, "hello"),
    TRUNCATED(1_000, CloseReason.Truncated.class, "half a line"),
    MALFORMED(1_000, CloseReason.Malformed.class, "x".repeat(LONGEST_LINE + 1)),
    HANDLER_FAILED(1_000, CloseReason.HandlerFailed.class, "fail"),
    ABORTED(1_000, CloseReason.Aborted.class, "abort"),
    UPSTREAM_FAILED(300, CloseReason.UpstreamFailed.class, "upstream"),
    DEADLINE(300, CloseReason.TimedOut.class, "hurry"),
    PEER_FINISHED(300, CloseReason.PeerFinished.class, "watch"),
    SLOW_PEER(20, CloseReason.SlowPeer.class, "flood"),
    TLS_FAILED(180, CloseReason.TlsFailed.class, "this is no TLS\r\n"),
    ENDED_BY_OPERATOR(100, CloseReason.EndedByOperator.class, "hello"),
    DENIED(200, CloseReason.Refused.class, ""),
    DRAINED(60, CloseReason.Drained.class, "hello"),
    CANCELLED(40, CloseReason.Cancelled.class, "stick");

    private final int times;
    private final Class<? extends CloseReason> reason;
    private final String says;

    Script(int times, Class<? extends CloseReason> reason, String says) {
      this.times = times;
      this.reason = reason;
      this.says = says;
    }
  }

  private void serve(Connection connection) throws Exception {
    Lines lines = Lines.crlf(connection, LONGEST_LINE);
    for (String line; (line = lines.read()) != null; ) {
      switch (line) {
        case "fail" -> throw new IllegalStateException("expected by this test");
        case "abort" -> connection.abort();
        case "upstream" -> {
          try (Connection _ = Connector.tcp("127.0.0.1", nobody).connect()) {
            throw new AssertionError("somebody is there");
          }
        }
        case "hurry" -> Deadline.in(Duration.ofMillis(20)).call(() -> connection.input().read());
        case "watch" -> {
          try (ConnectionScope scope = connection.openScope()) {
            scope.endWhen(PeerState.FINISHED);
            scope.fork(
                "waits",
                () -> {
                  released.await();
                  return null;
                });
            lines.write(line);
            connection.output().flush();
            scope.join();
          }
        }
        case "flood" -> flood(connection);
        case "stick" -> {
          lines.write(line);
          connection.output().flush();
          released.await();
        }
        default -> lines.write(line);
      }
    }
  }

  private static void flood(Connection connection) throws Exception {
    try (ConnectionScope scope = connection.openScope()) {
      var outbox = new Outbox(connection, 4, Outbox.Policy.DISCONNECT);
      scope.fork("outbox", outbox);
      byte[] message = new byte[64 * 1024];
      while (connection.isOpen()) {
        outbox.offer(message);
      }
      scope.join();
    }
  }

  private void play(Script script) throws Exception {
    try (Socket client = connect(script)) {
      switch (script) {
        case FINISHED -> {
          exchange(client, script.says);
          client.shutdownOutput();
          drainInput(client);
        }
        case PEER_RESET -> {
          exchange(client, script.says);
          client.setSoLinger(true, 0);
        }
        case TRUNCATED -> {
          send(client, script.says);
          client.shutdownOutput();
          drainInput(client);
        }
        case PEER_FINISHED -> {
          exchange(client, script.says);
          client.shutdownOutput();
          drainInput(client);
        }
        case SLOW_PEER -> {
          send(client, script.says + CRLF);
          awaitReset(client);
        }
        case MALFORMED, TLS_FAILED -> {
          send(client, script.says);
          drainInput(client);
        }
        case DENIED -> drainInput(client);
        default -> {
          send(client, script.says + CRLF);
          drainInput(client);
        }
      }
    }
  }

  private Socket connect(Script script) throws IOException {
    var client = new Socket();
    if (script == Script.SLOW_PEER) {
      client.setReceiveBufferSize(4 * 1024);
    }
    client.bind(
        new InetSocketAddress(
            switch (script) {
              case DENIED -> DENIED;
              case ENDED_BY_OPERATOR -> UNWANTED;
              default -> "127.0.0.1";
            },
            0));
    int listener = script == Script.TLS_FAILED ? 1 : 0;
    client.connect(server.addresses().get(listener));
    return client;
  }

  private static void send(Socket client, String text) throws IOException {
    client.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static void exchange(Socket client, String line) throws IOException {
    send(client, line + CRLF);
    byte[] echo = client.getInputStream().readNBytes(line.length() + CRLF.length());
    assertEquals(line + CRLF, new String(echo, StandardCharsets.US_ASCII));
  }

  /** To the end, which may be a reset. */
  private static void drainInput(Socket client) {
    try {
      client.getInputStream().transferTo(OutputStream.nullOutputStream());
    } catch (IOException reset) {
      // As its script has it.
    }
  }

  /** Does not read, so that its buffers fill up, and writes until that fails. */
  private static void awaitReset(Socket client) {
    byte[] chunk = new byte[16 * 1024];
    try {
      while (true) {
        client.getOutputStream().write(chunk);
      }
    } catch (IOException reset) {
      // What it has waited for.
    }
  }

  @Test
  void areTheSameInStatusJmxPrometheusAndTheFlightRecorderAndWhatTheScriptDid() throws Exception {
    try (ServerSocket gone = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = gone.getLocalPort();
    }
    var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    Path file = folder.resolve("exact.jfr");
    Map<String, Long> jmx;
    try (var recording = new Recording()) {
      recording.enable("io.plainweave.ConnectionOpened");
      recording.enable("io.plainweave.ConnectionClosed").withThreshold(Duration.ZERO);
      recording.enable("io.plainweave.ConnectionsRefused");
      recording.start();
      server = start();
      new ServerMetrics(server).bindTo(registry);
      try (JmxRegistration bean = JmxRegistration.register(server, "exact")) {
        playAll();
        endByOperator();
        drainAndCancel();
        jmx = closedByJmx(bean);
      }
      recording.stop();
      recording.dump(file);
    }

    Map<String, Long> expected = new TreeMap<>();
    for (Script script : Script.values()) {
      if (script != Script.DENIED) {
        expected.put(script.reason.getSimpleName(), (long) script.times);
      }
    }
    long accepted = expected.values().stream().mapToLong(n -> n).sum();
    assertEquals(10_000, accepted + Script.DENIED.times);
    ServerStatus status = server.live().status();
    String scrape = registry.scrape();
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);

    assertEquals(expected, closedByStatus(status));
    assertEquals(expected, jmx);
    assertEquals(expected, closedByPrometheus(scrape));
    assertEquals(expected, closedByFlightRecorder(events));

    assertEquals(accepted, status.accepted());
    assertEquals(accepted, sum(scrape, "plainweave_connections_accepted_connections_total"));
    assertEquals(accepted, count(events, "ConnectionOpened"));

    assertEquals(Map.of(Refusal.DENIED, (long) Script.DENIED.times), status.refused());
    assertEquals(
        Script.DENIED.times, sum(scrape, "plainweave_connections_refused_connections_total"));
    assertEquals(Script.DENIED.times, sum(events, "ConnectionsRefused", "count"));

    assertEquals(status.received(), sum(scrape, "plainweave_received_bytes_total"));
    assertEquals(status.received(), sum(events, "ConnectionClosed", "received"));
    assertEquals(status.sent(), sum(scrape, "plainweave_sent_bytes_total"));
    assertEquals(status.sent(), sum(events, "ConnectionClosed", "sent"));
    assertEquals(Script.TLS_FAILED.times, status.handshakesFailed());
    assertEquals(0, status.totalOpen());
    assertEquals(0, sum(scrape, "plainweave_connections_open_connections"));
  }

  private Server start() throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0).name("plain"))
        .listen(Listen.tcp("127.0.0.1", 0).name("tls").tls(tls()))
        .admission(AdmissionRules.DEFAULT.deny(Set.of(Network.parse(DENIED))))
        .timeLimits(TimeLimits.NONE.linger(Duration.ofSeconds(10)))
        .drainTimeout(Duration.ofSeconds(1))
        .stopOnSignal(false)
        .handler(this::serve)
        .start();
  }

  private ServerTls tls() throws Exception {
    Path keys = folder.resolve("keys.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "server",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-storetype",
                "PKCS12",
                "-storepass",
                "secret",
                "-keystore",
                keys.toString())
            .inheritIO()
            .start();
    assertEquals(0, keytool.waitFor());
    return ServerTls.builder().identity(Identity.pkcs12(keys, "secret".toCharArray())).build();
  }

  /** Those that end while the server runs, in an order of chance, by several clients. */
  private void playAll() throws Exception {
    List<Script> all = new ArrayList<>();
    for (Script script : Script.values()) {
      switch (script) {
        case ENDED_BY_OPERATOR, DRAINED, CANCELLED -> {}
        default -> all.addAll(Collections.nCopies(script.times, script));
      }
    }
    Collections.shuffle(all, new Random(15));
    try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
      List<Future<?>> played = new ArrayList<>();
      for (Script script : all) {
        played.add(
            clients.submit(() -> {
              play(script);
              return null;
            }));
      }
      for (Future<?> each : played) {
        each.get();
      }
    }
    assertTrue(server.awaitConnections(0, Duration.ofSeconds(30)));
  }

  private List<Socket> connectAndStay(Script script) throws IOException {
    List<Socket> clients = new ArrayList<>();
    for (int i = 0; i < script.times; i++) {
      clients.add(connect(script));
      exchange(clients.getLast(), script.says);
    }
    return clients;
  }

  private static void leave(List<Socket> clients) throws IOException {
    for (Socket client : clients) {
      drainInput(client);
      client.close();
    }
  }

  private void endByOperator() throws Exception {
    List<Socket> clients = connectAndStay(Script.ENDED_BY_OPERATOR);
    server
        .live()
        .find(connection -> connection.isPeerIn(Network.parse(UNWANTED)))
        .forEach(connection -> assertTrue(connection.end("unwanted")));
    leave(clients);
    assertTrue(server.awaitConnections(0, Duration.ofSeconds(30)));
  }

  private void drainAndCancel() throws Exception {
    List<Socket> clients = connectAndStay(Script.DRAINED);
    clients.addAll(connectAndStay(Script.CANCELLED));
    server.drain();
    leave(clients);
    assertTrue(server.awaitTermination(Duration.ofSeconds(30)));
  }

  private static Map<String, Long> closedByStatus(ServerStatus status) {
    return status.closed().entrySet().stream()
        .filter(entry -> entry.getValue() != 0)
        .collect(
            Collectors.toMap(
                entry -> entry.getKey().getSimpleName(),
                Map.Entry::getValue,
                Long::sum,
                TreeMap::new));
  }

  private static Map<String, Long> closedByJmx(JmxRegistration bean) throws Exception {
    MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
    var table = (TabularData) beans.getAttribute(bean.name(), "ClosedConnections");
    Map<String, Long> closed = new TreeMap<>();
    for (Object row : table.values()) {
      var entry = (CompositeData) row;
      if ((Long) entry.get("value") != 0) {
        closed.put((String) entry.get("key"), (Long) entry.get("value"));
      }
    }
    return closed;
  }

  private static Map<String, Long> closedByPrometheus(String scrape) {
    Map<String, Long> byLabel = new TreeMap<>();
    Pattern.compile(
            "^plainweave_connections_closed_connections_total\\{.*reason=\"(\\w+)\".*} (\\S+)$",
            Pattern.MULTILINE)
        .matcher(scrape)
        .results()
        .filter(line -> Double.parseDouble(line.group(2)) != 0)
        .forEach(line -> byLabel.put(line.group(1), (long) Double.parseDouble(line.group(2))));
    Map<String, Long> closed = new TreeMap<>();
    for (Script script : Script.values()) {
      String name = script.reason.getSimpleName();
      String label = name.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
      Long value = byLabel.remove(label);
      if (value != null) {
        closed.put(name, value);
      }
    }
    closed.putAll(byLabel);
    return closed;
  }

  private static Map<String, Long> closedByFlightRecorder(List<RecordedEvent> events) {
    return events.stream()
        .filter(event -> event.getEventType().getName().equals("io.plainweave.ConnectionClosed"))
        .collect(
            Collectors.groupingBy(
                event -> event.getString("reason"), TreeMap::new, Collectors.counting()));
  }

  /** Of all series of a metric. */
  private static long sum(String scrape, String metric) {
    return scrape
        .lines()
        .filter(line -> line.startsWith(metric + " ") || line.startsWith(metric + "{"))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static long count(List<RecordedEvent> events, String name) {
    return events.stream()
        .filter(event -> event.getEventType().getName().equals("io.plainweave." + name))
        .count();
  }

  private static long sum(List<RecordedEvent> events, String name, String field) {
    return events.stream()
        .filter(event -> event.getEventType().getName().equals("io.plainweave." + name))
        .mapToLong(event -> event.getLong(field))
        .sum();
  }
}
