package io.plainweave.logging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.LoggingEvent;
import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.server.Server;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

@DisplayName("A line of Logback")
@Timeout(30)
class LogbackTest {
  private static final Logger LOG = LoggerFactory.getLogger(LogbackTest.class);

  private static final LoggerContext LOGGERS = (LoggerContext) LoggerFactory.getILoggerFactory();

  @BeforeEach
  void forget() {
    Lines.forget();
  }

  private static Server serve(Handler handler) throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(handler)
        .stopOnSignal(false)
        .start();
  }

  /** Lets the handler run once; returns where its client was. */
  private static String inHandler(Handler handler) throws Exception {
    try (Server server = serve(handler);
        var client = new Socket("127.0.0.1", server.port())) {
      assertEquals(-1, client.getInputStream().read());
      return "127.0.0.1:" + client.getLocalPort();
    }
  }

  @Test
  void hasTheConnectionAndItsPeerThoughItIsLaidOutInAnotherThread() throws Exception {
    String peer = inHandler(_ -> LOG.info("has come"));
    Lines.Line line = Lines.next();
    String id = line.values().get("connection");
    assertEquals(Map.of("connection", id, "peer", peer), line.values());
    assertEquals("connection " + id + " from " + peer + ": has come", line.text());
  }

  @Test
  void hasThemInForksAndBelow() throws Exception {
    String peer =
        inHandler(connection -> {
          try (ConnectionScope scope = connection.openScope()) {
            scope.fork("front", () -> LOG.info("in a fork"));
            scope.join();
          }
        });
    assertEquals(peer, Lines.next().values().get("peer"));
  }

  @Test
  void hasNeitherWhereTheThreadRunsForNoConnection() throws Exception {
    LOG.info("outside");
    assertEquals(new Lines.Line("outside", "outside", Map.of()), Lines.next());
  }

  @Test
  void keepsTheValuesOfTheProgramWhichComeFirst() throws Exception {
    var mdc = new HashMap<String, String>();
    String peer =
        inHandler(_ -> {
          MDC.put("user", "ada");
          MDC.put("connection", "mine");
          LOG.info("has come");
          mdc.putAll(MDC.getCopyOfContextMap());
          MDC.clear();
          LOG.info("goes");
        });
    assertEquals(Map.of("user", "ada", "connection", "mine"), mdc);
    Lines.Line first = Lines.next();
    assertEquals(Map.of("user", "ada", "connection", "mine", "peer", peer), first.values());
    assertEquals("connection mine from " + peer + ": has come", first.text());
    assertEquals(peer, Lines.next().values().get("peer"));
  }

  @Test
  void isNotThatOfAnotherConnectionThatLogsInTurn() throws Exception {
    int lines = 50;
    var turn = new CyclicBarrier(2);
    Handler talks =
        connection -> {
          try (ConnectionScope scope = connection.openScope()) {
            scope.forkBackground("background", () -> logInTurn(connection, lines, turn));
            logAll(connection, lines);
            scope.fork("front", () -> logAll(connection, lines));
            connection.input().read();
            scope.join();
          }
        };
    try (Server server = serve(talks);
        var first = new Socket("127.0.0.1", server.port());
        var second = new Socket("127.0.0.1", server.port())) {
      for (Lines.Line line : Lines.next(2 * 3 * lines)) {
        assertEquals(line.message(), line.values().get("connection") + line.values().get("peer"));
      }
      first.shutdownOutput();
      second.shutdownOutput();
      assertEquals(-1, first.getInputStream().read());
    }
  }

  private static void logAll(Connection connection, int lines) {
    for (int i = 0; i < lines; i++) {
      log(connection);
    }
  }

  private static void logInTurn(Connection connection, int lines, CyclicBarrier turn)
      throws InterruptedException, BrokenBarrierException {
    for (int i = 0; i < lines; i++) {
      turn.await();
      log(connection);
    }
  }

  /** What the line is to have. */
  private static void log(Connection connection) {
    SocketAddress peer = connection.remoteAddress();
    LOG.info("{}{}", connection.id(), peer.toString().substring(1));
  }

  @Test
  void namesTheConnectionOnceIfItsMessageBeginsWithIt() throws Exception {
    ch.qos.logback.classic.Logger toolkit = LOGGERS.getLogger("io.plainweave.server.Server");
    toolkit.setLevel(Level.DEBUG);
    try {
      inHandler(connection -> {
        LOG.info("{}: has come", connection);
        LOG.info("connection {}0 is another one", connection.id());
      });
      String first = Lines.next().text();
      String text = first.replace(": has come", "");
      assertTrue(text.matches("connection \\d+ from 127.0.0.1:\\d+"), first);
      String other = text.split(" ")[1] + "0 is another one";
      assertEquals(text + ": connection " + other, Lines.next().text());
      String closed = Lines.next().text();
      assertTrue(closed.startsWith(text + ": closed: "), closed);
    } finally {
      toolkit.setLevel(null);
    }
  }

  @Test
  void hasNoPeerWhereThatHasNoAddress(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("socket");
    try (Server _ =
            Server.builder()
                .listen(Listen.unix(path))
                .handler(_ -> LOG.info("has come"))
                .stopOnSignal(false)
                .start();
        var _ = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      Lines.Line line = Lines.next();
      String id = line.values().get("connection");
      assertEquals(Map.of("connection", id), line.values());
      assertEquals("connection " + id + ": has come", line.text());
    }
  }

  @Test
  void hasThemInJson() throws Exception {
    var json = new JsonEncoder();
    json.setContext(LOGGERS);
    json.start();
    var encoded = new StringBuffer();
    inHandler(_ -> {
      var logger = (ch.qos.logback.classic.Logger) LOG;
      var event = new LoggingEvent("", logger, Level.INFO, "has come", null, null);
      encoded.append(new String(json.encode(event), UTF_8));
    });
    assertTrue(encoded.toString().contains("\"peer\":\"127.0.0.1:"), encoded.toString());
  }

  @Test
  void needsNothingInTheMdcOfItsThread() throws Exception {
    inHandler(_ -> {
      LOG.info("has come");
      assertNull(MDC.get("connection"));
      LOG.info("still here");
    });
    assertEquals("has come", Lines.next().message());
    assertEquals("still here", Lines.next().message());
  }

  @Test
  void letsLogbackStartWithoutAWarning() {
    assertEquals(
        List.of(),
        LOGGERS.getStatusManager().getCopyOfStatusList().stream()
            .filter(status -> status.getEffectiveLevel() > 0)
            .map(Object::toString)
            .toList());
  }
}
