package io.plainweave.event;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The position of a handler")
@Timeout(30)
class HandlerPositionTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "java.lang.VirtualThread",
        "sun.security.ssl.SSLEngineImpl",
        "io.plainweave.admission.RateLimiter",
        "io.plainweave.client.Connector",
        "io.plainweave.ConnectionScope",
        "io.plainweave.internal.connection.SocketConnection",
        "io.plainweave.server.Acceptor",
        "io.plainweave.status.LiveView",
        "io.plainweave.framing.Lines",
        "io.plainweave.kernel.SocketTable",
        "io.plainweave.protocol.Protocols",
        "io.plainweave.proxyprotocol.ProxyHeader",
        "io.plainweave.tls.ServerTls"
      })
  void isTheLineOfItsOwnThatCallsThis(String called) {
    var peer = new InetSocketAddress("127.0.0.1", 7000);
    var stack =
        List.of(
            new StackTraceElement(called, "call", "Called.java", 1),
            new StackTraceElement("io.plainweave.example.Chat", "handle", "Chat.java", 42));
    assertEquals(
        "127.0.0.1:7000 at io.plainweave.example.Chat.handle(Chat.java:42)",
        new HandlerPosition(peer, stack).toString());
    assertEquals(
        "ticks at io.plainweave.example.Chat.handle(Chat.java:42)",
        new TaskPosition("ticks", stack).toString());
  }
}
