package io.plainweave.faults;

import static io.plainweave.faults.Behaviour.ECHO;
import static io.plainweave.faults.Behaviour.FINISH_FIRST;
import static io.plainweave.faults.Behaviour.LONG_MESSAGE;
import static io.plainweave.faults.Behaviour.REPLY;
import static io.plainweave.faults.Behaviour.WRITE;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Table P: a slow peer")
@Timeout(90)
class SlowPeerFaultsTest {
  /**
   * With a limit of half a second for everything that no test has to do in time, and of two seconds
   * for the first byte.
   */
  private static FaultServer impatient;

  @BeforeAll
  static void startServer() throws Exception {
    Machine.needs();
    impatient =
        FaultServer.launch()
            .with("firstByte=2000", "message=500", "writeStall=500", "halfClosed=500", "linger=500")
            .start();
  }

  @AfterAll
  static void endServer() throws Exception {
    if (impatient != null) {
      impatient.close();
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
  @Tag("slow")
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
        "8",
        "-p",
        "2",
        "-u",
        "http://127.0.0.1:" + impatient.port() + "/");
    // On a busy machine it does not get all of them open in its time.
    assertTrue(impatient.count("opened") >= before + 10);
    await().until(() -> impatient.count("connections") == 0);
    assertTrue(
        ended("MESSAGE", "WRITE_STALL") >= 10, () -> "ended otherwise: " + counts(impatient));
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
        int exchanges = 0;
        while (server.count("reason.WRITE_STALL") < 10) {
          other.exchange("is not delayed");
          exchanges++;
        }
        assertTrue(exchanges > 3, "it was delayed until the others were reset");
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
        reader.getOutputStream().write(WRITE.code());
        reader.getOutputStream().flush();
        reader.getInputStream().readNBytes(1_000_000);
        Machine.run("kill", "-s", "STOP", Long.toString(reader.pid()));
        invariant.holdsAfter("WRITE_STALL", 1);
      } finally {
        reader.destroyForcibly().waitFor();
      }
    }
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
}
