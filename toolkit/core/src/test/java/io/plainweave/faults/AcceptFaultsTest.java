package io.plainweave.faults;

import static io.plainweave.faults.Behaviour.ABORT;
import static io.plainweave.faults.Behaviour.ECHO;
import static io.plainweave.faults.Behaviour.EXCEPTION;
import static io.plainweave.faults.Behaviour.OUT_OF_DESCRIPTORS;
import static io.plainweave.faults.Behaviour.OUT_OF_THREADS;
import static io.plainweave.faults.Behaviour.START_PROGRAM;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Table A: accepting")
@Timeout(90)
class AcceptFaultsTest {
  @BeforeAll
  static void needsProcesses() {
    Machine.needs("prlimit");
  }

  private static void pause(long millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  private static FaultServer.Launch withDescriptors(int count) {
    return FaultServer.launch().under("prlimit", "--nofile=" + count + ":" + count);
  }

  /** With so many descriptors, while the server believes that there are 180 more. */
  private static FaultServer.Launch withDescriptorsTaken(int count) {
    return withDescriptors(180 + count).with("take=180");
  }

  @Test
  void a1WithoutADescriptorLeftWaitsAndHarmsNobodyAndGoesOnWhenThereIsOne() throws Exception {
    try (FaultServer server = withDescriptorsTaken(120).start()) {
      Invariant invariant = Invariant.before(server);
      List<Peer> peers = Peer.connectMany(server, 150);
      for (Peer peer : peers) {
        peer.asks(ECHO);
      }
      server.awaitCount("acceptFailed", 3);
      assertEquals(
          List.of("acceptFailed", "acceptFailedPROCESS"),
          server.ask("events").keySet().stream()
              .filter(name -> name.startsWith("acceptFailed"))
              .sorted()
              .toList());
      invariant.noProcessorIsKeptBusy();
      for (Peer served : peers.subList(0, 20)) {
        served.exchange("is not harmed");
      }
      Peer.closeAll(peers.subList(0, 75));
      for (Peer waiting : peers.subList(75, 150)) {
        waiting.exchange("is served");
      }
      Peer.closeAll(peers);
      invariant.holdsAfter("Finished", 150);
      Matcher lines = Pattern.compile("cannot accept on").matcher(server.stderr());
      long told = lines.results().count();
      assertTrue(told >= 1 && told <= 3, server::stderr);
    }
  }

  @Test
  void a1GoesOnAcceptingInTheDelayOfADrain() throws Exception {
    try (FaultServer server = withDescriptorsTaken(120).with("drainDelay=60000").start()) {
      List<Peer> peers = Peer.connectMany(server, 150);
      for (Peer peer : peers) {
        peer.asks(ECHO);
      }
      server.awaitCount("acceptFailed", 3);
      server.ask("shutdown");
      Peer.closeAll(peers.subList(0, 75));
      for (Peer waiting : peers.subList(75, 150)) {
        waiting.exchange("is served");
      }
      Peer.closeAll(peers);
    }
  }

  @Test
  void a2WithoutADescriptorFromTheFirstMomentIsNotBrokenForEver() throws Exception {
    int port = Ports.unused();
    var storm =
        CompletableFuture.supplyAsync(
            () -> connectAsSoonAsPossible(port), Thread::startVirtualThread);
    try (FaultServer server = withDescriptorsTaken(70).with("port=" + port).start()) {
      List<Socket> sockets = storm.get(20, TimeUnit.SECONDS);
      server.awaitCount("acceptFailed", 1);
      for (Socket socket : sockets) {
        socket.close();
      }
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> server.count("connections") == 0 && server.count("opened") >= 100);
      Invariant.before(server).holdsAfter(Map.of());
    }
  }

  private static List<Socket> connectAsSoonAsPossible(int port) {
    List<Socket> sockets = new ArrayList<>();
    while (sockets.size() < 100) {
      try {
        var socket = new Socket(InetAddress.getLoopbackAddress(), port);
        sockets.add(socket);
        socket.getOutputStream().write(new byte[] {'e', '?'});
      } catch (IOException nobodyListensYet) {
        pause(1);
      }
    }
    return sockets;
  }

