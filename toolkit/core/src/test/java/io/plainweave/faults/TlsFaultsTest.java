package io.plainweave.faults;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.plainweave.CloseReason;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

@DisplayName("Table L: a peer that speaks TLS, or does not,")
class TlsFaultsTest extends TlsFaults {
  private static final int ALERT = 21;
  private static final int HANDSHAKE = 22;
  private static final int DATA = 23;
  private static final int MOST_IN_RECORD = 16_384;

  // Types of extensions.
  private static final int SERVER_NAME = 0;
  private static final int PADDING = 21;

  /** Sends bytes to a server and returns all that comes back until it finishes, or resets. */
  private static byte[] answer(Server server, byte[] bytes) throws IOException {
    try (Socket peer = connect(server)) {
      peer.getOutputStream().write(bytes);
      return peer.getInputStream().readAllBytes();
    }
  }

  private static void assertFatalAlert(byte[] answer) {
    assertTrue(
        answer.length >= 7 && answer[0] == ALERT && answer[5] == 2,
        () -> HexFormat.of().formatHex(answer));
  }

  /** A record with a version of all times. */
  private static byte[] record(int type, byte[] content) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeByte(type);
    out.writeShort(0x0303);
    out.writeShort(content.length);
    out.write(content);
    return bytes.toByteArray();
  }

  /** A greeting that asks for a name, and offers what every server has. */
  private static byte[] clientHello(byte[] serverName) throws IOException {
    var names = new ByteArrayOutputStream();
    var out = new DataOutputStream(names);
    out.writeShort(serverName.length + 3);
    out.writeByte(0);
    out.writeShort(serverName.length);
    out.write(serverName);
    return clientHello(SERVER_NAME, names.toByteArray());
  }

  /** The same with one extension, in as many records as it takes. */
  private static byte[] clientHello(int type, byte[] extension) throws IOException {
    var body = new ByteArrayOutputStream();
    var out = new DataOutputStream(body);
    out.writeShort(0x0303);
    out.write(new byte[32]); // random
    out.writeByte(0); // session
    out.writeShort(2);
    out.writeShort(0xC02B); // ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    out.writeShort(0x0100); // compression: none
    out.writeShort(extension.length + 4);
    out.writeShort(type);
    out.writeShort(extension.length);
    out.write(extension);
    var message = new ByteArrayOutputStream();
    out = new DataOutputStream(message);
    out.writeInt(0x01_000000 | body.size());
    body.writeTo(out);
    var records = new ByteArrayOutputStream();
    byte[] bytes = message.toByteArray();
    for (int i = 0; i < bytes.length; i += MOST_IN_RECORD) {
      int end = Math.min(bytes.length, i + MOST_IN_RECORD);
      records.write(record(HANDSHAKE, Arrays.copyOfRange(bytes, i, end)));
    }
    return records.toByteArray();
  }

  @Test
  void l1WhoSpeaksPlainIsToldInAnAlertAndNotInTheLog() throws Exception {
    var appender = new ListAppender<ILoggingEvent>();
    appender.start();
    Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    root.addAppender(appender);
    try (Server server = start()) {
      byte[] answer = answer(server, "GET / HTTP/1.1\r\n\r\n".getBytes(US_ASCII));
      assertFatalAlert(answer);
      tlsFailure();
      serveAFreshClient(server);
    } finally {
      root.detachAppender(appender);
    }
    assertEquals(
        List.of(),
        appender.list.stream()
            .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
            .toList());
  }

  @Test
  void l2WhoSpeaksTlsToAPlainServerIsEnded() throws Exception {
    Handler lines =
        connection -> {
          Lines requests = Lines.of(connection, 100);
          while (requests.read() != null) {
            requests.write("what?");
          }
        };
    try (Server server =
        builder(Listen.tcp("127.0.0.1", 0), lines)
            .timeLimits(TimeLimits.DEFAULT.message(Duration.ofMillis(500)))
            .start()) {
      assertThrows(IOException.class, () -> tls.connect(connect(server), "TLSv1.3"));
      reason(CloseReason.class);
    }
  }

  @Test
  void l3WhoStallsInTheHandshakeIsCutInTimeHoweverItDrips() throws Exception {
    try (Server server =
            builder(tls.listen(), ECHO)
                .timeLimits(TimeLimits.NONE.handshake(Duration.ofMillis(500)))
                .maxHandshakes(2)
                .start();
        Socket silent = connect(server);
        Socket dripping = connect(server)) {
      // Both hold the only two turns, until their time is up.
      Thread drip =
          Thread.startVirtualThread(() -> {
            try {
              for (byte b : clientHello(new byte[1000])) {
                dripping.getOutputStream().write(b);
                TimeUnit.MILLISECONDS.sleep(10);
              }
            } catch (IOException | InterruptedException cut) {
              // As it should be.
            }
          });
      silent.getOutputStream().write(new byte[] {HANDSHAKE, 3, 1, 2, 0});
      for (int i = 0; i < 2; i++) {
        assertEquals(
            TimeLimits.Kind.HANDSHAKE,
            reason(CloseReason.TimedOut.class).limit(),
            "connection " + i);
      }
      drip.join();
    }
  }

  @Test
  void l3OthersHaveTheirTurnWhileSilentPeersWait() throws Exception {
    try (Server server =
            builder(tls.listen(), ECHO).maxHandshakes(1).timeLimits(TimeLimits.NONE).start();
        Socket silent = connect(server)) {
      await().until(() -> opened.get() == 1);
      serveAFreshClient(server);
      assertFalse(silent.isClosed());
    }
  }

  @Test
  void l4WhoEndsInTheMiddleOfTheHandshakeGivesItsPermitBack() throws Exception {
    byte[] hello = clientHello("localhost".getBytes(US_ASCII));
    try (Server server =
        builder(tls.listen(), ECHO).admission(AdmissionRules.DEFAULT.maxConnections(1)).start()) {
      try (Socket peer = connect(server)) {
        peer.getOutputStream().write(hello, 0, 40);
        peer.shutdownOutput();
        assertFatalAlert(peer.getInputStream().readAllBytes());
      }
      assertEquals("the peer has finished in the middle of the handshake", tlsFailure());
      serveAFreshClient(server);
    }
  }

  @Test
  void l4WhoLeavesWithoutAByteIsNoFailure() throws Exception {
    try (Server server = start()) {
      connect(server).close();
      reason(CloseReason.Finished.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void l5WhoFinishesWithoutCloseNotifyHasCutWhatItWasSaying(String protocol) throws Exception {
    try (Server server = start();
        Socket raw = connect(server)) {
      SSLSocket client = tls.connect(raw, protocol);
      exchange(client);
      raw.shutdownOutput();
      reason(CloseReason.Truncated.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void l5WhoFinishesWithCloseNotifyHasNot(String protocol) throws Exception {
    try (Server server = start();
        SSLSocket client = tls.connect(server, protocol)) {
      exchange(client);
      client.close();
      reason(CloseReason.Finished.class);
    }
  }

  @Test
  void l6WhoResetsIsSeenToReset() throws Exception {
    try (Server server = start();
        Socket raw = connect(server)) {
      SSLSocket client = tls.connect(raw, "TLSv1.3");
      exchange(client);
      raw.setSoLinger(true, 0);
      raw.close();
      reason(CloseReason.PeerReset.class);
    }
  }

  @Test
  void l7WhoWantsToRenegotiateIsRefused() throws Exception {
    try (Server server = start();
        SSLSocket client = tls.connect(server, "TLSv1.2")) {
      exchange(client);
      assertThrows(
          IOException.class,
          () -> {
            client.startHandshake();
            exchange(client);
          });
      assertEquals("the peer wants to renegotiate", tlsFailure());
    }
  }

  @Test
  void l8WhoDoesNothingButChangeKeysIsEnded() throws Exception {
    try (Server server = start();
        var client = OpenSsl.connect(server, "-tls1_3")) {
      client.awaitOutput("Verify return code", 1);
      // One line for each key update, which is taken for a command at the beginning of a read only.
      for (int i = 1; i <= 33; i++) {
        client.sends("K\n");
        client.awaitOutput("KEYUPDATE", i);
      }
      client.awaitOutput("alert unexpected message", 1);
      assertEquals("the peer has sent too many records without data", tlsFailure());
    }
  }

  @Test
  void l8WhoChangesKeysWhileWeSendMuchIsNot() throws Exception {
    Handler sendsMuchThenEchoes =
        connection -> {
          connection.output().write("x".repeat(2_500_000).concat("\n").getBytes(US_ASCII));
          ECHO.handle(connection);
        };
    try (Server server = builder(tls.listen(), sendsMuchThenEchoes).start();
        var client = OpenSsl.connect(server, "-tls1_3")) {
      client.awaitOutput("x\n", 1);
      for (int i = 1; i <= 40; i++) {
        client.sends("K\n");
        client.awaitOutput("KEYUPDATE", i);
      }
      client.sends("hello\n");
      client.awaitOutput("hello", 1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "16 0303 ffff 00, of 64 KB",
    "16 0303 8000 00, of 32 KB and more",
    "16 0303 4101 00, that is too long even if it were encrypted",
    "16 0301 4001 00, that is one byte too long"
  })
  void l9WhoSendsARecordIsToldThatItOverflows(String begin, String what) throws Exception {
    byte[] head = HexFormat.of().parseHex(begin.replace(" ", ""));
    try (Server server = start()) {
      byte[] answer = answer(server, Arrays.copyOf(head, 40_000));
      assertEquals("15030300020216", HexFormat.of().formatHex(answer));
      String failure = tlsFailure();
      assertTrue(failure.startsWith("a record of "), failure);
      serveAFreshClient(server);
    }
  }

  @Test
  void l9WhoSendsARecordWithAMessageOf16MegabytesIsRefused() throws Exception {
    byte[] head = HexFormat.of().parseHex("160303400001ffffff");
    try (Server server = start()) {
      assertFatalAlert(answer(server, Arrays.copyOf(head, 40_000)));
      tlsFailure();
      serveAFreshClient(server);
    }
  }

  @Test
  void l9WhoGreetsAtLengthIsAnsweredUpTo32Kilobytes() throws Exception {
    try (Server server = start();
        Socket peer = connect(server)) {
      peer.getOutputStream().write(clientHello(PADDING, new byte[32_000]));
      assertEquals(HANDSHAKE, peer.getInputStream().read());
      assertFatalAlert(answer(server, clientHello(PADDING, new byte[33_000])));
      String failure = tlsFailure();
      assertTrue(failure.contains("exceeds the maximum"), failure);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "00, 0000, no name",
    "00, 0003000000, an empty name",
    "00, 000c 00 0003 616161 00 0003 626262, two names",
    "00, 0006 00 ffff 616161, a name that is longer than all",
    "10, 0000, no protocol",
    "10, 0003 00 01 61, an empty protocol",
    "10, 0003 ff 61 61, a protocol that is longer than all"
  })
  void l12l13WhoGreetsInAWayThatMakesNoSenseIsTold(String type, String content, String what)
      throws Exception {
    byte[] extension = HexFormat.of().parseHex(content.replace(" ", ""));
    ServerTls speaksH2 =
        ServerTls.builder().identity(tls.identity()).applicationProtocols("h2").build();
    try (Server server = builder(Listen.tcp("127.0.0.1", 0).tls(speaksH2), ECHO).start()) {
      assertFatalAlert(answer(server, clientHello(HexFormat.fromHexDigits(type), extension)));
      tlsFailure();
      serveAFreshClient(server);
    }
  }

  @Test
  void l12WhoAsksForANameOf10KilobytesIsRefused() throws Exception {
    byte[] name = new byte[10_000];
    Arrays.fill(name, (byte) 'a');
    try (Server server = start()) {
      assertFatalAlert(answer(server, clientHello(name)));
      tlsFailure();
    }
  }

  @Test
  void l12WhoseNameHasALineOfTheLogForgesNone() throws Exception {
    Logger log = (Logger) LoggerFactory.getLogger(Server.class);
    var appender = new ListAppender<ILoggingEvent>();
    appender.start();
    log.addAppender(appender);
    log.setLevel(Level.DEBUG);
    log.setAdditive(false);
    try (Server server = start()) {
      answer(server, clientHello("a\nERROR all is lost".getBytes(US_ASCII)));
      assertTrue(tlsFailure().contains("all is lost"));
    } finally {
      log.detachAppender(appender);
      log.setLevel(null);
      log.setAdditive(true);
    }
    List<String> told = appender.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    assertTrue(told.toString().contains("all is lost"), told.toString());
    assertFalse(told.toString().contains("\n"), told.toString());
  }

  @Test
  void l16WhoSendsDataBeforeTheHandshakeIsRefused() throws Exception {
    var bytes = new ByteArrayOutputStream();
    bytes.write(clientHello("localhost".getBytes(US_ASCII)));
    bytes.write(record(DATA, new byte[100]));
    try (Server server = start()) {
      byte[] answer = answer(server, bytes.toByteArray());
      assertTrue(answer.length > 0);
      tlsFailure();
    }
  }

  @Test
  void s13AReloadThatFailsChangesNothing() throws Exception {
    Path chain = Files.copy(tls.authority().chain("server"), folder.resolve("live.pem"));
    Path key = Files.copy(tls.authority().key("server"), folder.resolve("live.key"));
    ServerTls reloaded = ServerTls.builder().identity(Identity.pem(chain, key)).build();
    try (Server server = builder(Listen.tcp("127.0.0.1", 0).tls(reloaded), ECHO).start();
        SSLSocket old = tls.connect(server, "TLSv1.3")) {
      Files.writeString(chain, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
      IOException failure = assertThrows(IOException.class, reloaded::reload);
      assertTrue(failure.getMessage().contains(chain.toString()), failure.getMessage());
      exchange(old);
      serveAFreshClient(server);
    }
  }
}
