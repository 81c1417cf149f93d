package io.plainweave.faults;

import static io.plainweave.faults.Behaviour.ECHO;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.fixture.NeedsModule;
import io.plainweave.server.ServerState;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A listener")
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
  void a7ThatWasDestroyedIsBoundAgainAndHarmsNoConnection(int acceptors) throws Exception {
    try (FaultServer server = FaultServer.launch().with("acceptors=" + acceptors).start()) {
      Invariant invariant = Invariant.before(server);
      int destroyed = 0;
      try (Peer other = Peer.connect(server).asks(ECHO)) {
        other.exchange("is served"); // in the backlog it would be lost with its listener
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
  void a7ThatWasDestroyedIsGivenUpIfThePortIsTakenMeanwhile() throws Exception {
    try (FaultServer server = FaultServer.launch().with("rebindFor=100").start();
        Peer idle = Peer.connect(server).asks(ECHO)) {
      idle.exchange("hello");
      server.stop();
      destroyListener(server);
      try (var _ = new ServerSocket(server.port(), 50, InetAddress.getByName("127.0.0.1"))) {
        server.signal("CONT");
        assertEquals(0, idle.receiveAll().length);
        assertHasDrained(server);
        assertTrue(server.stderr().contains("Address already in use"), server::stderr);
      }
    }
  }

  @Test
  void a7ThatWasDestroyedIsGivenUpAtOnceIfThatIsWantedAndDoesNotSpin() throws Exception {
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

  @Test
  void a10TellsThatItsBacklogIsFull() throws Exception {
    Machine.needsProc();
    Machine.needsRoot("ip", "sysctl", "python3");
    try (Network network = Network.create()) {
      network.server.run("sysctl", "-qw", "net.core.somaxconn=4");
      try (FaultServer server = FaultServer.launch().in(network.server).with("max=1").start()) {
        Process clients =
            network.server.start("python3", "-c", CONNECT_MANY, Integer.toString(server.port()));
        try {
          server.awaitCount("backlogFull", 1);
          assertTrue(server.stderr().contains("the backlog of 4 on"), server::stderr);
        } finally {
          clients.destroyForcibly().waitFor();
        }
        server.serveAFreshClient();
      }
    }
  }

  /** One stays connected, which is all that the server allows; the others wait. */
  private static final String CONNECT_MANY =
      """
      import socket, sys, time
      address = ("127.0.0.1", int(sys.argv[1]))
      first = socket.create_connection(address)
      first.sendall(b"e?")
      first.recv(1)
      waiting = [socket.socket() for i in range(20)]
      for each in waiting:
          each.setblocking(False)
          each.connect_ex(address)
      time.sleep(60)
      """;

  @Test
  void standsAtEveryAddressOfItsName(@TempDir Path folder) throws Exception {
    Machine.needsIpv6();
    Path hosts = folder.resolve("hosts");
    Files.writeString(hosts, "127.0.0.5 both.test\n::1 both.test\n");
    try (FaultServer server =
        FaultServer.launch()
            .jvm("-Djdk.net.hosts.file=" + hosts)
            .with("host=both.test", "port=" + Ports.unused())
            .start()) {
      for (String address : List.of("127.0.0.5", "::1")) {
        try (Peer peer = new Peer(new Socket(address, server.port()))) {
          peer.asks(ECHO).exchange("hello");
        }
      }
      assertThrows(ConnectException.class, () -> new Socket("127.0.0.1", server.port()).close());
    }
  }

  @NeedsModule("jdk.management")
  @Test
  void standsAtNoneIfOneCannotBeBound(@TempDir Path folder) throws Exception {
    Machine.needsProc();
    Path hosts = folder.resolve("hosts");
    Files.writeString(hosts, "127.0.0.5 half.test\n203.0.113.9 half.test\n");
    var failure =
        assertThrows(
            AssertionError.class,
            () ->
                FaultServer.launch()
                    .jvm("-Djdk.net.hosts.file=" + hosts)
                    .with("host=half.test")
                    .start());
    assertTrue(
        failure.getMessage().contains("no network interface of this machine has that address"),
        failure::getMessage);
  }
}
