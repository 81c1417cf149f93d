package io.plainweave.faults;

import static io.plainweave.faults.Behaviour.CLOSE_TWICE;
import static io.plainweave.faults.Behaviour.COMPUTE;
import static io.plainweave.faults.Behaviour.DEADLOCK;
import static io.plainweave.faults.Behaviour.ECHO;
import static io.plainweave.faults.Behaviour.HOLD_MEMORY;
import static io.plainweave.faults.Behaviour.IGNORE_INTERRUPTS;
import static io.plainweave.faults.Behaviour.INTERRUPT_ITSELF;
import static io.plainweave.faults.Behaviour.LEAK_FORK;
import static io.plainweave.faults.Behaviour.OUT_OF_MEMORY;
import static io.plainweave.faults.Behaviour.READ_FIFO;
import static io.plainweave.faults.Behaviour.THREAD_LOCAL;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileOutputStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("Table H: a handler")
@Timeout(90)
class HandlerFaultsTest {
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

  private static FaultServer shared;

  @BeforeAll
  static void startShared() throws Exception {
    Machine.needs();
    shared = FaultServer.launch().start();
  }

  @AfterAll
  static void endShared() throws Exception {
    if (shared != null) {
      shared.close();
    }
  }

  private static int linesIn(String log, String text) {
    return (int) Pattern.compile(Pattern.quote(text)).matcher(log).results().count();
  }

  @ParameterizedTest
  @EnumSource(
      value = Behaviour.class,
      names = {"EXCEPTION", "ERROR", "STACK_OVERFLOW"})
  void h1h2ThatFailsEndsItsOwnConnectionAndIsLoggedOnce(Behaviour failing) throws Exception {
    Invariant invariant = Invariant.before(shared);
    int logged = linesIn(shared.stderr(), "the handler has failed");
    try (Peer other = Peer.connect(shared).asks(ECHO)) {
      other.exchange("before");
      try (Peer peer = Peer.connect(shared).asks(failing)) {
        assertTrue(peer.seesReset());
        await().until(() -> linesIn(shared.stderr(), "the handler has failed") > logged);
        String address = "127.0.0.1:" + peer.socket().getLocalPort();
        assertTrue(shared.stderr().contains(address), "the line names the connection");
      }
      other.exchange("after");
      other.finish();
      other.receiveAll();
    }
    invariant.holdsAfter(Map.of("HandlerFailed", 1L, "Finished", 1L));
    assertEquals(logged + 1, linesIn(shared.stderr(), "the handler has failed"));
  }

  @Test
  void h3ThatTakesAllMemoryEndsAloneAndTheServerGoesOn() throws Exception {
    try (FaultServer server = FaultServer.launch().jvm("-Xmx64m").start()) {
      Invariant invariant = Invariant.before(server);
      for (int i = 0; i < 5; i++) {
        try (Peer peer = Peer.connect(server).asks(OUT_OF_MEMORY)) {
          assertTrue(peer.seesReset());
        }
      }
      invariant.holdsAfter("HandlerFailed", 5);
    }
  }

  @Test
  void h3ThatKeepsMostMemoryLetsNewConnectionsWaitUntilThereIsMore() throws Exception {
    try (FaultServer server = FaultServer.launch().jvm("-Xmx64m").start()) {
      Invariant invariant = Invariant.before(server);
      try (Peer holder = Peer.connect(server).asks(HOLD_MEMORY)) {
        server.awaitCount("memoryShort", 1);
        try (Peer waiting = Peer.connect(server).asks(ECHO).sends("?")) {
          waiting.socket().setSoTimeout(300);
          assertThrows(SocketTimeoutException.class, () -> waiting.receive(1));
          assertEquals(1, server.count("connections"));
          waiting.socket().setSoTimeout(20_000);
          server.ask("release");
          assertEquals("?", waiting.receive(1));
          assertEquals("M", holder.receive(1));
        }
      }
      invariant.holdsAfter("Finished", 2);
    }
  }

  @Test
  void h3ThatTakesAllMemoryEndsTheProcessWhereThatIsThePolicy() throws Exception {
    try (FaultServer server =
            FaultServer.launch().jvm("-Xmx64m", "-XX:+ExitOnOutOfMemoryError").start();
        Peer peer = Peer.connect(server).asks(OUT_OF_MEMORY)) {
      assertEquals(3, server.exitCode());
      assertEquals(0, peer.receiveAll().length);
    }
  }

  @Test
  void h4ThatComputesForEverOnEveryCarrierRaisesTheAlarmAndTheOthersAreServed() throws Exception {
    try (FaultServer server = FaultServer.launch().with("loops=0").start()) {
      Invariant invariant = Invariant.before(server);
      List<Peer> peers = Peer.connectMany(server, PROCESSORS);
      for (Peer peer : peers) {
        peer.asks(COMPUTE);
      }
      // Where the machine is busy, too, the first alarm may come before all of them compute.
      server.awaitCount("busy.compute", PROCESSORS);
      server.serveAFreshClient();
      assertTrue(server.stderr().contains("Behaviour.compute"), "the log names the code");
      server.ask("release");
      endInOrder(peers);
      // The fresh client above is one more that has finished.
      invariant.holdsAfter("Finished", PROCESSORS + 1L);
    }
  }

