package io.plainweave.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.proxyprotocol.ProxyHeader;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A connection through a proxy")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ProxyServerTest {
  private static final String CONNECT =
      "CONNECT db.example:5432 HTTP/1.1\r\nHost: db.example:5432\r\n\r\n";

  /** Plays the proxy, byte by byte. */
  private ServerSocket proxy;

  @BeforeEach
  void listen() throws IOException {
    proxy = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"));
    proxy.setSoTimeout(10_000);
  }

  @AfterEach
  void close() throws IOException {
    proxy.close();
  }

  private ProxyServer socks() {
    return ProxyServer.socks("127.0.0.1", proxy.getLocalPort());
  }

  private ProxyServer http() {
    return ProxyServer.http("127.0.0.1", proxy.getLocalPort());
  }

  private static Connector to(String host, int port) {
    return Connector.tcp(host, port);
  }

  /** The proxy's end of a connection. */
  private record Asked(Socket socket) implements AutoCloseable {
    static Asked by(ServerSocket listener) throws IOException {
      Socket socket = listener.accept();
      socket.setSoTimeout(10_000);
      return new Asked(socket);
    }

    void expect(String text) throws IOException {
      assertEquals(text, new String(socket.getInputStream().readNBytes(text.length()), ISO_8859_1));
    }

    void expectHex(String hex) throws IOException {
      String bytes = hex.replace(" ", "");
      assertEquals(
          bytes, HexFormat.of().formatHex(socket.getInputStream().readNBytes(bytes.length() / 2)));
    }

    void say(String text) throws IOException {
      socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    }

    void sayHex(String hex) throws IOException {
      socket.getOutputStream().write(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private static <T> FutureTask<T> start(Callable<T> call) {
    var task = new FutureTask<T>(call);
    Thread.ofVirtual().start(task);
    return task;
  }

  private static FutureTask<Connection> connecting(Connector connector) {
    return start(connector::connect);
  }

  private static String refusal(FutureTask<Connection> connecting) {
    var failure =
        assertThrows(ExecutionException.class, () -> connecting.get(10, TimeUnit.SECONDS));
    return assertInstanceOf(ConnectException.class, failure.getCause()).getMessage();
  }

  // @start region="via"
  private static Connection connect(String proxyHost, int proxyPort)
      throws IOException, InterruptedException {
    ProxyServer proxy = ProxyServer.socks(proxyHost, proxyPort).credentials("app", "secret");
    return Connector.tcp("db.example", 5432).via(proxy).connect();
  }

  // @end

  @Test
  void asksSocksForANameWithCredentials() throws Exception {
    FutureTask<Connection> connecting = start(() -> connect("127.0.0.1", proxy.getLocalPort()));
    try (Asked asked = Asked.by(proxy)) {
      asked.expectHex("05 02 00 02");
      asked.sayHex("05 02");
      asked.expectHex("01 03 617070 06 736563726574");
      asked.sayHex("01 00");
      asked.expectHex("05 01 00 03 0a 64622e6578616d706c65 1538");
      // What the destination says at once must not get lost.
      asked.sayHex("05 00 00 01 7f000001 1234 68656c6c6f");
      try (Connection connection = connecting.get()) {
        assertEquals("hello", new String(connection.input().readNBytes(5)));
        connection.output().write('!');
        connection.output().flush();
        asked.expect("!");
        assertEquals(proxy.getLocalSocketAddress(), connection.remoteAddress());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.7,   01 c0000207,                          01 00000000",
    "2001:db8::7, 04 20010db8000000000000000000000007,  04 00000000000000000000000000000000",
    "a.example,   03 09 612e6578616d706c65,             03 04 61626364",
  })
  void tellsSocksAnAddressAsWhatItIs(String host, String asRequested, String bound)
      throws Exception {
    FutureTask<Connection> connecting = connecting(to(host, 0x1234).via(socks()));
    try (Asked asked = Asked.by(proxy)) {
      asked.expectHex("05 01 00");
      asked.sayHex("05 00");
      asked.expectHex("05 01 00 " + asRequested + " 1234");
      asked.sayHex("05 00 00 " + bound + " 0000 21");
      try (Connection connection = connecting.get()) {
        assertEquals('!', connection.input().read());
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "05 ff               | the proxy wants credentials",
        "05 02               | the proxy chooses a method that was not offered: 2",
        "04 5a               | the proxy does not speak SOCKS5",
        "05 00 05 01 00 01   | the proxy answers: general SOCKS server failure",
        "05 00 05 02 00 01   | the proxy answers: connection not allowed by ruleset",
        "05 00 05 04 00 01   | the proxy answers: Host unreachable",
        "05 00 05 05 00 01   | the proxy answers: Connection refused",
        "05 00 05 63 00 01   | the proxy answers: reply 99",
        "05 00 05 00 00 02   | the proxy does not speak SOCKS5",
        "05                  | the proxy has closed the connection",
      })
  void saysWhatSocksHasAnswered(String answer, String why) throws Exception {
    Connector connector = to("db.example", 5432).via(socks());
    FutureTask<Connection> connecting = connecting(connector);
    try (Asked asked = Asked.by(proxy)) {
      asked.sayHex(answer);
      asked.socket().shutdownOutput();
      assertEquals(
          "cannot connect to db.example:5432 via " + socks() + ": " + why, refusal(connecting));
    }
  }

  @Test
  void isToldThatItsCredentialsAreWrongAndDoesNotTryAgain() throws Exception {
    Connector connector =
        to("db.example", 5432)
            .via(socks().credentials("app", "wrong"))
            .retryFor(Duration.ofMinutes(1));
    FutureTask<Connection> connecting = connecting(connector);
    try (Asked asked = Asked.by(proxy)) {
      asked.sayHex("05 02 01 01");
      String refusal = refusal(connecting);
      assertTrue(refusal.endsWith("the proxy does not accept the credentials (status 1)"));
      assertFalse(refusal.contains("wrong"), refusal);
    }
  }

  @Test
  void triesAgainWhatMayPass() throws Exception {
    Connector connector = to("db.example", 5432).via(http()).retryFor(Duration.ofMinutes(1));
    FutureTask<Connection> connecting = connecting(connector);
    try (Asked asked = Asked.by(proxy)) {
      asked.say("HTTP/1.1 503 Service Unavailable\r\n\r\n");
    }
    try (Asked asked = Asked.by(proxy)) {
      asked.expect(CONNECT);
      asked.say("HTTP/1.1 200 OK\r\n\r\n");
      connecting.get().close();
    }
  }

  @Test
  void asksHttpWithCredentialsAndReadsNothingBehindTheHead() throws Exception {
    Connector connector = to("2001:db8::7", 443).via(http().credentials("app", "s:cret"));
    FutureTask<Connection> connecting = connecting(connector);
    try (Asked asked = Asked.by(proxy)) {
      asked.expect(
          "CONNECT [2001:db8::7]:443 HTTP/1.1\r\nHost: [2001:db8::7]:443\r\n"
              + "Proxy-Authorization: Basic YXBwOnM6Y3JldA==\r\n\r\n");
      asked.say("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
      asked.say("HTTP/1.0 200 Connection established\r\nVia: 1.1 a\r\n\r\n\r\nhello");
      asked.socket().shutdownOutput();
      try (Connection connection = connecting.get()) {
        assertEquals("\r\nhello", new String(connection.input().readAllBytes()));
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "HTTP/1.1 407 Proxy Authentication Required~Proxy-Authenticate: Basic~~"
            + "| the proxy answers: HTTP/1.1 407 Proxy Authentication Required",
        "HTTP/1.1 403~~      | the proxy answers: HTTP/1.1 403",
        "HTTP/1.1 302 x~~    | the proxy answers: HTTP/1.1 302 x",
        "HTTP/2 200~~        | the proxy does not speak HTTP/1.1",
        "SSH-2.0-x~~         | the proxy does not speak HTTP/1.1",
        "HTTP/1.1 200 OK~    | the proxy has closed the connection",
        "HTTP/1.1 400 \u001b[0m~~ | the proxy answers: HTTP/1.1 400 \\u001b[0m",
      })
  void saysWhatHttpHasAnswered(String answer, String why) throws Exception {
    FutureTask<Connection> connecting = connecting(to("db.example", 5432).via(http()));
    try (Asked asked = Asked.by(proxy)) {
      asked.expect(CONNECT);
      asked.say(answer.replace("~", "\r\n"));
      asked.socket().shutdownOutput();
      assertEquals(
          "cannot connect to db.example:5432 via " + http() + ": " + why, refusal(connecting));
    }
  }

  @Test
  void takesNoHeadWithoutAnEnd() throws Exception {
    FutureTask<Connection> connecting = connecting(to("db.example", 5432).via(http()));
    try (Asked asked = Asked.by(proxy)) {
      asked.expect(CONNECT);
      asked.say("HTTP/1.1 200 OK\r\nX: " + "x".repeat(8_192));
      assertTrue(refusal(connecting).endsWith("the proxy sends a head of more than 8192 bytes"));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void hasATimeLimitForTheProxy(boolean socks) throws Exception {
    Connector connector =
        to("db.example", 5432).via(socks ? socks() : http()).connectTimeout(Duration.ofMillis(200));
    FutureTask<Connection> connecting = connecting(connector);
    try (Asked asked = Asked.by(proxy)) {
      asked.say(socks ? "\5" : "HTTP/1.1 200");
      assertEquals("cannot connect to " + connector + ": no answer", refusal(connecting));
    }
  }

  @Test
  void namesItsProxyWhenThatIsNotThere() throws Exception {
    proxy.close();
    String refusal = refusal(connecting(to("db.example", 5432).via(socks())));
    assertTrue(
        refusal.startsWith("cannot connect to db.example:5432 via " + socks() + ": "), refusal);
    Connector unknown = to("127.0.0.1", 80).via(ProxyServer.http("proxy.invalid", 3128));
    assertEquals(
        "cannot connect to 127.0.0.1:80 via http://proxy.invalid:3128: the proxy is unknown",
        refusal(connecting(unknown)));
  }

  @Test
  void sendsTheHeaderOfItsOwnBehindThatOfTheProxy() throws Exception {
    Connector connector = to("db.example", 5432).proxyHeader(ProxyHeader.local()).via(http());
    FutureTask<Connection> connecting = connecting(connector);
    try (Asked asked = Asked.by(proxy)) {
      asked.expect(CONNECT);
      asked.say("HTTP/1.1 200 OK\r\n\r\n");
      asked.expectHex(HexFormat.of().formatHex(ProxyHeader.local().toBytes()));
      connecting.get().close();
    }
  }

  @Test
  void isLentByAPool() throws Exception {
    Connector connector = to("db.example", 5432).via(http());
    try (var pool = new ConnectionPool(connector, PoolLimits.DEFAULT)) {
      FutureTask<ConnectionPool.Lease> first = start(pool::borrow);
      try (Asked asked = Asked.by(proxy)) {
        asked.expect(CONNECT);
        asked.say("HTTP/1.1 200 OK\r\n\r\n");
        for (String question : new String[] {"one", "two"}) {
          try (ConnectionPool.Lease lease = question.equals("one") ? first.get() : pool.borrow()) {
            lease.connection().output().write(question.getBytes(ISO_8859_1));
            lease.connection().output().flush();
            asked.expect(question);
            asked.say("!");
            assertEquals('!', lease.connection().input().read());
            lease.giveBack();
          }
        }
      }
    }
  }

  @Test
  void isShownWithoutCredentials() {
    ProxyServer proxy = ProxyServer.socks("::1", 1080).credentials("app", "secret");
    assertEquals("socks5://[::1]:1080", proxy.toString());
    assertEquals("a:1 via socks5://[::1]:1080", to("a", 1).via(proxy).toString());
    assertEquals("http://p:8080", ProxyServer.http("p", 8080).toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\r\nX: y", "a b", "\u00fc.example", "a\u0000"})
  void isRefusedForAHostThatSaysMoreThanWhereToConnect(String host) {
    Connector connector = to(host, 80);
    assertThrows(IllegalArgumentException.class, () -> connector.via(http()));
  }

  @Test
  void isRefusedForWhatCannotBe() {
    assertThrows(IllegalArgumentException.class, () -> Connector.unix(Path.of("/x")).via(http()));
    assertThrows(IllegalArgumentException.class, () -> http().credentials("a:b", "x"));
    assertThrows(IllegalArgumentException.class, () -> socks().credentials("", "x"));
    var failure =
        assertThrows(
            IllegalArgumentException.class, () -> socks().credentials("a", "x".repeat(256)));
    assertEquals("the password has from 1 to 255 bytes: 256", failure.getMessage());
    assertThrows(IllegalArgumentException.class, () -> to("x".repeat(256), 1).via(socks()));
    assertThrows(IllegalArgumentException.class, () -> ProxyServer.socks("", 1));
  }
}
