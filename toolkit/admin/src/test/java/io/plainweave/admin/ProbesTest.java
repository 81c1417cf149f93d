package io.plainweave.admin;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.server.Server;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Who asks whether the server is live and ready")
@Timeout(60)
class ProbesTest {
  private final CountDownLatch released = new CountDownLatch(1);

  private Guarded startHeld(Duration delay) throws Exception {
    return Guarded.start(
        Server.builder()
            .drainDelay(delay)
            .drainTimeout(Duration.ofSeconds(30))
            .handler(connection -> {
              connection.output().write(connection.input().read());
              connection.output().flush();
              released.await();
              connection.output().write('!');
            }));
  }

  @Test
  void hearsThatItIs() throws Exception {
    try (Guarded guarded = Guarded.start()) {
      assertEquals("200 live", Programs.status(guarded.url("/live")));
      assertEquals("200 ready", Programs.status(guarded.url("/ready?at=1")));
    }
  }

  @Test
  void hearsThatItIsNotReadyWhileItIsSuspended() throws Exception {
    try (Guarded guarded = Guarded.start()) {
      guarded.server.suspend();
      assertEquals(
          "503 not ready: the server is suspended", Programs.status(guarded.url("/ready")));
      assertEquals("200 live", Programs.status(guarded.url("/live")));
      guarded.server.resume();
      assertEquals("200 ready", Programs.status(guarded.url("/ready")));
    }
  }

  @Test
  void hearsOfADrainBeforeTheListenersClose() throws Exception {
    released.countDown();
    try (Guarded guarded = startHeld(Duration.ofSeconds(20))) {
      assertEquals("200 ready", Programs.status(guarded.url("/ready")));
      String answer = Programs.status("-X", "POST", guarded.url("/drain"));
      assertEquals("202 the server drains; open connections: 0", answer);
      assertEquals("503 not ready: the server is draining", Programs.status(guarded.url("/ready")));
      // In the time that the delay leaves, the service goes on.
      try (Socket late = guarded.connectAndExchange()) {
        assertEquals('!', late.getInputStream().read());
      }
      assertEquals("200 live", Programs.status(guarded.url("/live")));
    }
  }

  @Test
  void isAnsweredThroughTheDrainAndNotLonger() throws Exception {
    Guarded guarded = startHeld(Duration.ZERO);
    try (Socket client = guarded.connectAndExchange();
        Socket kept = guarded.connectToAdmin()) {
      String answer = Programs.status("-X", "POST", guarded.url("/drain"));
      assertEquals("202 the server drains; open connections: 1", answer);
      for (int i = 0; i < 3; i++) {
        assertEquals(
            "503 not ready: the server is draining", Programs.status(guarded.url("/ready")));
        assertEquals("200 live", Programs.status(guarded.url("/live")));
      }
      assertEquals(
          "202 the server drains; open connections: 1",
          Programs.status("-X", "POST", guarded.url("/drain")));
      assertFalse(guarded.server.awaitTermination(Duration.ZERO));
      released.countDown();
      assertEquals('!', client.getInputStream().read());
      assertEquals(-1, client.getInputStream().read());
      client.close();
      assertTrue(guarded.server.awaitTermination(Duration.ofSeconds(20)));
      assertEquals(-1, kept.getInputStream().read());
      assertEquals(0, guarded.server.drain().forced());
    } finally {
      guarded.close();
    }
  }

  @Test
  void mayComeByAPath(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("admin.sock");
    try (Guarded _ =
        Guarded.start(Server.builder().handler(Guarded.ECHO), Admin.listen(Listen.unix(path)))) {
      assertEquals(
          "200 ready", Programs.status("--unix-socket", path.toString(), "http://localhost/ready"));
      String answer =
          Programs.status("--unix-socket", path.toString(), "-X", "POST", "http://localhost/drain");
      assertTrue(answer.startsWith("202 "), answer);
    }
  }

  @Test
  void hearsThatItIsNotLiveWhileHandlersKeepAllThreadsOfALoop() throws Exception {
    var over = new CountDownLatch(1);
    // Two loops with a thread each. Connections go to them in turn: that of the busy handler keeps
    // one, and a probe that comes to the other is answered.
    Server busy =
        Admin.listen(Listen.tcp("127.0.0.1", 0))
            .addTo(
                Server.builder()
                    .listen(Listen.tcp("127.0.0.1", 0))
                    .eventLoops(2)
                    .maxCarriers(2)
                    .stopOnSignal(false)
                    .handler(connection -> {
                      connection.input().read();
                      while (over.getCount() > 0) {
                        Thread.onSpinWait();
                      }
                    }))
            .start();
    String live =
        "http://127.0.0.1:%d/live"
            .formatted(((InetSocketAddress) busy.addresses().get(1)).getPort());
    try (Socket client = new Socket("127.0.0.1", busy.port())) {
      client.getOutputStream().write('a');
      await()
          .atMost(Duration.ofSeconds(20))
          .ignoreExceptions()
          .until(() -> {
            String answer = Programs.curl("--max-time", "1", live);
            return answer.startsWith("not live: virtual threads have not run for ")
                && answer.contains("; they are kept by io.plainweave.admin.ProbesTest.");
          });
      over.countDown();
      await().atMost(Duration.ofSeconds(20)).until(() -> Programs.status(live).equals("200 live"));
    } finally {
      over.countDown();
      busy.close();
    }
  }

  @Test
  void isToldWhatTheWatchdogHasToldForALittleLongerThanItRepeatsIt() throws IOException {
    var liveness = new Liveness();
    assertTrue(liveness.trouble().isEmpty());
    liveness.onEvent(
        new ServerEvent.CarriersBusy(Duration.ofMillis(4_500), 2, List.of(), List.of()));
    assertEquals("virtual threads have not run for 4.5 s", liveness.trouble().orElseThrow());
    await().atMost(Duration.ofSeconds(10)).until(() -> liveness.trouble().isEmpty());
  }
}
