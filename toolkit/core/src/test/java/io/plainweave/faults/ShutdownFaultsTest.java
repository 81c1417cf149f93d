package io.plainweave.faults;

import static io.plainweave.faults.Behaviour.ECHO;
import static io.plainweave.faults.Behaviour.EXCEPTION;
import static io.plainweave.faults.Behaviour.IGNORE_INTERRUPTS;
import static io.plainweave.faults.Behaviour.LINES;
import static io.plainweave.faults.Behaviour.LONG_MESSAGE;
import static io.plainweave.faults.Behaviour.SLEEP;
import static io.plainweave.faults.Behaviour.WRITE;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Table S: the process")
@Timeout(90)
class ShutdownFaultsTest {
  @BeforeAll
  static void needsProcesses() {
    Machine.needs();
  }

  private static void pause(long millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  private static void assertRefused(FaultServer server) {
    assertThrows(ConnectException.class, () -> Peer.connect(server).close());
  }

  /** Waits until nobody is accepted any more. */
  private static void awaitRefusal(FaultServer server) {
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> {
          try (Peer _ = Peer.connect(server)) {
            return false;
          } catch (IOException refused) {
            return true;
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void s1ThatIsIdleEndsAtOnceOnASignalAndFreesItsPort(String signal) throws Exception {
    int port = Ports.unused();
    try (FaultServer server =
            FaultServer.launch().with("port=" + port, "drainTimeout=60000").start();
        Peer idle = Peer.connect(server).asks(ECHO)) {
      idle.exchange("hello");
      server.signal(signal);
      assertEquals(0, idle.receiveAll().length);
      idle.close();
      assertEquals(signal.equals("TERM") ? 143 : 130, server.exitCode());
      try (FaultServer next = FaultServer.launch().with("port=" + port).start()) {
        next.serveAFreshClient();
      }
    }
  }

  @Test
  void s2ThatIsToldToEndAnswersEveryRequestThatWasBegunAndCutsTheRestAtTheDeadline()
      throws Exception {
    try (FaultServer server = FaultServer.launch().with("drainTimeout=1500").start();
        Peer stuck = Peer.connect(server).asks(SLEEP)) {
      server.awaitCount("opened", 1);
      var answered = new CountDownLatch(20);
      List<CompletableFuture<Void>> clients = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        Peer peer = Peer.connect(server).asks(LINES);
        clients.add(
            CompletableFuture.runAsync(
                () -> askUntilTheEnd(peer, answered), Thread::startVirtualThread));
      }
      answered.await();
      server.signal("TERM");
      awaitRefusal(server);
      CompletableFuture.allOf(clients.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
      assertTrue(stuck.seesReset());
      assertEquals(143, server.exitCode());
    }
  }

  /** Asks until the end of stream, which must come between two answers. */
  private static void askUntilTheEnd(Peer peer, CountDownLatch answered) {
    String line = "0123456789".repeat(50) + "\n";
    try (peer) {
      while (true) {
        boolean sent = true;
        try {
          peer.sends(line);
        } catch (IOException closedMeanwhile) {
          sent = false;
        }
        String answer = sent ? peer.receive(line.length()) : "";
        if (answer.isEmpty()) {
          return;
        }
        assertEquals(line, answer);
        answered.countDown();
      }
    } catch (IOException e) {
      // What was sent after the end of the input is answered by a reset.
      assertEquals("Connection reset", e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void s3ThatIsToldTwiceToEndDoesSoAtOnce(String second) throws Exception {
    try (FaultServer server = FaultServer.launch().with("drainTimeout=60000").start();
        Peer busy = Peer.connect(server).asks(SLEEP)) {
      server.awaitCount("opened", 1);
      server.signal("TERM");
      awaitRefusal(server);
      assertTrue(server.isAlive());
      server.signal(second);
      assertTrue(busy.seesReset());
      assertEquals(143, server.exitCode());
    }
  }

  @Test
  void s6ThatWasKilledCanBeStartedAgainAtOnce() throws Exception {
    int port = Ports.unused();
    try (FaultServer killed = FaultServer.launch().with("port=" + port).start()) {
      List<Peer> peers = Peer.connectMany(killed, 20);
      for (Peer peer : peers) {
        peer.asks(ECHO).exchange("hello");
      }
      killed.signal("KILL");
      assertEquals(137, killed.exitCode());
      try (FaultServer next = FaultServer.launch().with("port=" + port).start()) {
        Invariant.before(next).holdsAfter(Map.of());
      }
      Peer.closeAll(peers);
    }
  }

  @Test
  void s7ThatWasStoppedForAWhileEndsNobodyForIt() throws Exception {
    // Five seconds of standstill against limits of three: as a minute is to the defaults.
    try (FaultServer server =
        FaultServer.launch()
            .with("firstByte=3000", "idle=3000", "message=3000", "writeStall=3000", "lifetime=0")
            .start()) {
      Invariant invariant = Invariant.before(server);
      try (Peer idle = Peer.connect(server).asks(ECHO);
          Peer inMessage = Peer.connect(server).asks(LONG_MESSAGE);
          Peer silent = Peer.connect(server);
          Peer writing = Peer.connect(server).asks(WRITE)) {
        idle.exchange("before");
        server.awaitCount("connections", 4);
        server.stop();
        pause(5_000);
        idle.sends("while stopped");
        silent.sends("e!");
        server.signal("CONT");
        assertEquals("while stopped", idle.receive(13));
        assertEquals("!", silent.receive(1));
        assertEquals(1, writing.receive(1).length());
        inMessage.sends("still in time");
        for (String limit : List.of("FIRST_BYTE", "IDLE", "MESSAGE", "WRITE_STALL")) {
          assertEquals(0, server.count("reason." + limit), limit);
        }
        for (Peer peer : List.of(idle, inMessage, silent)) {
          peer.finish();
          peer.receiveAll();
        }
        assertEquals(99_999_999, writing.receiveAll().length);
      }
      invariant.holdsAfter("Finished", 4);
    }
  }

  @Test
  void s7StillJudgesBySecondsOfItsOwnAfterItWasStopped() throws Exception {
    try (FaultServer server = FaultServer.launch().with("idle=1000").start()) {
      Invariant invariant = Invariant.before(server);
      try (Peer idle = Peer.connect(server).asks(ECHO)) {
        idle.exchange("before");
        server.stop();
        pause(2_000);
        server.signal("CONT");
        assertEquals(0, idle.receiveAll().length);
      }
      invariant.holdsAfter("IDLE", 1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"+1d", "-2d"})
  @Tag("machine")
  @Timeout(180) // a JVM under libfaketime is slow
  @Tag("slow")
  void s8WhoseClockIsSetEndsNobodyForItAndStillEndsWhoIsIdle(String jump, @TempDir Path folder)
      throws Exception {
    Path library = fakeTime();
    Path time = Files.writeString(folder.resolve("time"), "+0");
    try (FaultServer server =
        FaultServer.launch()
            .with("idle=3000", "message=3000")
            .environment("LD_PRELOAD", library.toString())
            .environment("FAKETIME_TIMESTAMP_FILE", time.toString())
            .environment("FAKETIME_NO_CACHE", "1")
            .environment("DONT_FAKE_MONOTONIC", "1")
            .start()) {
      Invariant invariant = Invariant.before(server);
      try (Peer idle = Peer.connect(server).asks(ECHO);
          Peer inMessage = Peer.connect(server).asks(LINES).sends("half a ")) {
        idle.exchange("before");
        Files.writeString(time, jump);
        pause(1_000);
        idle.exchange("after");
        inMessage.sends("line\n");
        assertEquals("half a line\n", inMessage.receive(12));
        inMessage.finish();
        assertEquals(0, idle.receiveAll().length);
      }
      // A JVM under libfaketime keeps a processor busy whatever it does.
      invariant.hasRecovered(Map.of("IDLE", 1L, "Finished", 1L));
    }
  }

  private static Path fakeTime() throws IOException {
    List<Path> found = List.of();
    if (Files.isDirectory(Path.of("/usr/lib"))) {
      try (var files =
          Files.find(Path.of("/usr/lib"), 3, (file, _) -> file.endsWith("libfaketimeMT.so.1"))) {
        found = files.toList();
      }
    }
    Machine.needs(!found.isEmpty(), "there is no libfaketime");
    return found.getFirst();
  }

  @Test
  @Tag("machine")
  void s9WhoseLogHasNoRoomGoesOn(@TempDir Path folder) throws Exception {
    Machine.needsRoot("mount", "umount");
    Path disk = Files.createDirectory(folder.resolve("disk"));
    Machine.run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk.toString());
    try {
      Path log = disk.resolve("log");
      try (FaultServer server =
          FaultServer.launch().stderr(ProcessBuilder.Redirect.appendTo(log.toFile())).start()) {
        Invariant invariant = Invariant.before(server);
        int failures = 200;
        for (int i = 0; i < failures; i++) {
          try (Peer peer = Peer.connect(server).asks(EXCEPTION)) {
            assertTrue(peer.seesReset());
          }
        }
        assertEquals(0, disk.toFile().getUsableSpace(), "the disk is full");
        invariant.holdsAfter("HandlerFailed", failures);
      }
    } finally {
      Machine.run("umount", disk.toString());
    }
  }

  @Test
  void s10WhoseLogNobodyReadsGoesOnWithAnAppenderThatDoesNotBlock() throws Exception {
    // Nobody reads this pipe, which takes 64 KB.
    try (FaultServer server =
        FaultServer.launch()
            .jvm("-Dlogback.configurationFile=logback-never-blocks.xml")
            .stderr(ProcessBuilder.Redirect.PIPE)
            .start()) {
      Invariant invariant = Invariant.before(server);
      int failures = 400;
      for (int i = 0; i < failures; i++) {
        try (Peer peer = Peer.connect(server).asks(EXCEPTION)) {
          assertTrue(peer.seesReset());
        }
      }
      invariant.holdsAfter("HandlerFailed", failures);
    }
  }

  @Test
  void s11NeverLooksUpANameForAnAddress(@TempDir Path folder) throws Exception {
    // Where the JDK asks this file for names, any lookup would find this one.
    Path hosts = Files.writeString(folder.resolve("hosts"), "127.0.0.1 looked-up.invalid\n");
    try (FaultServer server =
        FaultServer.launch()
            .jvm("-Djdk.net.hosts.file=" + hosts)
            .with("drainTimeout=100")
            .start()) {
      Invariant invariant = Invariant.before(server);
      try (Peer peer = Peer.connect(server).asks(EXCEPTION)) {
        assertTrue(peer.seesReset());
      }
      invariant.holdsAfter("HandlerFailed", 1);
      try (Peer stuck = Peer.connect(server).asks(SLEEP)) {
        server.awaitCount("opened", server.count("closed") + 1);
        assertEquals(1, server.ask("drain").get("forced"));
        assertTrue(stuck.seesReset());
      }
      String log = server.stderr();
      assertTrue(log.contains("127.0.0.1"), log);
      assertFalse(log.contains("looked-up"), log);
    }
  }

  @Test
  @Tag("machine")
  void s12WithATenthOfAProcessorEndsNobodyForIt() throws Exception {
    Machine.needsRoot("cat");
    Path group = Path.of("/sys/fs/cgroup/cpu/pw" + ProcessHandle.current().pid());
    Machine.needs(Files.isDirectory(group.getParent()), "there is no cpu cgroup of version 1");
    Files.createDirectory(group);
    try {
      try (FaultServer server =
          FaultServer.launch().with("idle=2000", "message=2000", "firstByte=2000").start()) {
        Invariant invariant = Invariant.before(server);
        Files.writeString(group.resolve("cpu.cfs_quota_us"), "10000");
        Files.writeString(group.resolve("cgroup.procs"), Long.toString(server.pid()));
        List<Peer> peers = Peer.connectMany(server, 20);
        for (Peer peer : peers) {
          peer.asks(LINES);
        }
        for (int i = 0; i < 20; i++) {
          for (Peer peer : peers) {
            peer.sends("li");
          }
          pause(100);
          for (Peer peer : peers) {
            peer.sends("ne\n");
          }
          for (Peer peer : peers) {
            assertEquals("line\n", peer.receive(5));
          }
        }
        for (Peer peer : peers) {
          peer.finish();
          assertEquals(0, peer.receiveAll().length);
          peer.close();
        }
        Files.writeString(group.resolve("cpu.cfs_quota_us"), "-1");
        invariant.holdsAfter("Finished", 20);
      }
    } finally {
      await().until(() -> Files.readString(group.resolve("cgroup.procs")).isEmpty());
      Files.delete(group);
    }
  }

  @Test
  void s4ThatIsClosedByManyAndByASignalAtATimeEndsOnce() throws Exception {
    try (FaultServer server = FaultServer.launch().with("drainTimeout=300").start();
        Peer stuck = Peer.connect(server).asks(IGNORE_INTERRUPTS)) {
      server.awaitCount("opened", 1);
      server.tell("close");
      server.signal("TERM");
      assertTrue(stuck.seesReset());
      assertEquals(143, server.exitCode());
      assertRefused(server);
    }
  }
}
