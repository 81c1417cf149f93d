package io.plainweave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Listen;
import io.plainweave.TcpListen;
import io.plainweave.TimeLimits;
import io.plainweave.UnixListen;
import io.plainweave.admission.Rate;
import io.plainweave.fixture.TlsServer;
import io.plainweave.proxyprotocol.ProxyProtocol;
import io.plainweave.text.Addresses;
import io.plainweave.tls.ServerTls;
import io.plainweave.udp.Udp;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Where to listen")
class ListenTest {
  @Test
  void isReadAsPeopleWriteIt() {
    assertEquals(Listen.tcp(7000), Listen.parse("7000"));
    assertEquals(Listen.tcp("localhost", 7000), Listen.parse("localhost:7000"));
    assertEquals(Listen.tcp("::1", 0), Listen.parse("[::1]:0"));
    assertEquals(Listen.unix(Path.of("app.sock")), Listen.parse("unix:app.sock"));
  }

  @Test
  void isReadAsItIsShown() {
    for (Listen listen :
        List.of(
            Listen.tcp(7000),
            Listen.tcp("::1", 7000),
            Listen.tcp("localhost", 7000),
            Listen.unix(Path.of("/run/an app:1.sock")),
            Listen.inherited())) {
      assertEquals(listen, Listen.parse(listen.toString()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "localhost", "localhost:", ":7000", "::1:7000", "-1", "65536"})
  void isRefusedWithTheTextInTheMessage(String text) {
    var failure = assertThrows(IllegalArgumentException.class, () -> Listen.parse(text));
    assertTrue(failure.getMessage().contains(text), failure.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/"})
  void isRefusedAsNoPath(String path) {
    var failure = assertThrows(IllegalArgumentException.class, () -> Listen.parse("unix:" + path));
    assertEquals("this is no path of a socket: '" + path + "'", failure.getMessage());
  }

  @Test
  void isRefusedAsAPathThatTheKernelDoesNotTake() {
    String longest = "/tmp/" + "x".repeat(101);
    assertEquals(Listen.unix(Path.of(longest)), Listen.parse("unix:" + longest));
    String longer = longest + "x";
    var failure =
        assertThrows(IllegalArgumentException.class, () -> Listen.parse("unix:" + longer));
    assertEquals(
        "the path of a Unix-domain socket has at most 106 bytes, and this one has 107: " + longer,
        failure.getMessage());
  }

  @Test
  void isShownAsItIsRead() {
    assertEquals("*:7000", Listen.tcp(7000).toString());
    assertEquals("[::1]:7000", Listen.tcp("::1", 7000).toString());
    assertEquals("localhost:7000", Listen.tcp("localhost", 7000).toString());
  }

  @ParameterizedTest
  @CsvSource({
    "::, [::]:7000",
    "::1, [::1]:7000",
    "2001:db8:0:0:1:0:0:1, [2001:db8::1:0:0:1]:7000",
    "2001:db8:0:1:1:1:1:1, [2001:db8:0:1:1:1:1:1]:7000",
    "fe80:0:0:0:0:0:0:9, [fe80::9]:7000",
    "127.0.0.1, 127.0.0.1:7000"
  })
  void anAddressIsShownInItsShortForm(String address, String shown) {
    assertEquals(shown, Addresses.format(new InetSocketAddress(address, 7000)));
  }

  @Test
  void isRefusedIfOutOfRange() {
    TcpListen tcp = Listen.tcp(7000);
    var acceptors = assertThrows(IllegalArgumentException.class, () -> tcp.acceptors(0));
    assertTrue(acceptors.getMessage().contains("0"), acceptors.getMessage());
    assertThrows(IllegalArgumentException.class, () -> tcp.rebindFor(Duration.ofMillis(-1)));
  }

  @Test
  void isNoInheritedSocketIfTheStandardInputIsNone() {
    Server server = Server.builder().listen(Listen.inherited()).handler(_ -> {}).build();
    var failure = assertThrows(BindException.class, server::start);
    assertTrue(failure.getMessage().contains("systemd"), failure.getMessage());
  }

  @Test
  void keepsTheSettingsOfAnotherPlace(@TempDir Path folder) throws Exception {
    ServerTls tls = TlsServer.in(folder).tls();
    assertEquals(
        settings(Listen.tcp("::1", 7001).reusePort(true).acceptors(2), tls),
        Listen.parse("[::1]:7001")
            .like(settings(Listen.tcp(7000).reusePort(true).acceptors(2), tls)));
    assertEquals(
        settings(Listen.tcp(7001), tls),
        Listen.parse("7001").like(settings(Listen.unix(Path.of("app.sock")), tls)));
    assertEquals(
        settings(Listen.tcp(7001), tls),
        Listen.parse("7001").like(settings(Listen.inherited(), tls)));
    assertEquals(
        settings(Listen.inherited(), tls),
        Listen.parse("inherited").like(settings(Listen.tcp(7000).acceptors(2), tls)));
    assertEquals(
        settings(Listen.unix(Path.of("b.sock")), tls),
        Listen.parse("unix:b.sock").like(settings(Listen.tcp(7000).acceptors(2), tls)));
    UnixListen forTheGroup = Listen.unix(Path.of("a.sock")).permissions("rw-rw----");
    assertEquals(
        settings(Listen.unix(Path.of("b.sock")).permissions("rw-rw----"), tls),
        Listen.parse("unix:b.sock").like(settings(forTheGroup, tls)));
  }

  @Test
  void hasItsPlaceFromTheConfigurationAndItsSettingsFromTheProgram() {
    Listen listen = configured("unix:/run/app.sock");
    assertEquals("unix:/run/app.sock", listen.toString());
    assertEquals(10_000, listen.maxConnections());
    assertEquals(Listen.tcp(7000).maxConnections(10_000), configured("*:7000"));
  }

  // @start region="like"
  private static Listen configured(String place) {
    return Listen.parse(place).like(Listen.tcp(7000).maxConnections(10_000));
  }

  // @end

  @Test
  void keepsItsSettingsForUdpWhereACommandLineNamesAnotherPlace() {
    assertEquals(
        settings(Udp.at("::1", 7001)), ServeCommand.at("[::1]:7001", settings(Udp.at(7000))));
    assertEquals(settings(Udp.at(7001)), ServeCommand.at("*:7001", settings(Udp.at("::1", 7000))));
  }

  private static Udp settings(Udp udp) {
    return udp.maxDatagram(1)
        .receivers(2)
        .receiveBuffer(3)
        .maxHandlers(4)
        .mailbox(5)
        .sourceRate(Rate.perSecond(6))
        .amplification(7);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "65536", "x", "::1:7000", "unix:app.sock", ""})
  void isRefusedForUdpWithTheTextInTheMessage(String text) {
    Udp standard = Udp.at(7000);
    var failure =
        assertThrows(IllegalArgumentException.class, () -> ServeCommand.at(text, standard));
    assertTrue(failure.getMessage().contains(text), failure.getMessage());
  }

  /** All that listeners of every kind have. */
  private static Listen settings(Listen listen, ServerTls tls) {
    return listen
        .maxConnections(9)
        .proxyProtocol(ProxyProtocol.required())
        .timeLimits(TimeLimits.NONE)
        .tls(tls);
  }

  @Test
  void isChangedInOneSettingAndKeepsTheOthers(@TempDir Path folder) throws Exception {
    ServerTls tls = TlsServer.in(folder).tls();
    for (Listen listen :
        List.of(Listen.tcp(7000), Listen.unix(Path.of("app.sock")), Listen.inherited())) {
      Listen changed = settings(listen, tls);
      assertEquals(listen.toString(), changed.toString());
      assertEquals(9, changed.maxConnections());
      assertEquals(ProxyProtocol.required(), changed.proxyProtocol());
      assertEquals(TimeLimits.NONE, changed.timeLimits());
      assertEquals(tls, changed.tls());
      assertNull(listen.proxyProtocol());
      assertNull(listen.timeLimits());
      assertNull(listen.tls());
      assertThrows(IllegalArgumentException.class, () -> listen.maxConnections(-1));
    }
    UnixListen unix = Listen.unix(Path.of("app.sock")).timeLimits(TimeLimits.NONE);
    assertEquals(TimeLimits.NONE, unix.permissions("rw-rw-rw-").timeLimits());
  }
}
