package io.plainweave.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.faults.Machine;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionProbe;
import io.plainweave.fixture.MemoryConnection;
import io.plainweave.fixture.TlsTest;
import io.plainweave.server.Server;
import io.plainweave.tls.ServerTls;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A ClientHello that is looked at")
class ClientHelloTest extends TlsTest {
  private static final int RECORD_HEADER = 5;

  // @start region="route"
  /** Passes each client on to the server that it names, which alone can decrypt what it says. */
  static Handler route(Map<String, Connector> servers) {
    return connection -> {
      ClientHello hello = ClientHello.peek(connection);
      Connector server = hello == null ? null : hello.serverName().map(servers::get).orElse(null);
      if (server != null) {
        try (Connection upstream = server.connect()) {
          Relay.between(connection, upstream);
        }
      }
    };
  }

  // @end

  private static final ClientHello EXPECTED =
      new ClientHello(
          Optional.of("shop.example"), List.of("h2", "http/1.1"), List.of("TLSv1.3", "TLSv1.2"));

  /** What the JDK's own client says first, in one record. */
  private static byte[] ofJdk() throws Exception {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine();
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setServerNames(List.of(new SNIHostName("Shop.Example")));
    parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
    parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
    engine.setSSLParameters(parameters);
    ByteBuffer record = ByteBuffer.allocate(20_000);
    engine.wrap(ByteBuffer.allocate(0), record);
    return Arrays.copyOf(record.array(), record.position());
  }

  private static ClientHello peek(byte[] sent) throws IOException {
    try (var connection = new MemoryConnection(new String(sent, ISO_8859_1))) {
      ClientHello hello = ClientHello.peek(connection);
      assertEquals(
          sent.length, connection.input().readAllBytes().length, "all of it stays to be read");
      return hello;
    }
  }

  /** The same message in records of other sizes; the last one has the rest. */
  private static byte[] inRecords(byte[] record, int... sizes) {
    var records = new ByteArrayOutputStream();
    int position = RECORD_HEADER;
    for (int i = 0; position < record.length; i++) {
      int size = record.length - position;
      if (i < sizes.length) {
        size = Math.min(size, sizes[i]);
      }
      records.writeBytes(new byte[] {22, 3, 1, (byte) (size >> 8), (byte) size});
      records.write(record, position, size);
      position += size;
    }
    return records.toByteArray();
  }

  @Test
  void tellsWhatTheClientOfTheJdkAsksFor() throws Exception {
    assertEquals(EXPECTED, peek(ofJdk()));
    assertEquals(
        "ClientHello[serverName=shop.example, applicationProtocols=[h2, http/1.1], "
            + "versions=[TLSv1.3, TLSv1.2]]",
        peek(ofJdk()).toString());
  }

  @Test
  void isTheSameInRecordsOfAnySize() throws Exception {
    byte[] hello = ofJdk();
    for (int i = 1; i < hello.length - RECORD_HEADER; i++) {
      assertEquals(EXPECTED, peek(inRecords(hello, i)), "split at " + i);
    }
    int[] ones = new int[hello.length];
    Arrays.fill(ones, 1);
    assertEquals(EXPECTED, peek(inRecords(hello, ones)));
  }

  @Test
  void isTheSameWhereverItsBytesAreSplit() throws Exception {
    byte[] sent = inRecords(ofJdk(), 3, 40);
    BlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
    BlockingQueue<ClientHello> seen = new LinkedBlockingQueue<>();
    Handler looks =
        connection -> {
          accepted.add(connection);
          seen.add(ClientHello.peek(connection));
        };
    try (Server server = start(Listen.tcp("127.0.0.1", 0), looks)) {
      for (int i = 1; i < sent.length; i++) {
        try (Client client = Client.connect(server)) {
          client.socket().setTcpNoDelay(true);
          Connection connection = accepted.poll(10, TimeUnit.SECONDS);
          client.socket().getOutputStream().write(sent, 0, i);
          ConnectionProbe.awaitReceived(connection, i, new AtomicBoolean());
          client.socket().getOutputStream().write(sent, i, sent.length - i);
          assertEquals(EXPECTED, seen.poll(10, TimeUnit.SECONDS), "split at " + i);
        }
      }
    }
  }