  @Test
  void a3KeepsDescriptorsBackForWhatIsNoConnection() throws Exception {
    try (FaultServer server = withDescriptors(120).start()) {
      Invariant invariant = Invariant.before(server);
      assertEquals(50, server.count("limitedTo"));
      List<Peer> peers = Peer.connectMany(server, 60);
      for (Peer peer : peers) {
        peer.asks(ECHO);
      }
      await().until(() -> server.count("connections") == 50);
      for (Peer peer : peers) {
        peer.exchange("is served");
        peer.close();
      }
      assertEquals(0, server.count("acceptFailed"));
      invariant.holdsAfter("Finished", 60);
    }
  }

  @Test
  void a3SurvivesAHandlerThatTakesAllDescriptors() throws Exception {
    try (FaultServer server = withDescriptors(120).start()) {
      Invariant invariant = Invariant.before(server);
      try (Peer other = Peer.connect(server).asks(ECHO)) {
        other.exchange("before");
        for (int i = 0; i < 3; i++) {
          try (Peer peer = Peer.connect(server).asks(OUT_OF_DESCRIPTORS)) {
            assertTrue(peer.seesReset());
          }
          other.exchange("is not harmed");
        }
      }
      invariant.holdsAfter(Map.of("HandlerFailed", 3L, "Finished", 1L));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ENOBUFS", "ENOMEM", "EPERM", "EPROTO"})
  @Tag("machine")
  void a4GoesOnAfterAFailureOfTheSystemCall(String error) throws Exception {
    try (FaultServer server = FaultServer.launch().start()) {
      Invariant invariant = Invariant.before(server);
      acceptWithFailures(server, error);
      assertTrue(server.count("acceptFailed") >= 1);
      assertEquals(0, server.count("listenerFailed"));
      assertEquals(0, server.count("listenerLost"));
      invariant.holdsAfter("Finished", 12);
    }
  }

  @Test
  @Tag("machine")
  void a5DoesNotNoticeAConnectionThatWasAbortedInTheQueue() throws Exception {
    try (FaultServer server = FaultServer.launch().start()) {
      Invariant invariant = Invariant.before(server);
      acceptWithFailures(server, "ECONNABORTED");
      assertEquals(0, server.count("acceptFailed"));
      invariant.holdsAfter("Finished", 12);
    }
  }

  /** Lets twelve clients be served while every third accept fails. */
  private static void acceptWithFailures(FaultServer server, String error) throws Exception {
    Machine.needsRoot("strace");
    Process strace =
        new ProcessBuilder(
                "strace",
                "-f",
                "-p",
                Long.toString(server.pid()),
                "-o",
                "/dev/null",
                "-e",
                "trace=accept,accept4",
                "-e",
                "inject=accept,accept4:error=" + error + ":when=2+3")
            .redirectErrorStream(true)
            .start();
    try (var said = strace.inputReader()) {
      assertTrue(said.readLine().contains("attached"));
      for (int i = 0; i < 12; i++) {
        try (Peer peer = Peer.connect(server).asks(ECHO)) {
          peer.exchange("hello");
          peer.finish();
          peer.receiveAll();
        }
      }
    } finally {
      // It lets go of the process.
      strace.destroy();
      strace.waitFor();
    }
  }

  @Test
  void a6LetsTheHandlerSeeAResetThatCameInTheQueueAndDoesNotLogIt() throws Exception {
    try (FaultServer server = FaultServer.launch().start()) {
      Invariant invariant = Invariant.before(server);
      server.stop();
      for (int i = 0; i < 3; i++) {
        Peer.connect(server).asks(ECHO).reset();
      }
      server.signal("CONT");
      invariant.holdsAfter("PeerReset", 3);
      assertEquals("", server.stderr());
    }
  }

  @Test
  @Tag("machine")
  void a9UnderASynFloodStillServesAClient() throws Exception {
    Machine.needsProc();
    Machine.needsRoot("ip", "hping3", "nstat", "socat", "sysctl");
    try (Network network = Network.create()) {
      network.server.run("sysctl", "-qw", "net.core.somaxconn=64", "net.ipv4.tcp_syncookies=1");
      network.server.run(
          "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.vs.rp_filter=0");
      network.server.run("ip", "route", "add", "default", "via", network.client.address());
      try (FaultServer server = FaultServer.launch().in(network.server).start()) {
        Invariant invariant = Invariant.before(server);
        Process flood =
            network.client.start(
                "hping3",
                "-q",
                "-S",
                "-p",
                Integer.toString(server.port()),
                "--rand-source",
                "-i",
                "u500",
                "-c",
                "40000",
                network.server.address());
        try {
          await()
              .atMost(Duration.ofSeconds(10))
              .until(() -> network.server.counter("TcpExtSyncookiesSent") > 0);
          assertTrue(flood.isAlive(), "the flood goes on");
          assertEquals("hello", network.client.run("sh", "-c", talk("ehello", network, server)));
        } finally {
          flood.destroy();
          flood.waitFor();
        }
        invariant.holdsAfter("Finished", 1);
      }
    }
  }

  private static String talk(String text, Network network, FaultServer server) {
    return "printf %s | timeout 10 socat -t5 - TCP:%s:%d"
        .formatted(text, network.server.address(), server.port());
  }

  @Test
  void a10ServesWhatHasQueuedUpWhileTheProcessStood() throws Exception {
    try (FaultServer server = FaultServer.launch().with("firstByte=1000").start()) {
      Invariant invariant = Invariant.before(server);
      server.stop();
      List<Peer> peers = Peer.connectMany(server, 60);
      for (Peer peer : peers) {
        peer.asks(ECHO);
      }
      for (Peer gone : peers.subList(0, 20)) {
        gone.reset();
      }
      for (Peer gone : peers.subList(20, 30)) {
        gone.close();
      }
      pause(2_000);
      server.signal("CONT");
      for (Peer alive : peers.subList(30, 60)) {
        alive.exchange("hello");
        alive.finish();
        alive.receiveAll();
        alive.close();
      }
      invariant.holdsAfter(Map.of("PeerReset", 20L, "Finished", 40L));
    }
  }

  @Test
  void a11GetsEachPermitBackHoweverAConnectionEnds() throws Exception {
    try (FaultServer server = FaultServer.launch().with("max=5").start()) {
      Invariant invariant = Invariant.before(server);
      List<CompletableFuture<Void>> clients = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        int way = i % 4;
        clients.add(
            CompletableFuture.runAsync(() -> endIn(way, server), Thread::startVirtualThread));
      }
      var all = CompletableFuture.allOf(clients.toArray(CompletableFuture[]::new));
      while (!all.isDone()) {
        assertTrue(server.count("connections") <= 5);
      }
      all.get();
      invariant.holdsAfter(
          Map.of("Finished", 10L, "HandlerFailed", 10L, "Aborted", 10L, "PeerReset", 10L));
    }
  }

  @Test
  void a12LimitsOneSourceWhichIsToldSoAndHarmsNoOther() throws Exception {
    Machine.needs("nc", "socat");
    try (FaultServer server = FaultServer.launch().with("perSource=2", "goodbye=busy").start()) {
      Invariant invariant = Invariant.before(server);
      List<Peer> peers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        peers.add(Peer.connect(server, "127.0.3.1").asks(ECHO));
        peers.getLast().exchange("is served");
      }
      for (String client :
          List.of(
              "nc -N -s 127.0.3.1 127.0.0.1 " + server.port(),
              "socat -t5 - TCP4:127.0.0.1:" + server.port() + ",bind=127.0.3.1")) {
        assertEquals("busy", Machine.run("sh", "-c", "echo hello | " + client));
      }
      for (int i = 0; i < 500; i++) {
        peers.add(Peer.connect(server, "127.0.4." + i % 250).asks(ECHO));
        peers.getLast().exchange("is served");
      }
      assertEquals(1 + 250 + 2, server.count("sources"), "with their networks");
      Peer.closeAll(peers);
      invariant.holdsAfter("Finished", 502);
      assertEquals(0, server.count("sources"));
      server.awaitCount("refused.SOURCE_LIMIT", 1);
    }
  }

