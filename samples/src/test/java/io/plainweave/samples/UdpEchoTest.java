package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The echo sample by UDP")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class UdpEchoTest {
  @TempDir static Path folder;

  private static SampleProcess echo;

  @BeforeAll
  static void start() throws Exception {
    echo = SampleProcess.start(folder, "UdpEcho", "0");
  }

  @AfterAll
  static void end() throws Exception {
    if (echo != null) {
      echo.close();
    }
  }

  @Test
  void answersTheClientsOfItsHeader() throws Exception {
    Programs.need("nc", "socat");
    assertEquals(
        List.of("hello\n", "hello\n"), SampleHeader.of("UdpEcho").ask(folder, echo.port()));
  }

  @Test
  void givesBackAnEmptyDatagramAndALongOne() throws Exception {
    try (DatagramClient client = DatagramClient.of(echo.port())) {
      assertArrayEquals(new byte[0], client.exchange(new byte[0]));
      assertArrayEquals(new byte[2_000], client.exchange(new byte[2_000]));
    }
  }

  @Test
  void doesNotAnswerAnotherServerForEver() throws Exception {
    try (DatagramClient other = DatagramClient.of(echo.port())) {
      assertTrue(other.seesEndOfReplies());
    }
  }
}
