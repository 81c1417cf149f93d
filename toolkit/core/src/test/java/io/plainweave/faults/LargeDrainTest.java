package io.plainweave.faults;

import static io.plainweave.faults.Behaviour.IGNORE_INTERRUPTS;
import static io.plainweave.faults.Behaviour.LINES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import io.plainweave.fixture.NeedsModule;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;

@NeedsModule("jdk.management")
@DisplayName("A drain of 15,000 idle connections")
@Tag("machine")
@Timeout(90)
class LargeDrainTest {
  private static final int IDLE = 15_000;

  private final List<SocketChannel> idle = new ArrayList<>();
  private FaultServer server;

  @BeforeEach
  void connect() throws Exception {
    var system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    Machine.needs(
        system.getMaxFileDescriptorCount() > IDLE + 1_000, "there are too few descriptors");
    server = FaultServer.launch().with("any=1", "drainTimeout=3000").start();
    for (int i = 0; i < IDLE; i++) {
      // To several addresses, since the ports to one of them are limited.
      var address = InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) (1 + i % 10)});
      idle.add(SocketChannel.open(new InetSocketAddress(address, server.port())));
    }
    server.awaitCount("connections", IDLE);
  }

  @AfterEach
  void end() throws Exception {
    for (SocketChannel channel : idle) {
      channel.close();
    }
    if (server != null) {
      server.close();
    }
  }

  /** Each reads its end of stream, and closes. */
  private void awaitTheEndOfAll() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(16);
    for (SocketChannel channel : idle) {
      assertEquals(-1, channel.read(buffer));
      channel.close();
    }
  }

  @Test
  void endsThemAll(TestReporter reporter) throws Exception {
    server.ask("shutdown");
    awaitTheEndOfAll();
    server.awaitCount("closed", IDLE);
    Map<String, Long> report = server.ask("drain");
    reporter.publishEntry("milliseconds to drain " + IDLE, report.get("millis").toString());
    assertEquals(IDLE, report.get("finished"));
    assertEquals(0, report.get("forced"));
    assertEquals(IDLE, server.count("reason.Drained"));
    assertEquals(IDLE, server.count("closed"));
    assertEquals(0, server.count("threads"));
  }

  @Test
  void tellsThemFromTenThatAreBusyAndThreeThatAreStuck() throws Exception {
    List<Peer> busy = Peer.connectMany(server, 10);
    List<Peer> stuck = Peer.connectMany(server, 3);
    for (Peer peer : busy) {
      peer.asks(LINES).sends("first\nhalf of ");
      assertEquals("first\n", peer.receive(6));
    }
    for (Peer peer : stuck) {
      peer.asks(IGNORE_INTERRUPTS);
    }
    server.awaitCount("opened", IDLE + 13);
    server.ask("shutdown");
    awaitTheEndOfAll();
    for (Peer peer : busy) {
      peer.sends("the second\n");
      peer.finish();
      assertEquals("half of the second\n", new String(peer.receiveAll()));
      peer.close();
    }
    server.awaitCount("closed", IDLE + 10);
    Map<String, Long> report = server.ask("drain");
    assertEquals(IDLE + 10, report.get("finished"));
    assertEquals(3, report.get("forced"));
    assertEquals(3, report.get("survivors"));
    assertEquals(3, report.get("stuck"), "their line of code");
    for (Peer peer : stuck) {
      assertTrue(peer.seesReset());
      peer.close();
    }
    assertTrue(server.count("threads") > 0, "theirs go on");
    server.ask("release");
    server.awaitCount("reason.Cancelled", 3);
    assertEquals(0, server.count("connections"));
  }
}
