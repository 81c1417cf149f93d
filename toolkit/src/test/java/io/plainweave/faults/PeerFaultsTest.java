package io.plainweave.faults;

import static io.plainweave.faults.Behaviour.ECHO;
import static io.plainweave.faults.Behaviour.FINISH_FIRST;
import static io.plainweave.faults.Behaviour.LINES;
import static io.plainweave.faults.Behaviour.LONG_MESSAGE;
import static io.plainweave.faults.Behaviour.REPLY;
import static io.plainweave.faults.Behaviour.WRITE;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Table P: a peer")
@Timeout(90)
class PeerFaultsTest {
  /** Without time limits but that of the linger. */
  private static FaultServer patient;

  /** With a limit of half a second for everything. */
  private static FaultServer impatient;

  @BeforeAll
  static void startServers() throws Exception {
    Machine.needs();
    patient = FaultServer.launch().start();
    impatient =
        FaultServer.launch()
            .with("firstByte=500", "message=500", "writeStall=500", "halfClosed=500", "linger=500")
            .start();
  }

  @AfterAll
  static void endServers() throws Exception {
    for (FaultServer server : new FaultServer[] {patient, impatient}) {
      if (server != null) {
        server.close();
      }
    }
  }

  private static void pause(long millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  @Test
  void p1ThatSendsNothingIsEndedInTime() throws Exception {
    Invariant invariant = Invariant.before(impatient);
    List<Peer> peers = Peer.connectMany(impatient, 30);
    for (Peer peer : peers) {
      assertEquals(0, peer.receiveAll().length);
      peer.close();
    }
    invariant.holdsAfter("FIRST_BYTE", 30);
  }

  @Test
  void p2p3ThatDripsIsEndedInTime() throws Exception {
    Invariant invariant = Invariant.before(impatient);
    List<Peer> peers = Peer.connectMany(impatient, 10);
    var ended = new AtomicBoolean();
    while (!ended.get()) {
      for (Peer peer : peers) {
        try {
          peer.asks(LONG_MESSAGE);
        } catch (SocketException reset) {
          ended.set(true);
        }
      }
      pause(20);
    }
    await().until(() -> impatient.count("connections") == 0);
    Peer.closeAll(peers);
    invariant.holdsAfter("MESSAGE", 10);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-H", "-B", "-X"})
  @Tag("machine")
  void p2p3p4AsSlowhttptestPlaysItIsEndedInTime(String attack) throws Exception {
    Machine.needs("slowhttptest");
    Invariant invariant = Invariant.before(impatient);
    long before = impatient.count("opened");
    Machine.run(
        "slowhttptest",
        attack,
        "-c",
        "30",
        "-r",
        "100",
        "-i",
        "1",
        "-l",
        "4",
        "-p",
        "2",
        "-u",
        "http://127.0.0.1:" + impatient.port() + "/");
    assertTrue(impatient.count("opened") >= before + 30);
    await().until(() -> impatient.count("connections") == 0);
    assertTrue(
        ended("MESSAGE", "WRITE_STALL") >= 30, () -> "ended otherwise: " + counts(impatient));
    assertEquals(0, impatient.count("reason.HandlerFailed"));
    invariant.noProcessorIsKeptBusy();
    Invariant.before(impatient).holdsAfter(Map.of());
  }

  private static long ended(String... reasons) throws InterruptedException {
    long sum = 0;
    for (String reason : reasons) {
      sum += impatient.count("reason." + reason);
    }
    return sum;
  }

  private static String counts(FaultServer server) {
    try {
      return server.counts().toString();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void p4ThatDoesNotReadIsResetAndDelaysNobody() throws Exception {
    try (FaultServer server = FaultServer.launch().with("writeStall=1500").start()) {
      Invariant invariant = Invariant.before(server);
      List<Peer> peers = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        peers.add(Peer.connect(server, 1024).asks(WRITE));
      }
      try (Peer other = Peer.connect(server).asks(ECHO)) {
        while (server.count("reason.WRITE_STALL") < 10) {
          long begin = System.nanoTime();
          other.exchange("is not delayed");
          assertTrue(System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(1));
        }
      }
      for (Peer peer : peers) {
        assertTrue(peer.seesReset());
        peer.close();
      }
      invariant.holdsAfter(Map.of("WRITE_STALL", 10L, "Finished", 1L));
    }
  }

  @Test
  @Tag("machine")
  void p4WhoseProcessIsStoppedIsReset() throws Exception {
    Machine.needs("nc");
    try (FaultServer server = FaultServer.launch().with("writeStall=500").start()) {
      Invariant invariant = Invariant.before(server);
      Process reader =
          new ProcessBuilder("nc", "127.0.0.1", Integer.toString(server.port())).start();
      try {
        sends(reader, "W");
        reader.getInputStream().readNBytes(1_000_000);
        Machine.run("kill", "-s", "STOP", Long.toString(reader.pid()));
        invariant.holdsAfter("WRITE_STALL", 1);
      } finally {
        reader.destroyForcibly().waitFor();
      }
    }
  }

  @Test
  @Tag("machine")
  void p5ThatIsGoneWhileIdleIsFoundByTheIdleLimit() throws Exception {
    Machine.needsRoot("ip", "socat");
    try (Network network = Network.create();
        FaultServer server = FaultServer.launch().in(network.server).with("idle=1000").start()) {
      Invariant invariant = Invariant.before(server);
      Process client = connectWithSocat(network, server);
      try {
        sends(client, "e!");
        assertEquals('!', client.getInputStream().read());
        network.client.run("ip", "link", "set", network.client.device(), "down");
        invariant.holdsAfter("IDLE", 1);
      } finally {
        client.destroyForcibly().waitFor();
      }
    }
  }

  @Test
  @Tag("machine")
  void p5ThatIsGoneWhileIdleIsFoundByKeepAlive() throws Exception {
    Machine.needsRoot("ip", "socat");
    try (Network network = Network.create();
        FaultServer server = FaultServer.launch().in(network.server).with("keepAlive=1").start()) {
      Invariant invariant = Invariant.before(server);
      Process client = connectWithSocat(network, server);
      try {
        sends(client, "e!");
        assertEquals('!', client.getInputStream().read());
        network.client.run("ip", "link", "set", network.client.device(), "down");
        invariant.holdsAfter("PeerReset", 1);
      } finally {
        client.destroyForcibly().waitFor();
      }
    }
  }

  @Test
  @Tag("machine")
  void p6ThatIsGoneWithDataOnTheWayIsFoundByTheWriteLimit() throws Exception {
    Machine.needsRoot("ip", "socat");
    try (Network network = Network.create();
        FaultServer server =
            FaultServer.launch().in(network.server).with("writeStall=1000").start()) {
      Invariant invariant = Invariant.before(server);
      Process client = connectWithSocat(network, server);
      try {
        sends(client, "W");
        client.getInputStream().readNBytes(1_000_000);
        network.client.run("ip", "link", "set", network.client.device(), "down");
        invariant.holdsAfter("WRITE_STALL", 1);
      } finally {
        client.destroyForcibly().waitFor();
      }
    }
  }

  @Test
  @Tag("machine")
  void p7WhoseEndIsLostOnTheWayIsFoundByTheIdleLimit() throws Exception {
    Machine.needsRoot("ip", "socat", "nft");
    try (Network network = Network.create();
        FaultServer server = FaultServer.launch().in(network.server).with("idle=1000").start()) {
      Invariant invariant = Invariant.before(server);
      Process client = connectWithSocat(network, server);
      try {
        sends(client, "e!");
        assertEquals('!', client.getInputStream().read());
        network.server.run("nft", "add", "table", "inet", "faults");
        network.server.run(
            "nft",
            "add",
            "chain",
            "inet",
            "faults",
            "in",
            "{ type filter hook input priority 0; }");
        network.server.run(
            "nft",
            "add",
            "rule",
            "inet",
            "faults",
            "in",
            "iifname",
            "vs",
            "tcp",
            "flags",
            "&",
            "(fin|rst)",
            "!=",
            "0",
            "drop");
        client.destroyForcibly().waitFor();
        invariant.holdsAfter("IDLE", 1);
      } finally {
        client.destroyForcibly().waitFor();
      }
    }
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
  void p8ThatFinishesFirstStillGetsTheWholeAnswer() throws Exception {
    Invariant invariant = Invariant.before(patient);
    byte[] sent = new byte[3_000_000];
    new Random(8).nextBytes(sent);
    try (Peer peer = Peer.connect(patient).asks(ECHO)) {
      var received = CompletableFuture.supplyAsync(() -> all(peer), Thread::startVirtualThread);
      peer.sends(sent);
      peer.finish();
      assertArrayEquals(sent, received.get(20, TimeUnit.SECONDS));
    }
    invariant.holdsAfter("Finished", 1);
  }

  private static byte[] all(Peer peer) {
    try {
      return peer.receiveAll();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void p9MayGoOnSendingWhenTheServerHasFinished() throws Exception {
    Invariant invariant = Invariant.before(patient);
    try (Peer peer = Peer.connect(patient).asks(FINISH_FIRST)) {
      assertEquals("z", new String(peer.receiveAll()));
      for (int i = 0; i < 50; i++) {
        peer.sends(new byte[10_000]);
      }
    }
    invariant.holdsAfter("Finished", 1);
  }

  @Test
  void p10ThatNeverFinishesIsEndedInTime() throws Exception {
    Invariant invariant = Invariant.before(impatient);
    try (Peer halfClosed = Peer.connect(impatient).asks(FINISH_FIRST);
        Peer lingering = Peer.connect(impatient).asks(REPLY)) {
      assertEquals("z", new String(halfClosed.receiveAll()));
      assertArrayEquals(Behaviour.reply(), lingering.receiveAll());
      await().until(() -> impatient.count("connections") == 0);
    }
    invariant.holdsAfter(Map.of("HALF_CLOSED", 1L, "Finished", 1L));
  }

  @Test
  void p11ThatResetsIsNoErrorHoweverOften() throws Exception {
    Invariant invariant = Invariant.before(patient);
    int logged = patient.stderr().length();
    for (int i = 0; i < 2_000; i++) {
      Peer.connect(patient).asks(ECHO).reset();
    }
    invariant.holdsAfter("PeerReset", 2_000);
    assertEquals(logged, patient.stderr().length());
  }

  @Test
  @Tag("machine")
  void p12ThatIsResetWhileTheServerReadsOrWritesEndsAlone() throws Exception {
    Machine.needsRoot("ss");
    try (FaultServer server = FaultServer.launch().start()) {
      Invariant invariant = Invariant.before(server);
      List<Peer> peers = Peer.connectMany(server, 10);
      for (int i = 0; i < 10; i++) {
        peers.get(i).asks(i % 2 == 0 ? LONG_MESSAGE : WRITE);
      }
      server.awaitCount("connections", 10);
      for (int i = 1; i < 10; i += 2) {
        assertEquals(1, peers.get(i).receive(1).length());
      }
      Machine.run("ss", "-t", "-K", "state", "established", "dport", "=", ":" + server.port());
      invariant.holdsAfter("PeerReset", 10);
      Peer.closeAll(peers);
    }
  }

  @Test
  void p13GetsTheWholeReplyThoughTheServerHasNotReadAll() throws Exception {
    Invariant invariant = Invariant.before(patient);
    for (int i = 0; i < 20; i++) {
      try (Peer peer = Peer.connect(patient).asks(REPLY).sends("x".repeat(20_000))) {
        assertArrayEquals(Behaviour.reply(), peer.receiveAll());
      }
    }
    invariant.holdsAfter("Finished", 20);
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
      assertEquals(cable.loss() > 0, network.server.counter("TcpRetransSegs") > 0, "sent again");
      invariant.holdsAfter("Finished", 1);
    }
    return Files.readAllBytes(answer);
  }

  @Test
  void p14IsUnderstoodWhereverItsBytesAreSplit() throws Exception {
    Invariant invariant = Invariant.before(patient);
    String lines = "first\nsecond\n\nlast\n";
    for (int split = 1; split < lines.length(); split++) {
      try (Peer peer = Peer.connect(patient).asks(LINES)) {
        peer.sends(lines.substring(0, split));
        pause(2);
        peer.sends(lines.substring(split));
        assertEquals(lines, peer.receive(lines.length()));
      }
    }
    try (Peer peer = Peer.connect(patient).asks(LINES)) {
      for (char c : lines.toCharArray()) {
        peer.sends(String.valueOf(c));
      }
      assertEquals(lines, peer.receive(lines.length()));
    }
    invariant.holdsAfter("Finished", lines.length());
  }

  @Test
  void p15GetsItsAnswersInOrderHoweverManyQuestionsItSendsAtOnce() throws Exception {
    Invariant invariant = Invariant.before(patient);
    var lines = new StringBuilder();
    for (int i = 0; i < 5_000; i++) {
      lines.append("question ").append(i).append('\n');
    }
    try (Peer peer = Peer.connect(patient)) {
      peer.sends(LINES.code() + lines.toString());
      assertEquals(lines.toString(), peer.receive(lines.length()));
    }
    invariant.holdsAfter("Finished", 1);
  }

  @ParameterizedTest
  @EnumSource(
      value = Behaviour.class,
      names = {"ECHO", "LINES", "HTTP", "LONG_MESSAGE"})
  void p17ThatSendsGarbageEndsAlone(Behaviour behaviour) throws Exception {
    Invariant invariant = Invariant.before(patient);
    var random = new Random(17);
    for (int i = 0; i < 10; i++) {
      byte[] garbage = new byte[100_000];
      random.nextBytes(garbage);
      try (Peer peer = Peer.connect(patient).asks(behaviour)) {
        var received = CompletableFuture.supplyAsync(() -> all(peer), Thread::startVirtualThread);
        peer.sends(garbage);
        peer.finish();
        received.get(20, TimeUnit.SECONDS);
      }
    }
    invariant.holdsAfter("Finished", 10);
  }

  @Test
  void p18ThatSendsUrgentDataIsServedWithoutIt() throws Exception {
    Invariant invariant = Invariant.before(patient);
    try (Peer peer = Peer.connect(patient).asks(ECHO)) {
      peer.exchange("before");
      peer.socket().sendUrgentData('!');
      peer.exchange("after");
      invariant.noProcessorIsKeptBusy();
    }
    invariant.holdsAfter("Finished", 1);
  }

  @Test
  void p20IsServedWhileOthersFlood() throws Exception {
    Invariant invariant = Invariant.before(patient);
    var stop = new AtomicBoolean();
    List<CompletableFuture<Void>> flooders = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Peer peer = Peer.connect(patient).asks(ECHO);
      flooders.add(CompletableFuture.runAsync(() -> flood(peer, stop), Thread::startVirtualThread));
    }
    long[] took = new long[200];
    // On a platform thread, as the flooders keep the carriers of this process busy, too.
    try (Peer probe = Peer.connect(patient).asks(ECHO)) {
      for (int i = 0; i < took.length; i++) {
        long begin = System.nanoTime();
        probe.exchange("probe");
        took[i] = System.nanoTime() - begin;
        pause(5);
      }
    }
    stop.set(true);
    CompletableFuture.allOf(flooders.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
    Arrays.sort(took);
    Duration p99 = Duration.ofNanos(took[took.length * 99 / 100]);
    assertTrue(p99.compareTo(Duration.ofSeconds(1)) < 0, p99::toString);
    invariant.holdsAfter("Finished", 21);
  }

  private static void flood(Peer peer, AtomicBoolean stop) {
    String bytes = "flood".repeat(2_000);
    try (peer) {
      while (!stop.get()) {
        peer.exchange(bytes);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void p21IsServedWhenAllComeBackAtOnceAfterARestart() throws Exception {
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    int count = 1_000;
    try (FaultServer first = FaultServer.launch().with("port=" + port).start()) {
      List<Peer> peers = Peer.connectMany(first, count);
      for (Peer peer : peers) {
        peer.asks(ECHO);
      }
      first.awaitCount("connections", count);
      first.signal("KILL");
      assertEquals(137, first.exitCode());
      Peer.closeAll(peers);
    }
    try (FaultServer second = FaultServer.launch().with("port=" + port).start()) {
      Invariant invariant = Invariant.before(second);
      List<CompletableFuture<Void>> clients = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        clients.add(CompletableFuture.runAsync(() -> beServed(second), Thread::startVirtualThread));
      }
      CompletableFuture.allOf(clients.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
      assertEquals(0, second.count("acceptFailed"));
      invariant.holdsAfter("Finished", count);
    }
  }

  private static void beServed(FaultServer server) {
    try (Peer peer = Peer.connect(server).asks(ECHO)) {
      peer.exchange("hello");
      peer.finish();
      assertEquals(0, peer.receiveAll().length);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
