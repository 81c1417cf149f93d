package io.plainweave.loadtests.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.Main;
import io.plainweave.server.Server;
import io.plainweave.udp.DatagramHandler;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import picocli.CommandLine;

@DisplayName("The load of datagrams")
@Timeout(60)
final class UdpTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private final AtomicInteger received = new AtomicInteger();

  private int run(DatagramHandler handler) throws Exception {
    try (Server server =
        Server.builder().datagrams(io.plainweave.udp.Udp.at("127.0.0.1", 0), handler).start()) {
      return run(server.datagrams().getFirst().address().getPort());
    }
  }

  private int run(int port) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(
        "udp",
        "--target",
        "127.0.0.1:" + port,
        "--rate",
        "200",
        "--duration",
        "1s",
        "--sockets",
        "300",
        "--wait",
        "1s");
  }

  private void assertLine(String line) {
    assertTrue(out.toString().lines().anyMatch(line::equals), out + "\n" + err);
  }

  @Test
  void findsNothingLostWhereEveryDatagramComesBack() throws Exception {
    assertEquals(0, run(datagram -> datagram.reply(datagram.bytes())), out + "\n" + err);
    assertLine("answered        200");
    assertLine("lost            0");
  }

  @Test
  void comesFromAsManyAddressesAsThereAreSockets() throws Exception {
    Set<InetAddress> sources = ConcurrentHashMap.newKeySet();
    run(datagram -> {
      sources.add(datagram.remoteAddress().getAddress());
      datagram.reply(datagram.bytes());
    });
    assertEquals(200, sources.size());
  }

  @Test
  void countsWhatIsLost() throws Exception {
    int exitCode =
        run(datagram -> {
          if (received.incrementAndGet() % 10 != 0) {
            datagram.reply(datagram.bytes());
          }
        });
    assertEquals(1, exitCode);
    assertLine("lost            20");
  }

  @Test
  void countsWhatComesTwiceOrChanged() throws Exception {
    int exitCode =
        run(datagram -> {
          datagram.reply(datagram.bytes());
          if (received.incrementAndGet() == 7) {
            datagram.reply(datagram.bytes());
            datagram.reply(new byte[DatagramLoad.BYTES]);
          }
        });
    assertEquals(1, exitCode);
    assertLine("twice, changed  1, 1");
  }

  @Test
  void saysThatNobodyListens() throws Exception {
    int port;
    try (var free = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    assertEquals(1, run(port));
    assertEquals("The run failed because nobody listens at the target\n", err.toString());
  }
}
