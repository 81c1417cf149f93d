package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The echo sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class EchoTest {
  @TempDir static Path folder;

  @Test
  void answersTheClientOfTheReadme() throws Exception {
    Programs.need("nc");
    try (SampleProcess echo = SampleProcess.start(folder, "Echo", "0");
        ChildProcess nc =
            ChildProcess.start(folder, "sh", "-c", Readme.command("printf ", echo.port()))) {
      assertEquals(0, nc.exitCode());
      assertEquals("hello\n", nc.stdout());
    }
  }

  @Test
  void givesBackTenMegabytesByteForByteToAClientThatHalfClosesFirst() throws Exception {
    Programs.need("socat");
    byte[] bytes = new byte[10_000_000];
    new Random(1).nextBytes(bytes);
    Path sent = Files.write(folder.resolve("sent"), bytes);
    Path received = folder.resolve("received");
    try (SampleProcess echo = SampleProcess.start(folder, "Echo", "0");
        // At the end of the file it sends FIN, and then waits up to 30 s for the server's.
        ChildProcess socat =
            ChildProcess.start(
                folder,
                "sh",
                "-c",
                "exec socat -t 30 - TCP:127.0.0.1:" + echo.port() + " <sent >received")) {
      assertEquals(0, socat.exitCode());
      assertEquals("", socat.stderr());
      assertEquals(-1, Files.mismatch(sent, received));
    }
  }

  @Test
  void keepsNothingOfClientsThatAreGone() throws Exception {
    Programs.need("nc");
    try (SampleProcess echo = SampleProcess.start(folder, "Echo", "0")) {
      // The first of everything, so that the JVM has opened what it keeps open.
      try (Client client = Client.connect(echo.port())) {
        client.exchange("hello");
        assertEquals(1, echo.connections());
      }
      echo.awaitConnections(0);
      int descriptors = echo.descriptors();

      for (int i = 0; i < 10; i++) {
        Client idle = Client.connect(echo.port());
        idle.exchange("hello");
        idle.reset();
      }
      // A close before all is read sends RST (RFC 2525, section 2.17).
      try (BusyClient busy = BusyClient.connect(echo.port())) {
        await("the busy client").until(busy::isStuck);
        echo.awaitBlockedConnections(1);
      }
      echo.awaitConnections(0);
      try (Netcat idle = Netcat.connect(echo.port());
          Netcat _ = Netcat.connectAndFlood(echo.port())) {
        idle.exchange("hello\n");
        echo.awaitBlockedConnections(1);
        assertEquals(2, echo.connections());
        assertTrue(echo.descriptors() > descriptors);
      }

      echo.awaitConnections(0);
      await("descriptors").until(echo::descriptors, n -> n <= descriptors);
      assertEquals("", echo.process().stderr(), "how clients leave is not worth a line");
    }
  }
}
