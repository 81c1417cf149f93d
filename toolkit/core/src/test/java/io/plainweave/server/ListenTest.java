package io.plainweave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Listen;
import io.plainweave.ProxyProtocol;
import io.plainweave.text.Addresses;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
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
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "localhost", "localhost:", ":7000", "::1:7000", "-1", "65536"})
  void isRefusedWithTheTextInTheMessage(String text) {
    var failure = assertThrows(IllegalArgumentException.class, () -> Listen.parse(text));
    assertTrue(failure.getMessage().contains(text), failure.getMessage());
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
    Listen.Tcp tcp = Listen.tcp(7000);
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
  void keepsItsSettingsWhereACommandLineNamesAnotherPlace() {
    ProxyProtocol protocol = ProxyProtocol.required();
    assertEquals(
        Listen.tcp("::1", 7001).reusePort(true).proxyProtocol(protocol),
        ServeCommand.at("[::1]:7001", Listen.tcp(7000).reusePort(true).proxyProtocol(protocol)));
    assertEquals(
        Listen.tcp(7001).proxyProtocol(protocol),
        ServeCommand.at("7001", Listen.unix(Path.of("app.sock")).proxyProtocol(protocol)));
  }
}
