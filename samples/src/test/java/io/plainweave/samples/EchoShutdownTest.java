package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A signal to the echo sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class EchoShutdownTest {
  private static final int SIGINT = 128 + 2;
  private static final int SIGTERM = 128 + 15;

  /** Generous, and yet far from the 30 s after which a drain is over in any case. */
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir static Path folder;

  @Test
  void endsIdleConnectionsAndLetsBusyOnesFinish() throws Exception {
    List<BusyClient> busy = new ArrayList<>();
    try (SampleProcess echo = SampleProcess.start(folder, "Echo", "0");
        Clients silent = Clients.connect(echo.port(), 500);
        Clients idle = Clients.connect(echo.port(), 500)) {
      for (Client client : idle) {
        client.exchange("hello");
      }
      for (int i = 0; i < 10; i++) {
        busy.add(BusyClient.connect(echo.port()));
      }
      makeBusy(echo, busy);
      echo.awaitConnections(1_010);

      echo.process().signal("TERM");
      await("refusal").atMost(SOON).until(() -> Client.isRefused(echo.port()));
      for (Client client : silent) {
        assertTrue(client.seesEnd());
      }
      for (Client client : idle) {
        assertTrue(client.seesEnd());
      }
      assertEquals(10, echo.blockedConnections());
      for (BusyClient client : busy) {
        client.receiveAll();
      }
      assertEquals(SIGTERM, echo.process().exitCode(SOON));
    } finally {
      for (BusyClient client : busy) {
        client.close();
      }
    }
  }

  @Test
  void endsBusyConnectionsTooIfItIsTheSecond() throws Exception {
    try (SampleProcess echo = SampleProcess.start(folder, "Echo", "0");
        BusyClient busy = BusyClient.connect(echo.port())) {
      makeBusy(echo, List.of(busy));
      echo.process().signal("TERM");
      await("refusal").atMost(SOON).until(() -> Client.isRefused(echo.port()));
      assertEquals(1, echo.blockedConnections());

      echo.process().signal("TERM");
      assertEquals(SIGTERM, echo.process().exitCode(SOON));
      assertThrows(SocketException.class, busy::receiveAll, "reset");
    }
  }

  @Test
  void isToldFromOthersByTheExitCode() throws Exception {
    // A shell starts what it puts into the background with SIGINT ignored, and the JVM leaves it
    // so.
    List<String> withSigint = List.of("env", "--default-signal=INT");
    try (SampleProcess echo = SampleProcess.startUnder(withSigint, folder, "Echo", "0");
        Client client = Client.connect(echo.port())) {
      client.exchange("hello");
      echo.process().signal("INT");
      assertTrue(client.seesEnd());
      assertEquals(SIGINT, echo.process().exitCode(SOON));
    }
  }

  /** Sends until nothing moves any more, FIN at the end. */
  private static void makeBusy(SampleProcess echo, List<BusyClient> clients) throws IOException {
    await("the busy clients")
        .pollInterval(Duration.ofMillis(10))
        .atMost(Duration.ofSeconds(20))
        .until(() -> areStuck(clients) && echo.blockedConnections() == clients.size());
    for (BusyClient client : clients) {
      client.finish();
    }
  }

  private static boolean areStuck(List<BusyClient> clients) throws IOException {
    boolean stuck = true;
    for (BusyClient client : clients) {
      stuck &= client.isStuck();
    }
    return stuck;
  }
}