  @Test
  void isTruncatedWhereverItEnds() throws Exception {
    byte[] sent = inRecords(ofJdk(), 3, 40);
    assertNull(peek(new byte[0]));
    for (int i = 1; i < sent.length; i++) {
      byte[] cut = Arrays.copyOf(sent, i);
      assertThrows(TruncatedMessageException.class, () -> peek(cut), "cut at " + i);
    }
  }

  @Test
  void isWellFormedOrRefusedWhateverIsWrongInIt() throws Exception {
    byte[] hello = ofJdk();
    for (int i = 0; i < hello.length; i++) {
      for (int bit = 0; bit < Byte.SIZE; bit++) {
        byte[] damaged = hello.clone();
        damaged[i] ^= (byte) (1 << bit);
        try {
          peek(damaged);
        } catch (MalformedMessageException | TruncatedMessageException refused) {
          // As it should be.
        }
      }
    }
  }

  // Messages made by hand

  /** A vector: its length, and what is in it (RFC 8446, section 3.4). */
  private static String sized(int sizeOfLength, String hex) {
    return ("%0" + 2 * sizeOfLength + "x").formatted(hex.length() / 2) + hex;
  }

  private static byte[] record(String message) {
    return HexFormat.of().parseHex("160301" + sized(2, message));
  }

  private static byte[] hello(String body) {
    return record("01" + sized(3, body));
  }

  private static final String BEGIN =
      "0303" + "5a".repeat(32) + sized(1, "") + sized(2, "1301") + sized(1, "00");

  private static byte[] withExtensions(String extensions) {
    return hello(BEGIN + sized(2, extensions));
  }

  private static String serverName(String hex) {
    return "0000" + sized(2, sized(2, "00" + sized(2, hex)));
  }

  private static String hex(String text) {
    return HexFormat.of().formatHex(text.getBytes(ISO_8859_1));
  }

  @Test
  void mayBeThatOfAnOldClientWithoutExtensions() throws Exception {
    assertEquals(
        new ClientHello(Optional.empty(), List.of(), List.of("TLSv1.2")), peek(hello(BEGIN)));
    assertEquals(List.of("TLSv1"), peek(hello("0301" + BEGIN.substring(4))).versions());
    assertEquals(List.of("TLSv1.2"), peek(hello("0304" + BEGIN.substring(4))).versions());
  }

  @Test
  void leavesOutVersionsThatMeanNothing() throws Exception {
    String versions = "002b" + sized(2, sized(1, "0a0a" + "0304" + "7f1c" + "0303" + "0302"));
    assertEquals(
        List.of("TLSv1.3", "TLSv1.2", "TLSv1.1"), peek(withExtensions(versions)).versions());
  }

  @Test
  void passesOverExtensionsAndNamesThatItDoesNotKnow() throws Exception {
    String extensions =
        "0a0a"
            + sized(2, "") // GREASE, RFC 8701
            + "0000"
            + sized(2, sized(2, "07" + sized(2, "ff") + "00" + sized(2, hex("a.example"))));
    assertEquals(Optional.of("a.example"), peek(withExtensions(extensions)).serverName());
  }

  @ParameterizedTest
  @CsvSource({
    "47455420,     it has no record of a TLS handshake",
    "1658590000,   its record has not the version of one",
    "1603010000,   its record is empty or too long",
    "1603014001,   its record is empty or too long",
    "160301000102, its first message is no ClientHello",
    "160301000401004000, it is too long",
  })
  void isRefusedAsSoonAsItIsNone(String sent, String fault) {
    assertEquals(fault, faultOf(HexFormat.of().parseHex(sent)));
  }

  private static String faultOf(byte[] sent) {
    String message = assertThrows(MalformedMessageException.class, () -> peek(sent)).getMessage();
    return message.replace("what should be a ClientHello is none: ", "");
  }