  private static void endInOrder(List<Peer> peers) throws IOException {
    for (Peer peer : peers) {
      peer.finish();
      peer.receiveAll();
      peer.close();
    }
  }

  @Test
  void h5ThatBlocksInAFileOnEveryCarrierRaisesTheAlarmAndTheOthersAreServed(@TempDir Path folder)
      throws Exception {
    Machine.needs("mkfifo");
    Path fifo = folder.resolve("fifo");
    Machine.run("mkfifo", fifo.toString());
    try (FaultServer server =
        FaultServer.launch().with("loops=0").jvm("-Dfaults.fifo=" + fifo).start()) {
      Invariant invariant = Invariant.before(server);
      List<Peer> peers = Peer.connectMany(server, PROCESSORS);
      for (Peer peer : peers) {
        peer.asks(READ_FIFO);
      }
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> server.stderr().contains("io.plainweave.faults.Behaviour"));
      server.serveAFreshClient();
      try (var writer = new FileOutputStream(fifo.toFile())) {
        writer.write(new byte[PROCESSORS]);
        endInOrder(peers);
      }
      invariant.holdsAfter("Finished", PROCESSORS + 1L);
    }
  }

  @Test
  void h6ThatIgnoresInterruptsDoesNotHoldTheDrainAndIsNamedAndTheProcessCanEnd() throws Exception {
    try (FaultServer server = FaultServer.launch().with("drainTimeout=500").start()) {
      List<Peer> peers = Peer.connectMany(server, 2);
      for (Peer peer : peers) {
        peer.asks(IGNORE_INTERRUPTS);
      }
      server.awaitCount("opened", 2);
      Map<String, Long> report = server.ask("drain");
      assertEquals(2, report.get("forced"));
      assertEquals(2, report.get("survivors"));
      assertEquals(2, report.get("stuck"), "their line of code");
      assertTrue(report.get("millis") < 10_000, report::toString);
      for (Peer peer : peers) {
        assertTrue(peer.seesReset());
        peer.close();
      }
      server.signal("TERM");
      assertEquals(143, server.exitCode());
    }
  }

  @Test
  void h7ThatClosesItsConnectionByItselfAndTwiceIsToldOfOnce() throws Exception {
    Invariant invariant = Invariant.before(shared);
    for (int i = 0; i < 10; i++) {
      try (Peer peer = Peer.connect(shared).asks(CLOSE_TWICE)) {
        peer.finish();
        assertEquals("q", new String(peer.receiveAll()));
      }
    }
    invariant.holdsAfter("Finished", 10);
  }

  @Test
  void h8ThatLeavesAThreadInAScopeLosesItsConnectionAndTheThread() throws Exception {
    Invariant invariant = Invariant.before(shared);
    try (Peer peer = Peer.connect(shared).asks(LEAK_FORK)) {
      peer.seesReset();
    }
    invariant.holdsAfter("HandlerFailed", 1);
  }

  @Test
  void h9ThatWaitsForALockForEverLosesItsConnectionAndIsNamed() throws Exception {
    try (FaultServer server = FaultServer.launch().with("message=500", "drainTimeout=300").start();
        Peer peer = Peer.connect(server).asks(DEADLOCK)) {
      assertTrue(peer.seesReset());
      server.serveAFreshClient();
      Map<String, Long> report = server.ask("drain");
      assertEquals(1, report.get("survivors"));
      server.ask("release");
      server.awaitCount("reason.MESSAGE", 1);
      await().until(() -> server.count("threads") == 0);
    }
  }

  @Test
  void h10ThatReturnsWithItsInterruptFlagSetHarmsNobodyElse() throws Exception {
    Invariant invariant = Invariant.before(shared);
    int count = 200;
    for (int i = 0; i < count; i++) {
      try (Peer peer = Peer.connect(shared).asks(INTERRUPT_ITSELF);
          Peer other = Peer.connect(shared).asks(ECHO)) {
        assertEquals("I", peer.receive(1));
        other.exchange("hello");
        other.finish();
        other.receiveAll();
      }
    }
    invariant.holdsAfter("Finished", 2L * count);
  }

  @Test
  @Tag("slow")
  void h13ThatLeavesSomethingInItsThreadLeavesNothingWhenItsThreadIsGone() throws Exception {
    try (FaultServer server = FaultServer.launch().jvm("-Xmx64m").start()) {
      beServedManyTimes(server, 2_000);
      Invariant invariant = Invariant.before(server);
      long before = server.ask("heap").get("heap");
      beServedManyTimes(server, 8_000);
      // Kept, it would be 80 MB.
      long after = server.ask("heap").get("heap");
      assertTrue(after - before < 2_000_000, () -> before + " -> " + after);
      invariant.holdsAfter("Finished", 8_000);
    }
  }

  private static void beServedManyTimes(FaultServer server, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      try (Peer peer = Peer.connect(server).asks(THREAD_LOCAL)) {
        peer.finish();
        assertEquals("T", new String(peer.receiveAll()));
      }
    }
  }
}
