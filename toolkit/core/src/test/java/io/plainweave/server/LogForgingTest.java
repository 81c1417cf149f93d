package io.plainweave.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Network;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UdpClient;
import io.plainweave.framing.Lines;
import io.plainweave.proxyprotocol.ProxyHeader;
import io.plainweave.proxyprotocol.ProxyProtocol;
import io.plainweave.status.ConnectionStatus;
import io.plainweave.udp.Udp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What Logback writes, byte for byte. */
@DisplayName("A peer")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class LogForgingTest {
  private static final String LINE = "12:00:00.000 ERROR Server: FORGED";

  /** What a terminal or an editor may take for the end of a line, or for an order. */
  private static final String FORGED =
      "7\n%s\r%s\u0085%s\u2028%s\u001b[2J\u202e".formatted(LINE, LINE, LINE, LINE);

  /** As much of it as fits into a path of the least system. */
  private static final String FORGED_PATH = "s\n" + LINE + "\r\u001b[2J";

  /** All but the ends of lines, and the tabs of stack traces. */
  private static final Pattern UNSEEN =
      Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}&&[^\\n\\t]]");

  @TempDir Path folder;

  private final Logger log = (Logger) LoggerFactory.getLogger(Server.class);
  private final OutputStreamAppender<ILoggingEvent> appender = new OutputStreamAppender<>();
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();

  /** The events, as an observer that logs them would show them. */
  private final Queue<String> events = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void logEverything() {
    var encoder = new PatternLayoutEncoder();
    encoder.setContext((LoggerContext) LoggerFactory.getILoggerFactory());
    encoder.setPattern("%d{HH:mm:ss.SSS} %-5level [%thread] %logger{0}: %msg%n");
    encoder.start();
    appender.setContext(encoder.getContext());
    appender.setEncoder(encoder);
    appender.setOutputStream(written);
    appender.start();
    log.addAppender(appender);
    log.setLevel(Level.TRACE);
    log.setAdditive(false);
  }

  @AfterEach
  void logAsBefore() {
    log.detachAppender(appender);
    log.setLevel(null);
    log.setAdditive(true);
    appender.stop();
  }

  private Server start(Listen listen, Handler handler) throws Exception {
    return Server.builder()
        .listen(listen)
        .handler(handler)
        .observer(event -> events.add(event.toString()))
        .start();
  }

  private String log() {
    return written.toString(UTF_8);
  }

  private void awaitLog(String text) {
    await().untilAsserted(() -> assertTrue(log().contains(text), this::log));
  }

  private void assertNothingForged() {
    String text = log();
    assertTrue(text.contains("FORGED"), text);
    assertEquals(0, text.lines().filter(line -> line.startsWith(LINE)).count(), text);
    assertEquals(0, UNSEEN.matcher(text).results().count(), text);
    for (String event : events) {
      assertEquals(0, UNSEEN.matcher(event).results().count(), event);
      assertEquals(1, event.lines().count(), event);
    }
  }

  private static void fail(String number) throws IOException {
    try {
      Integer.parseInt(number);
    } catch (NumberFormatException e) {
      var failure = new IOException(e);
      failure.addSuppressed(new IllegalStateException("after " + number));
      throw failure;
    }
  }

  @Test
  void forgesNoLineByADatagram() throws Exception {
    try (Server server =
            Server.builder()
                .datagrams(
                    Udp.at("127.0.0.1", 0),
                    datagram -> Integer.parseInt(new String(datagram.bytes(), UTF_8)))
                .observer(event -> events.add(event.toString()))
                .start();
        UdpClient client = UdpClient.of(server)) {
      client.send(FORGED);
      awaitLog("java.lang.NumberFormatException: For input string: \"7\\n12:00");
    }
    assertNothingForged();
  }

  @Test
  void forgesNoLineByALineNorByTheFailuresBehindOne() throws Exception {
    String line = FORGED.replace('\n', '\r');
    try (Server server =
            start(
                Listen.tcp("127.0.0.1", 0),
                connection -> fail(Lines.of(connection, 1_000).read()));
        Client client = Client.connect(server)) {
      client.socket().getOutputStream().write((line + "\n").getBytes(UTF_8));
      awaitLog("java.io.IOException: java.lang.NumberFormatException: For input string: \"7\\r12:");
      awaitLog("Suppressed: java.lang.IllegalStateException: after 7\\r12:");
      awaitLog("Caused by: java.lang.NumberFormatException: For input string: \"7\\r12:");
      awaitLog("at io.plainweave.server.LogForgingTest.fail(");
    }
    assertNothingForged();
  }

  @Test
  void forgesNoLineByWhatIsNoMessage() throws Exception {
    try (Server server =
            start(Listen.tcp("127.0.0.1", 0), connection -> Lines.crlf(connection, 1_000).read());
        Client client = Client.connect(server)) {
      client.socket().getOutputStream().write((FORGED.replace('\n', ' ') + "\r\n").getBytes(UTF_8));
      awaitLog("closed: Malformed[");
    }
    assertNothingForged();
  }

  @Test
  void forgesNoLineByAHostThatItWishesToReach() throws Exception {
    try (Server server =
            start(
                Listen.tcp("127.0.0.1", 0),
                connection -> {
                  throw new java.net.ConnectException("cannot connect to " + FORGED);
                });
        Client client = Client.connect(server)) {
      client.finish();
      awaitLog("since its upstream has failed");
    }
    assertNothingForged();
  }

  @Test
  void forgesNoLineByWhatAnOperatorSaysOfIt() throws Exception {
    try (Server server =
            start(
                Listen.tcp("127.0.0.1", 0).name("two\nlines"),
                connection -> connection.input().read());
        Client client = Client.connect(server)) {
      await().until(() -> server.live().connections().findAny().isPresent());
      server.live().connections().map(ConnectionStatus::toString).forEach(events::add);
      server.live().find(_ -> true).forEach(it -> it.reset("asked for " + FORGED));
      assertTrue(client.seesReset());
      awaitLog("ended by an operator: asked for 7\\n12:00:00");
    }
    assertNothingForged();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void forgesNoLineByThePathInTheHeaderOfAProxy() throws Exception {
    ProxyHeader header =
        ProxyHeader.v2(
            UnixDomainSocketAddress.of("/" + FORGED_PATH), UnixDomainSocketAddress.of("/proxy"));
    assertEquals(0, UNSEEN.matcher(header.toString()).results().count(), header::toString);
    Listen listen =
        Listen.tcp("127.0.0.1", 0)
            .proxyProtocol(ProxyProtocol.requiredFrom(Network.parse("127.0.0.0/8")));
    try (Server server =
            start(
                listen,
                connection -> {
                  throw new IllegalStateException("no service for " + connection.proxyHeader());
                });
        Client client = Client.connect(server)) {
      client.socket().getOutputStream().write(header.toBytes());
      awaitLog("the handler has failed");
    }
    assertNothingForged();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void forgesNoLineByThePathOfItsSocket() throws Exception {
    Path socket = folder.resolve("s");
    try (Server server =
            start(
                Listen.unix(socket),
                connection -> {
                  throw new IllegalStateException("no service for " + connection.remoteAddress());
                });
        SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      client.bind(UnixDomainSocketAddress.of(folder.resolve(FORGED_PATH)));
      client.connect(UnixDomainSocketAddress.of(socket));
      awaitLog("the handler has failed");
    }
    assertNothingForged();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void forgesNoLineWhenItIsRefused() throws Exception {
    Path socket = folder.resolve("s");
    try (Server server =
            Server.builder()
                .listen(Listen.unix(socket))
                .handler(connection -> connection.input().read())
                .admission(
                    AdmissionRules.DEFAULT
                        .maxConnections(1)
                        .whenFull(AdmissionRules.WhenFull.REFUSE))
                .observer(event -> events.add(event.toString()))
                .start();
        SocketChannel first = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      await().until(() -> server.connections() == 1);
      client.bind(UnixDomainSocketAddress.of(folder.resolve(FORGED_PATH)));
      client.connect(UnixDomainSocketAddress.of(socket));
      awaitLog("connections refused");
      assertTrue(first.isOpen());
    }
    assertNothingForged();
  }
}
