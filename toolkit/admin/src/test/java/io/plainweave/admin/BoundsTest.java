package io.plainweave.admin;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.server.Server;
import io.plainweave.status.ConnectionStatus;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Bad clients of the admin listener")
@Timeout(60)
class BoundsTest {
  private static long atAdmin(Server server) {
    return server.live().connections().filter(status -> status.isOf("admin")).count();
  }

  /** The service goes on. */
  private static void exchange(Guarded guarded) throws IOException {
    guarded.connectAndExchange().close();
  }

  @Test
  @Tag("slow")
  void areNoMoreThanSixteenAndHoldUpNobodyElse() throws Exception {
    List<Socket> silent = new ArrayList<>();
    try (Guarded guarded = Guarded.start()) {
      for (int i = 0; i < 40; i++) {
        silent.add(guarded.connectToAdmin());
        silent.getLast().getOutputStream().write('G');
      }
      await().atMost(Duration.ofSeconds(10)).until(() -> atAdmin(guarded.server) == 16);
      exchange(guarded);
      assertEquals(16, atAdmin(guarded.server));
      guarded.awaitConnections(0);
      // They are told so after five seconds, and make room for those that wait.
      for (Socket each : silent) {
        String answer = new String(each.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
      }
      assertEquals("200 live", Programs.status(guarded.url("/live")));
    } finally {
      for (Socket each : silent) {
        each.close();
      }
    }
  }

  @Test
  void areRefusedWhateverTheySend() throws Exception {
    var random = new Random(17);
    try (Guarded guarded = Guarded.start()) {
      for (int i = 0; i < 200; i++) {
        var garbage = new byte[random.nextInt(20_000)];
        random.nextBytes(garbage);
        try (Socket client = guarded.connectToAdmin()) {
          client.getOutputStream().write(garbage);
          client.shutdownOutput();
          String answer =
              new String(client.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
          assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 4"), answer);
        } catch (IOException reset) {
          // It was answered before all was sent.
        }
      }
      exchange(guarded);
      assertEquals("200 live", Programs.status(guarded.url("/live")));
      await().atMost(Duration.ofSeconds(10)).until(() -> atAdmin(guarded.server) == 0);
    }
  }

  @Test
  void areResetWhenTheyDoNotReadALongAnswer() throws Exception {
    List<Socket> many = new ArrayList<>();
    TimeLimits impatient = TimeLimits.DEFAULT.writeStall(Duration.ofSeconds(1));
    try (Guarded guarded =
        Guarded.start(
            Server.builder().handler(Guarded.ECHO),
            Admin.listen(Listen.tcp("127.0.0.1", 0).timeLimits(impatient)))) {
      for (int i = 0; i < 200; i++) {
        many.add(guarded.connectAndExchange());
      }
      try (Socket deaf = new Socket()) {
        deaf.setReceiveBufferSize(4_096);
        deaf.connect(guarded.server.addresses().get(1));
        String ask = "GET /connections HTTP/1.1\r\nHost: localhost\r\n\r\n";
        // Until they are not even taken any more.
        Thread asking =
            Thread.startVirtualThread(() -> {
              try {
                for (int i = 0; i < 1_000; i++) {
                  deaf.getOutputStream().write(ask.getBytes(StandardCharsets.US_ASCII));
                }
              } catch (IOException reset) {
                // As it should be.
              }
            });
        await()
            .atMost(Duration.ofSeconds(20))
            .until(() -> guarded.server.live().status().totalClosed() > 0);
        asking.join();
        assertEquals("200 live", Programs.status(guarded.url("/live")));
      }
    } finally {
      for (Socket each : many) {
        each.close();
      }
    }
  }

  @Test
  void areGoneWithTheServerHoweverTheyStand() throws Exception {
    long before = Guarded.descriptors();
    Guarded guarded = Guarded.start();
    try (Socket silent = guarded.connectToAdmin();
        Socket begun = guarded.connectToAdmin();
        Socket kept = guarded.connectToAdmin()) {
      begun.getOutputStream().write('G');
      kept.getOutputStream()
          .write("GET /live HTTP/1.1\r\nHost: a:1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      Guarded.readAnswer(kept.getInputStream());
      guarded.server.close();
      assertTrue(guarded.server.awaitTermination(Duration.ZERO));
      for (Socket each : List.of(silent, kept)) {
        InputStream in = each.getInputStream();
        assertEquals(-1, in.read());
      }
    }
    await().atMost(Duration.ofSeconds(10)).until(() -> Guarded.descriptors() <= before + 8);
    assertEquals(List.<ConnectionStatus>of(), guarded.server.live().connections().toList());
  }
}
