package io.plainweave.faults;

import static io.plainweave.faults.Behaviour.ECHO;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.ServerState;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A listener that was destroyed from outside")
@Tag("machine")
@Timeout(60)
class ListenerFaultsTest {
  @BeforeAll
  static void needsRoot() {
    Machine.needsRoot("ss");
  }

  /** Destroys the socket that listens; of several, those that ss comes across. */
  private static int destroyListener(FaultServer server) throws Exception {
    String destroyed =
        Machine.run(
            "ss", "-t", "-K", "-H", "state", "listening", "sport", "=", ":" + server.port());
    return (int) destroyed.lines().count();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void a7IsBoundAgainAndHarmsNoConnection(int acceptors) throws Exception {
    try (FaultServer server = FaultServer.launch().with("acceptors=" + acceptors).start()) {
      Invariant invariant = Invariant.before(server);
      int destroyed = 0;
      try (Peer other = Peer.connect(server).asks(ECHO)) {
        for (int round = 1; round <= 2; round++) {
          destroyed += destroyListener(server);
          server.awaitCount("listenerRestored", destroyed);
          other.exchange("is not harmed");
          server.serveAFreshClient();
        }
      }
      assertTrue(destroyed >= 2);
      assertEquals(destroyed, server.count("listenerLost"));
      assertEquals(0, server.count("acceptFailed"));
      assertTrue(server.stderr().contains("again"), server::stderr);
      invariant.holdsAfter("Finished", 3);
    }
  }

  @Test
  void a7IsGivenUpIfThePortIsTakenMeanwhile() throws Exception {
    try (FaultServer server = FaultServer.launch().with("rebindFor=100").start();
        Peer idle = Peer.connect(server).asks(ECHO)) {
      idle.exchange("hello");
      Machine.run("kill", "-s", "STOP", Long.toString(server.pid()));
      destroyListener(server);
      try (var _ = new ServerSocket(server.port(), 50, InetAddress.getByName("127.0.0.1"))) {
        Machine.run("kill", "-s", "CONT", Long.toString(server.pid()));
        assertEquals(0, idle.receiveAll().length);
        assertHasDrained(server);
        assertTrue(server.stderr().contains("Address already in use"), server::stderr);
      }
    }
  }

  @Test
  void a7IsGivenUpAtOnceIfThatIsWantedAndDoesNotSpin() throws Exception {
    try (FaultServer server = FaultServer.launch().with("rebindFor=0").start()) {
      Invariant invariant = Invariant.before(server);
      try (Peer idle = Peer.connect(server).asks(ECHO)) {
        idle.exchange("hello");
        destroyListener(server);
        assertEquals(0, idle.receiveAll().length);
      }
      assertHasDrained(server);
      assertEquals(0, server.count("listenerLost"));
      invariant.noProcessorIsKeptBusy();
    }
  }

  private static void assertHasDrained(FaultServer server) throws Exception {
    server.awaitCount("state", ServerState.TERMINATED.ordinal());
    assertEquals(
        Map.of("listenerFailed", 1L, "reason.Drained", 1L, "connections", 0L),
        Map.of(
            "listenerFailed",
            server.count("listenerFailed"),
            "reason.Drained",
            server.count("reason.Drained"),
            "connections",
            server.count("connections")));
    assertTrue(server.stderr().contains("has failed; the server drains"), server::stderr);
  }
}
