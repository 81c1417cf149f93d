package io.plainweave.faults;

import static io.plainweave.faults.Behaviour.ECHO;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Table P: a peer behind a bad network")
@Timeout(90)
class BadNetworkFaultsTest {
  /** What befalls a client that is connected. */
  private interface Misfortune {
    void befall(Network network, Process client) throws Exception;
  }

  @Test
  @Tag("machine")
  void p5ThatIsGoneWhileIdleIsFoundByTheIdleLimit() throws Exception {
    isEndedFor("IDLE", "idle=1000", BadNetworkFaultsTest::isCutOffWhileIdle);
  }

  @Test
  @Tag("machine")
  void p5ThatIsGoneWhileIdleIsFoundByKeepAlive() throws Exception {
    isEndedFor("PeerReset", "keepAlive=1", BadNetworkFaultsTest::isCutOffWhileIdle);
  }

  @Test
  @Tag("machine")
  void p6ThatIsGoneWithDataOnTheWayIsFoundByTheWriteLimit() throws Exception {
    isEndedFor(
        "WRITE_STALL",
        "writeStall=1000",
        (network, client) -> {
          sends(client, "W");
          client.getInputStream().readNBytes(1_000_000);
          isCutOff(network);
        });
  }

  @Test
  @Tag("machine")
  void p7WhoseEndIsLostOnTheWayIsFoundByTheIdleLimit() throws Exception {
    Machine.needsRoot("nft");
    isEndedFor(
        "IDLE",
        "idle=1000",
        (network, client) -> {
          isServed(client);
          String chain = "{ type filter hook input priority 0; }";
          network.server.run("nft", "add", "table", "inet", "faults");
          network.server.run("nft", "add", "chain", "inet", "faults", "in", chain);
          String ends = "add rule inet faults in iifname vs tcp flags & (fin|rst) != 0 drop";
          network.server.run(("nft " + ends).split(" "));
          client.destroyForcibly().waitFor();
        });
  }

  private static void isEndedFor(String reason, String option, Misfortune misfortune)
      throws Exception {
    Machine.needsRoot("ip", "socat");
    try (Network network = Network.create();
        FaultServer server = FaultServer.launch().in(network.server).with(option).start()) {
      Invariant invariant = Invariant.before(server);
      Process client = connectWithSocat(network, server);
      try {
        misfortune.befall(network, client);
        invariant.holdsAfter(reason, 1);
      } finally {
        client.destroyForcibly().waitFor();
      }
    }
  }

  private static void isCutOffWhileIdle(Network network, Process client) throws Exception {
    isServed(client);
    isCutOff(network);
  }

  private static void isServed(Process client) throws IOException {
    sends(client, "e!");
    assertEquals('!', client.getInputStream().read());
  }

  private static void isCutOff(Network network) throws Exception {
    network.client.run("ip", "link", "set", network.client.device(), "down");
  }

  private static Process connectWithSocat(Network network, FaultServer server) throws IOException {
    return network.client.start(
        "socat", "-", "TCP:" + network.server.address() + ":" + server.port());
  }

  private static void sends(Process client, String text) throws IOException {
    client.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    client.getOutputStream().flush();
  }

  @Test
  @Tag("machine")
  void p13GetsTheWholeReplyAlsoOverALongWay(@TempDir Path folder) throws Exception {
    byte[] question = ("r" + "x".repeat(20_000)).getBytes(StandardCharsets.US_ASCII);
    var longWay = new Network.BadCable(30, 0, 0, 0, 0, 0);
    assertArrayEquals(Behaviour.reply(), talk(longWay, question, folder));
  }

  @Test
  @Tag("machine")
  void p19GetsEveryByteOverACableThatLosesDuplicatesReordersAndDamages(@TempDir Path folder)
      throws Exception {
    byte[] question = new byte[300_001];
    new Random(19).nextBytes(question);
    question[0] = (byte) ECHO.code();
    var bad = new Network.BadCable(20, 5, 2, 5, 3, 1);
    assertArrayEquals(
        Arrays.copyOfRange(question, 1, question.length), talk(bad, question, folder));
  }

  /** Sends a question over the cable, finishes, and returns the answer. */
  private static byte[] talk(Network.BadCable cable, byte[] question, Path folder)
      throws Exception {
    Machine.needsRoot("ip", "ethtool", "nstat", "python3", "socat");
    Path file = Files.write(folder.resolve("question"), question);
    Path answer = folder.resolve("answer");
    try (Network network = Network.create(cable);
        FaultServer server = FaultServer.launch().in(network.server).with("linger=5000").start()) {
      Invariant invariant = Invariant.before(server);
      String to = network.server.address() + ":" + server.port();
      network.client.run(
          "sh", "-c", "timeout 25 socat -t20 - TCP:" + to + " < " + file + " > " + answer);
      if (cable.loss() > 0) {
        assertTrue(network.server.counter("TcpRetransSegs") > 0, "sent again");
      }
      invariant.holdsAfter("Finished", 1);
    }
    return Files.readAllBytes(answer);
  }
}
