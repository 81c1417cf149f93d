package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The echo sample with more clients than descriptors")
@EnabledOnOs(OS.LINUX)
@Timeout(180) // each wait has its own limit, and 300 clients on a busy machine take a while
class DescriptorLimitTest {
  /** Of a hundred descriptors, 64 and one in twenty are not for connections. */
  private static final int SERVED = 31;

  @TempDir static Path folder;

  private static List<Client> served(Clients clients) throws IOException {
    List<Client> served = new ArrayList<>();
    for (Client client : clients) {
      if (client.hasReceived(5)) {
        served.add(client);
      }
    }
    return served;
  }

  /** Finds a second with less than a quarter on a processor: who spins never has one. */
  private static void awaitIdle(SampleProcess program) {
    var last = new Duration[] {program.process().processorTime()};
    await("a processor is kept busy")
        .atMost(Duration.ofSeconds(20))
        .pollDelay(Duration.ofSeconds(1))
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> {
          Duration now = program.process().processorTime();
          Duration used = now.minus(last[0]);
          last[0] = now;
          return used.toMillis() < 250;
        });
  }

  @Test
  @Tag("slow")
  void servesAsManyAsItCanWhileTheOthersWaitTheirTurn() throws Exception {
    Programs.need("prlimit");
    try (SampleProcess echo =
            SampleProcess.startUnder(List.of("prlimit", "--nofile=100:100"), folder, "Echo", "0");
        Clients clients = Clients.connect(echo.port(), 300)) {
      for (Client client : clients) {
        client.send("hello");
      }
      await().atMost(Duration.ofSeconds(20)).until(() -> served(clients).size() == SERVED);
      assertTrue(echo.descriptors() < 100, "some are left");
      awaitIdle(echo);

      List<Client> served = served(clients);
      assertEquals(SERVED, served.size());
      List<Client> waiting = new ArrayList<>();
      clients.forEach(waiting::add);
      waiting.removeAll(served);
      for (Client client : served) {
        assertEquals("hello", client.receive(5));
        client.exchange("still there");
      }
      for (Client client : served) {
        client.close();
      }
      for (Client client : waiting) {
        assertEquals("hello", client.receive(5));
        client.close();
      }
    }
  }
}
