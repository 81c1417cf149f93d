package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The echo sample with more clients than descriptors")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class DescriptorLimitTest {
  @TempDir static Path folder;

  @Test
  void servesAsManyAsItCanWhileTheOthersWaitTheirTurn() throws Exception {
    Programs.need("prlimit");
    try (SampleProcess echo =
            SampleProcess.startUnder(List.of("prlimit", "--nofile=100:100"), folder, "Echo", "0");
        Clients clients = Clients.connect(echo.port(), 300)) {
      for (Client client : clients) {
        client.send("hello");
      }
      await("descriptors").until(echo::descriptors, n -> n == 100);
      Duration before = echo.process().processorTime();
      TimeUnit.SECONDS.sleep(2); // the time over which the processor time is measured
      Duration used = echo.process().processorTime().minus(before);
      assertTrue(used.toMillis() < 500, () -> "processor time in 2 s: " + used);

      List<Client> served = new ArrayList<>();
      List<Client> waiting = new ArrayList<>();
      for (Client client : clients) {
        (client.hasReceived(5) ? served : waiting).add(client);
      }
      assertFalse(served.isEmpty());
      assertTrue(served.size() < 100, () -> "served at a time: " + served.size());
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
