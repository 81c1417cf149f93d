package io.plainweave.client;

import static jdk.net.ExtendedSocketOptions.TCP_KEEPCOUNT;
import static jdk.net.ExtendedSocketOptions.TCP_KEEPIDLE;
import static jdk.net.ExtendedSocketOptions.TCP_KEEPINTERVAL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Listen;
import io.plainweave.TcpListen;
import io.plainweave.TcpOptions;
import io.plainweave.TimeLimits;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.NeedsModule;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.internal.socket.Listener;
import io.plainweave.server.Server;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The options of TCP sockets")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class TcpOptionsTest {
  private static final TcpOptions ALL =
      TcpOptions.DEFAULT
          .receiveBuffer(20_000)
          .sendBuffer(10_000)
          .keepAlive(Duration.ofSeconds(7), Duration.ofSeconds(3), 2)
          .trafficClass(8);

  private static TcpListen with(TcpOptions options) {
    return Listen.tcp("127.0.0.1", 0).options(options);
  }

  private static void assertHasAll(SocketChannel channel) throws Exception {
    assertEquals(20_000, channel.getOption(StandardSocketOptions.SO_RCVBUF));
    assertEquals(10_000, channel.getOption(StandardSocketOptions.SO_SNDBUF));
    assertTrue(channel.getOption(StandardSocketOptions.SO_KEEPALIVE));
    assertEquals(7, channel.getOption(TCP_KEEPIDLE));
    assertEquals(3, channel.getOption(TCP_KEEPINTERVAL));
    assertEquals(2, channel.getOption(TCP_KEEPCOUNT));
    assertEquals(8, channel.getOption(StandardSocketOptions.IP_TOS));
  }

  @NeedsModule("jdk.net")
  @Test
  void areThoseOfEveryAcceptedSocket() throws Exception {
    try (Listener listener = Listener.bind(with(ALL)).getFirst();
        SocketChannel _ = SocketChannel.open(listener.address());
        SocketChannel accepted = listener.accept()) {
      assertHasAll(accepted);
    }
  }

  @NeedsModule("jdk.net")
  @Test
  void areThoseOfASocketThatConnects() throws Exception {
    var destination = new TcpDestination("127.0.0.1", 1, null, ALL, NameLookup::addresses, null);
    try (SocketChannel channel = destination.open()) {
      assertHasAll(channel);
    }
  }

  @Test
  void boundWhatAPeerThatDoesNotReadMayKeepWaiting() throws Exception {
    var sent = new CompletableFuture<ServerEvent.ConnectionClosed>();
    try (Server server =
            Server.builder()
                .listen(with(TcpOptions.DEFAULT.sendBuffer(8_192)))
                .handler(connection -> connection.output().write(new byte[100_000_000]))
                .timeLimits(TimeLimits.DEFAULT.writeStall(Duration.ofMillis(500)))
                .observer(event -> {
                  if (event instanceof ServerEvent.ConnectionClosed closed) {
                    sent.complete(closed);
                  }
                })
                .start();
        var socket = new Socket()) {
      socket.setReceiveBufferSize(8_192);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
      ServerEvent.ConnectionClosed closed = sent.get(20, TimeUnit.SECONDS);
      assertInstanceOf(CloseReason.TimedOut.class, closed.reason());
      // Without the option it is more than a million.
      assertTrue(closed.sent() < 200_000, () -> closed.sent() + " bytes");
    }
  }

  @Test
  void fromTheSystemInPartOnlyAreRefusedAtTheStart() {
    Server server =
        Server.builder()
            .listen(with(TcpOptions.DEFAULT.sendBuffer(Integer.MAX_VALUE)))
            .handler(_ -> {})
            .build();
    var failure = assertThrows(BindException.class, server::start);
    assertTrue(failure.getMessage().contains("SO_SNDBUF at most"), failure.getMessage());
    assertTrue(failure.getMessage().contains("2147483647"), failure.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT0.5S", "PT1.5S", "PT-1S"})
  void askASilentPeerAfterWholeSecondsOnly(String idle) {
    Duration second = Duration.ofSeconds(1);
    var failure =
        assertThrows(
            IllegalArgumentException.class,
            () -> TcpOptions.DEFAULT.keepAlive(Duration.parse(idle), second, 1));
    assertTrue(failure.getMessage().contains(idle), failure.getMessage());
  }

  @Test
  void areRefusedForAPath() {
    var failure =
        assertThrows(
            IllegalArgumentException.class,
            () -> Connector.unix(Path.of("/run/app.sock")).options(ALL));
    assertTrue(failure.getMessage().contains("/run/app.sock"), failure.getMessage());
  }

  @Test
  void letPacketsOvertakeOthers() {
    // @start region="traffic-class"
    // For what cannot wait: "expedited forwarding" (RFC 3246), the upper six of eight bits.
    TcpOptions urgent = TcpOptions.DEFAULT.trafficClass(46 << 2);
    // @end
    assertEquals(0xB8, urgent.trafficClass());
  }

  @ParameterizedTest
  @ValueSource(ints = {-4, 3, 46, 256})
  void haveNoTrafficClassThatIsNone(int trafficClass) {
    var failure =
        assertThrows(
            IllegalArgumentException.class, () -> TcpOptions.DEFAULT.trafficClass(trafficClass));
    assertEquals(
        "trafficClass must be a multiple of 4 from 0 to 252: " + trafficClass,
        failure.getMessage());
  }

  @Test
  void areRefusedIfNegative() {
    assertThrows(IllegalArgumentException.class, () -> TcpOptions.DEFAULT.sendBuffer(-1));
    assertThrows(IllegalArgumentException.class, () -> TcpOptions.DEFAULT.receiveBuffer(-1));
  }
}