  @Test
  void isRefusedIfItIsMalformed() {
    assertEquals("it ends too early", faultOf(hello("")));
    assertEquals("it ends too early", faultOf(hello(BEGIN.substring(0, 60))));
    assertEquals(
        "its session has a long name",
        faultOf(hello("0303" + "5a".repeat(32) + sized(1, "00".repeat(33)))));
    assertEquals(
        "it has no cipher suites",
        faultOf(hello("0303" + "5a".repeat(32) + sized(1, "") + sized(2, ""))));
    assertEquals(
        "it has no compression methods",
        faultOf(hello("0303" + "5a".repeat(32) + sized(1, "") + sized(2, "1301") + sized(1, ""))));
    assertEquals("there is something behind the end", faultOf(hello(BEGIN + sized(2, "") + "00")));
    assertEquals("it ends too early", faultOf(hello(BEGIN + "0004" + "0000")));
    assertEquals(
        "it has an extension twice",
        faultOf(withExtensions(serverName(hex("a.example")) + serverName(hex("b.example")))));
  }

  @Test
  void isRefusedIfANameInItIsNone() {
    for (String name : List.of("", ".a", "a.", "a b", "a\0b", "a\nb", "\u00e9", "a".repeat(256))) {
      assertEquals("its server name is none", faultOf(withExtensions(serverName(hex(name)))), name);
    }
    String twoNames = ("00" + sized(2, hex("a.example"))).repeat(2);
    assertEquals(
        "it names two servers", faultOf(withExtensions("0000" + sized(2, sized(2, twoNames)))));
    assertEquals(
        "its list of names is empty", faultOf(withExtensions("0000" + sized(2, sized(2, "")))));
    assertEquals(
        "its list of protocols is empty", faultOf(withExtensions("0010" + sized(2, sized(2, "")))));
    assertEquals(
        "it has a protocol without a name",
        faultOf(withExtensions("0010" + sized(2, sized(2, "00")))));
    assertEquals(
        "its list of versions is empty", faultOf(withExtensions("002b" + sized(2, sized(1, "")))));
    assertEquals("it ends too early", faultOf(withExtensions("002b" + sized(2, sized(1, "03")))));
  }

  @Test
  void isRefusedIfItIsLongerThanAPeek() {
    byte[] record = withExtensions("1234" + sized(2, "00".repeat(16_320)));
    int[] tens = new int[2_000];
    Arrays.fill(tens, 10);
    assertEquals("it is too long", faultOf(inRecords(record, tens)));
  }

  // Between a client and two servers

  private Server upstream(String name) throws Exception {
    var identity = tls.authority().issue(name, "DNS:" + name);
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0).tls(ServerTls.builder().identity(identity).build()))
        .handler(ECHO)
        .start();
  }

  private static Connector to(Server server) {
    return Connector.tcp("127.0.0.1", server.port());
  }

  private static String openssl(Server router, String serverName) throws Exception {
    Machine.needs("openssl");
    Process client =
        new ProcessBuilder(
                "openssl",
                "s_client",
                "-connect",
                "127.0.0.1:" + router.port(),
                "-servername",
                serverName)
            .redirectErrorStream(true)
            .start();
    client.getOutputStream().close();
    String said = new String(client.getInputStream().readAllBytes(), ISO_8859_1);
    assertTrue(client.waitFor(20, TimeUnit.SECONDS), said);
    return said;
  }

  private static String subject(String said) {
    return said.lines().filter(line -> line.startsWith("subject=")).findFirst().orElse("none");
  }

  @Test
  void routesToTheServerOfItsNameThatAloneCanDecrypt() throws Exception {
    try (Server a = upstream("a.example");
        Server b = upstream("b.example");
        Server router =
            start(
                Listen.tcp("127.0.0.1", 0),
                route(Map.of("a.example", to(a), "b.example", to(b))))) {
      assertTrue(subject(openssl(router, "a.example")).endsWith("a.example"));
      assertTrue(subject(openssl(router, "B.Example")).endsWith("b.example"));
      assertEquals("none", subject(openssl(router, "c.example")));
      try (Client client = Client.connect(router)) {
        client.send("GET / HTTP/1.0\r\n");
        assertTrue(client.seesReset());
      }
    }
  }
}
