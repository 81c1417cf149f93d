package io.plainweave.internal.recording;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toSet;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TcpOptions;
import io.plainweave.TimeLimits;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.EachEvent;
import io.plainweave.fixture.MemoryConnection;
import io.plainweave.fixture.NeedsModule;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.TlsServer;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import jdk.jfr.Recording;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A recording")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class RecordingTest {
  private static final int COUNT = 7;

  private static final Set<String> OF_JFR =
      Set.of("startTime", "duration", "eventThread", "stackTrace");

  /** Of {@link EachEvent}. */
  private static final String FAILURE = "java.io.IOException: expected by this test";

  /** Echoes, until it is told by a byte to end otherwise. */
  private static final Handler BY_BYTE =
      connection -> {
        for (int b; (b = connection.input().read()) >= 0; ) {
          switch (b) {
            case 'f' -> throw new IllegalStateException("expected by this test");
            case 'a' -> connection.abort("asked to");
            default -> connection.output().write(b);
          }
        }
      };

  @TempDir Path folder;

  private final ConnectionEvents told = new ConnectionEvents();

  /** What the recorder opens at its first use, it keeps. */
  @BeforeAll
  static void beginToRecordOnce() {
    try (var first = new Recording()) {
      first.start();
    }
  }

  private static Recording begin(String... alsoOn) {
    var recording = new Recording();
    for (String name : alsoOn) {
      recording.enable("io.plainweave." + name);
    }
    recording.start();
    return recording;
  }

  private List<RecordedEvent> end(Recording recording) throws IOException {
    recording.stop();
    Path file = folder.resolve("recording.jfr");
    recording.dump(file);
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().startsWith("io.plainweave."))
        .toList();
  }

  private static List<RecordedEvent> only(String name, List<RecordedEvent> all) {
    return all.stream()
        .filter(event -> event.getEventType().getName().equals("io.plainweave." + name))
        .sorted(Comparator.comparing(RecordedEvent::getStartTime))
        .toList();
  }

  private ServerBuilder builder(Listen listen, Handler handler) {
    return Server.builder()
        .listen(listen.name("recorded"))
        .handler(handler)
        .timeLimits(TimeLimits.DEFAULT.idle(Duration.ofMillis(300)))
        .observer(told)
        .stopOnSignal(false);
  }

  private Server start(Handler handler) throws Exception {
    return builder(Listen.tcp("127.0.0.1", 0), handler).start();
  }

  @Test
  void countsConnectionsByTheirEnds() throws Exception {
    List<RecordedEvent> all;
    try (Recording recording = begin("ConnectionOpened")) {
      try (Server server = start(BY_BYTE)) {
        for (int i = 0; i < COUNT; i++) {
          finish(server, "hello");
        }
        for (int i = 0; i < COUNT - 1; i++) {
          try (Client client = Client.connect(server)) {
            client.exchange("hello");
            client.reset();
          }
        }
        for (int i = 0; i < COUNT - 2; i++) {
          sendAndSeeTheEnd(server, "f");
        }
        for (int i = 0; i < COUNT - 3; i++) {
          sendAndSeeTheEnd(server, "a");
        }
        sendAndSeeTheEnd(server, "x"); // then it is idle
        told.awaitClosed(4 * COUNT - 5);
      }
      all = end(recording);
    }
    List<RecordedEvent> closed = only("ConnectionClosed", all);
    assertEquals(
        Map.of(
            "Finished",
            (long) COUNT,
            "PeerReset",
            COUNT - 1L,
            "HandlerFailed",
            COUNT - 2L,
            "Aborted",
            COUNT - 3L,
            "TimedOut",
            1L),
        closed.stream().collect(groupingBy(event -> event.getString("reason"), counting())));
    assertEquals(5L * (COUNT + COUNT - 1) + COUNT - 2 + COUNT - 3 + 1, sum(closed, "received"));
    assertEquals(5L * (COUNT + COUNT - 1) + 1, sum(closed, "sent"));
    assertEquals(ids(closed), ids(only("ConnectionOpened", all)));
    assertEquals(4 * COUNT - 5, ids(closed).size());
    assertEquals(List.of("recorded"), distinct(closed, "listener"));
    RecordedEvent idle =
        closed.stream()
            .filter(event -> event.getString("reason").equals("TimedOut"))
            .findFirst()
            .orElseThrow();
    assertEquals("IDLE", idle.getString("detail"));
    // The time limit is in ticks, of which the first is not whole.
    assertTrue(idle.getDuration().compareTo(Duration.ofMillis(200)) >= 0, idle::toString);
    assertTrue(idle.getDuration("age").compareTo(Duration.ofMillis(200)) >= 0, idle::toString);
    assertTrue(idle.getString("peer").startsWith("127.0.0.1:"), idle::toString);
    assertNull(idle.getStackTrace());
    assertEquals(List.of("Plainweave", "Connections"), idle.getEventType().getCategoryNames());
    assertEquals(List.of("asked to"), details("Aborted", closed));
    assertEquals(
        List.of("java.lang.IllegalStateException: expected by this test"),
        details("HandlerFailed", closed));
  }

  private static void finish(Server server, String text) throws IOException {
    try (Client client = Client.connect(server)) {
      client.exchange(text);
      client.finish();
      assertEquals("", client.receiveAll());
    }
  }

  private static void sendAndSeeTheEnd(Server server, String text) throws IOException {
    try (Client client = Client.connect(server)) {
      client.send(text);
      client.socket().getInputStream().readAllBytes();
    } catch (IOException reset) {
      // That is an end, too.
    }
  }

  private static long sum(List<RecordedEvent> events, String field) {
    return events.stream().mapToLong(event -> event.getLong(field)).sum();
  }

  private static List<Long> ids(List<RecordedEvent> events) {
    return events.stream().map(event -> event.getLong("id")).distinct().sorted().toList();
  }

  private static List<String> distinct(List<RecordedEvent> events, String field) {
    return events.stream().map(event -> event.getString(field)).distinct().toList();
  }

  private static List<String> details(String reason, List<RecordedEvent> closed) {
    return distinct(
        closed.stream().filter(event -> event.getString("reason").equals(reason)).toList(),
        "detail");
  }

  @Test
  void hasTheAgeOfAConnectionThatIsOlder() throws Exception {
    List<RecordedEvent> closed;
    try (Server server = start(BY_BYTE);
        Client client = Client.connect(server)) {
      client.exchange("hello");
      try (Recording recording = begin()) {
        assertEquals("", client.receiveAll()); // it is idle for long enough
        told.awaitClosed(1);
        closed = only("ConnectionClosed", end(recording));
      }
    }
    assertEquals(1, closed.size());
    assertTrue(closed.getFirst().getDuration("age").compareTo(Duration.ofMillis(200)) >= 0);
    assertEquals(Duration.ZERO, closed.getFirst().getDuration());
    assertEquals(5, closed.getFirst().getLong("sent"));
  }

  @Test
  void leavesOutWhatIsShorterThanItIsToldTo() throws Exception {
    List<RecordedEvent> all;
    try (var recording = new Recording()) {
      recording.enable("io.plainweave.ConnectionClosed").withThreshold(Duration.ofMillis(200));
      recording.start();
      try (Server server = start(BY_BYTE)) {
        finish(server, "hello");
        sendAndSeeTheEnd(server, "x"); // which lasts until it is idle
        told.awaitClosed(2);
      }
      all = end(recording);
    }
    assertEquals(List.of("TimedOut"), distinct(only("ConnectionClosed", all), "reason"));
  }

  @Test
  void hasHandshakesAndWhyTheyHaveFailed() throws Exception {
    TlsServer tls = TlsServer.in(folder);
    List<RecordedEvent> handshakes;
    try (Recording recording = begin()) {
      try (Server server = builder(tls.listen(), BY_BYTE).start()) {
        for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
          try (SSLSocket client = tls.connect(server, protocol)) {
            TlsServer.send(client, "hello");
            assertEquals("hello", TlsServer.receive(client, 5));
          }
        }
        sendAndSeeTheEnd(server, "this is no TLS at all\r\n");
        told.awaitClosed(3);
      }
      handshakes = only("HandshakeEnded", end(recording));
    }
    assertEquals(List.of("TLSv1.3", "TLSv1.2", ""), distinct(handshakes, "protocol"));
    assertEquals(List.of("", "TlsFailed"), distinct(handshakes, "reason"));
    assertTrue(handshakes.getFirst().getString("cipherSuite").startsWith("TLS_AES"));
    assertTrue(handshakes.getFirst().getDuration().isPositive());
    assertFalse(handshakes.getLast().getString("detail").isEmpty());
    assertEquals(List.of("recorded"), distinct(handshakes, "listener"));
  }

  @Test
  void hasTheStallOfAPeerThatDoesNotRead() throws Exception {
    var stalls = new CountDownLatch(1);
    var over = new CountDownLatch(1);
    List<RecordedEvent> all;
    try (Recording recording = begin()) {
      Listen listen = Listen.tcp("127.0.0.1", 0).options(TcpOptions.DEFAULT.sendBuffer(16 * 1024));
      try (Server server =
              builder(listen, connection -> connection.output().write(new byte[8_000_000]))
                  .observer(event -> {
                    switch (event) {
                      case ServerEvent.WriteStallBegan _ -> stalls.countDown();
                      case ServerEvent.WriteStallEnded _ -> over.countDown();
                      default -> {
                        // Not about a stall.
                      }
                    }
                  })
                  .start();
          Socket client = new Socket("127.0.0.1", server.port())) {
        assertTrue(stalls.await(30, TimeUnit.SECONDS));
        try (InputStream in = client.getInputStream()) {
          assertEquals(8_000_000, in.readAllBytes().length);
        }
        assertTrue(over.await(30, TimeUnit.SECONDS));
        told.awaitClosed(1);
      }
      all = end(recording);
    }
    assertEquals(1, only("WriteStallBegan", all).size());
    RecordedEvent stall = only("WriteStallEnded", all).getFirst();
    assertTrue(stall.getDuration("elapsed").compareTo(Duration.ofSeconds(1)) >= 0);
    assertTrue(stall.getDuration().compareTo(stall.getDuration("elapsed")) < 0);
    assertEquals(ids(only("ConnectionClosed", all)), List.of(stall.getLong("id")));
  }

  @Test
  void hasTheDrainOfAServer() throws Exception {
    List<RecordedEvent> all;
    try (Recording recording = begin()) {
      Server server = start(connection -> Thread.sleep(Duration.ofDays(1)));
      try (Client client = Client.connect(server)) {
        await().until(() -> told.opened() == 1);
        server.shutdown();
        server.shutdownNow();
        assertEquals(1, server.drain().forced());
        assertTrue(client.seesReset());
      }
      all = end(recording);
    }
    assertEquals(1, only("DrainBegan", all).getFirst().getInt("connections"));
    RecordedEvent drain = only("DrainEnded", all).getFirst();
    assertEquals(1, drain.getInt("forced"));
    assertEquals(0, drain.getInt("finished"));
    assertTrue(drain.getDuration().isPositive());
    assertTrue(drain.getString("forcedAt").startsWith("127.0.0.1:"), drain::toString);
    assertEquals(1, only("Listening", all).size());
  }

  @Test
  void hasEachEventWithWhatItSays() throws Exception {
    List<RecordedEvent> all;
    try (Recording recording = begin("ConnectionOpened", "SessionOpened")) {
      var recorder = new Recorder();
      EachEvent.all().forEach(recorder::onEvent);
      all = end(recording);
    }
    assertEquals(
        EachEvent.all().stream()
            .map(event -> "io.plainweave." + event.getClass().getSimpleName())
            .filter(name -> !name.endsWith(".HandshakeBegan"))
            .collect(toSet()),
        all.stream().map(event -> event.getEventType().getName()).collect(toSet()));
    List<Object> said = new ArrayList<>();
    for (RecordedEvent event : all) {
      for (ValueDescriptor field : event.getFields()) {
        if (!OF_JFR.contains(field.getName())) {
          said.add(event.getValue(field.getName()));
        }
      }
    }
    for (int i = 3; i <= 21; i++) {
      int number = i; // each of them stands in one field
      assertEquals(
          1,
          said.stream().filter(it -> it instanceof Number n && n.longValue() == number).count(),
          number + " in " + all);
    }
    for (String listener : List.of("mail", "127.0.0.1:7000")) {
      assertTrue(said.contains(listener), listener);
    }
    assertEquals(5, said.stream().filter("mail"::equals).count());
    assertEquals(6, said.stream().filter(FAILURE::equals).count());
    assertEquals(2, said.stream().filter("HandlerFailed"::equals).count());
    assertEquals(List.of("PROCESS"), distinct(only("AcceptFailed", all), "origin"));
    assertEquals(List.of("FULL"), distinct(only("ConnectionsRefused", all), "reason"));
    assertEquals(List.of("192.0.2.1:50000"), distinct(only("ConnectionsRefused", all), "latest"));
    assertEquals(List.of("{KERNEL=17}"), distinct(only("DatagramsDropped", all), "dropped"));
    assertEquals(Duration.ofSeconds(1), only("CarriersBusy", all).getFirst().getDuration("waited"));
  }

  @NeedsModule("jdk.management")
  @Test
  void costsNoObjectWhereNothingIsRecorded() {
    var connection = new MemoryConnection("");
    List<ServerEvent> events = new ArrayList<>();
    events.add(new ServerEvent.ConnectionOpened(connection, "off"));
    events.add(new ServerEvent.HandshakeBegan(connection, "off"));
    events.add(new ServerEvent.HandshakeEnded(connection, "off", Duration.ZERO, Optional.empty()));
    events.add(new ServerEvent.WriteStallBegan(connection, "off"));
    events.add(new ServerEvent.WriteStallEnded(connection, "off", Duration.ZERO));
    events.add(
        new ServerEvent.ConnectionClosed(
            connection, "off", new CloseReason.Finished(), Duration.ZERO, 1, 2));
    events.add(new ServerEvent.DrainBegan(0));
    var recorder = new Recorder();
    tell(recorder, events, 1); // loads what it takes
    allocated();
    long before = allocated();
    tell(recorder, events, 10_000);
    long perEvent = (allocated() - before) / (10_000 * events.size());
    assertEquals(0, perEvent);
  }

  private static void tell(Recorder recorder, List<ServerEvent> events, int times) {
    for (int i = 0; i < times; i++) {
      for (int j = 0; j < events.size(); j++) {
        recorder.onEvent(events.get(j));
      }
    }
  }

  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }

  @Test
  void leavesNothingWithAConnectionThatWasNotRecorded() throws Exception {
    var opened = new ConcurrentLinkedQueue<Connection>();
    try (Server server =
            builder(Listen.tcp("127.0.0.1", 0), BY_BYTE)
                .observer(event -> {
                  if (event instanceof ServerEvent.ConnectionOpened e) {
                    opened.add(e.connection());
                  }
                })
                .start();
        Client client = Client.connect(server)) {
      client.exchange("hello");
      assertFalse(RecordedConnections.isKept(opened.element()));
      try (Recording recording = begin();
          Client other = Client.connect(server)) {
        other.exchange("hello");
        assertTrue(RecordedConnections.isKept(opened.stream().skip(1).findFirst().orElseThrow()));
        recording.stop();
      }
    }
  }
}
