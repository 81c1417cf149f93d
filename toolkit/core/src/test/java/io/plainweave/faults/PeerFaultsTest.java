package io.plainweave.faults;

import static io.plainweave.faults.Behaviour.ECHO;
import static io.plainweave.faults.Behaviour.FINISH_FIRST;
import static io.plainweave.faults.Behaviour.LINES;
import static io.plainweave.faults.Behaviour.LONG_MESSAGE;
import static io.plainweave.faults.Behaviour.REPLY;
import static io.plainweave.faults.Behaviour.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("Table P: a peer")
@Timeout(90)
class PeerFaultsTest {
  /** Without time limits but that of the linger. */
  private static FaultServer patient;

  @BeforeAll
  static void startServer() throws Exception {
    Machine.needs();
    patient = FaultServer.launch().start();
  }

  @AfterAll
  static void endServer() throws Exception {
    if (patient != null) {
      patient.close();
    }
  }

  private static void pause(long millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
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
    // On a platform thread, as the flooders keep the carriers of this process busy, too.
    try (Peer probe = Peer.connect(patient).asks(ECHO)) {
      for (int i = 0; i < 200; i++) {
        probe.exchange("probe");
        pause(5);
      }
    }
    stop.set(true);
    CompletableFuture.allOf(flooders.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
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
    int port = Ports.unused();
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