  private static void endIn(int way, FaultServer server) {
    try (Peer peer = Peer.connect(server)) {
      switch (way) {
        case 0 -> assertTrue(peer.asks(EXCEPTION).seesReset());
        case 1 -> assertTrue(peer.asks(ABORT).seesReset());
        case 2 -> {
          peer.asks(ECHO).exchange("hello");
          peer.reset();
        }
        default -> {
          peer.asks(ECHO).exchange("hello");
          peer.finish();
          assertEquals(0, peer.receiveAll().length);
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  @Tag("machine")
  void a14SurvivesThatNoThreadCanBeStarted() throws Exception {
    Machine.needsRoot("cat");
    Path group = Path.of("/sys/fs/cgroup/pids/pw" + ProcessHandle.current().pid());
    Machine.needs(Files.isDirectory(group.getParent()), "there is no pids cgroup of version 1");
    Files.createDirectory(group);
    try {
      try (FaultServer server =
          FaultServer.launch().jvm("-Xlog:disable", "-Xlog:all=warning:stderr").start()) {
        Invariant invariant = Invariant.before(server);
        Files.writeString(group.resolve("cgroup.procs"), Long.toString(server.pid()));
        int threads = Path.of("/proc/" + server.pid() + "/task").toFile().list().length;
        Files.writeString(group.resolve("pids.max"), Integer.toString(threads + 3));
        try (Peer other = Peer.connect(server).asks(ECHO)) {
          for (int i = 0; i < 3; i++) {
            try (Peer peer = Peer.connect(server).asks(OUT_OF_THREADS)) {
              assertTrue(peer.seesReset());
            }
            other.exchange("is not harmed");
            server.serveAFreshClient();
          }
        }
        assertTrue(server.stderr().contains("unable to create native thread"), server::stderr);
        Files.writeString(group.resolve("pids.max"), "max");
        invariant.holdsAfter(Map.of("HandlerFailed", 3L, "Finished", 4L));
      }
    } finally {
      await().until(() -> Files.readString(group.resolve("cgroup.procs")).isEmpty());
      Files.delete(group);
    }
  }

  @Test
  @Tag("slow")
  void a15KeepsNothingOfTenThousandConnections() throws Exception {
    try (FaultServer server = FaultServer.launch().jvm("-Xmx64m").with("any=1").start()) {
      churn(server, 2_000);
      Invariant invariant = Invariant.before(server);
      long before = server.ask("heap").get("heap");
      churn(server, 8_000);
      await().until(() -> server.count("connections") == 0);
      long after = server.ask("heap").get("heap");
      // A hundred bytes kept of each would be 800 kB.
      assertTrue(after - before < 800_000, () -> before + " -> " + after);
      invariant.holdsAfter(Map.of("Finished", 4_000L, "PeerReset", 4_000L));
    }
  }

  /** Connects from and to many addresses; every second connection ends with a reset. */
  private static void churn(FaultServer server, int count) throws IOException {
    byte[] hello = {'e', '!'};
    for (int i = 0; i < count; i++) {
      byte[] address = {127, 0, (byte) (i / 200 % 200), (byte) (1 + i % 200)};
      try (var socket = new Socket()) {
        socket.setSoTimeout(10_000);
        socket.connect(
            new InetSocketAddress(InetAddress.getByAddress(address), server.port()), 10_000);
        socket.getOutputStream().write(hello);
        assertEquals('!', socket.getInputStream().read());
        if (i % 2 == 0) {
          socket.setSoLinger(true, 0);
        }
      }
    }
  }

  @Test
  void a16LeavesItsListenerToNoProgramThatAHandlerHasStarted() throws Exception {
    String program;
    int port = Ports.unused();
    try (FaultServer server = FaultServer.launch().with("port=" + port).start();
        Peer peer = Peer.connect(server).asks(START_PROGRAM)) {
      peer.finish();
      program = new String(peer.receiveAll()).strip();
    }
    try (FaultServer next = FaultServer.launch().with("port=" + port).start()) {
      assertTrue(ProcessHandle.of(Long.parseLong(program)).isPresent(), "it still runs");
      next.serveAFreshClient();
    } finally {
      Machine.run("kill", program);
    }
  }
}
