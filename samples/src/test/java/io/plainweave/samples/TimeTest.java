package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The time sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class TimeTest {
  private static final Instant YEAR_1900 = Instant.parse("1900-01-01T00:00:00Z");

  @TempDir static Path folder;

  private static SampleProcess time;

  @BeforeAll
  static void start() throws Exception {
    time = SampleProcess.start(folder, "Time", "0");
  }

  @AfterAll
  static void end() throws Exception {
    if (time != null) {
      time.close();
    }
  }

  @Test
  void saysToTheClientsOfItsHeaderWhatTimeItIs() throws Exception {
    Programs.need("nc", "socat");
    Instant before = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    List<String> printed = SampleHeader.of("Time").ask(folder, time.port());
    Instant after = Instant.now();
    assertEquals(2, printed.size(), "by TCP, by UDP");
    assertIsBetween(before, OffsetDateTime.parse(printed.getFirst().strip()).toInstant(), after);
    assertIsBetween(before, decoded(Long.parseLong(printed.getLast().strip())), after);
  }

  @Test
  void sendsFourBytesByTcpAndUdp() throws Exception {
    Instant before = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    try (Client tcp = Client.connect(time.port());
        DatagramClient udp = DatagramClient.of(time.port())) {
      ByteBuffer byTcp = ByteBuffer.wrap(tcp.socket().getInputStream().readAllBytes());
      ByteBuffer byUdp = ByteBuffer.wrap(udp.exchange(new byte[0]));
      for (ByteBuffer bytes : List.of(byTcp, byUdp)) {
        assertEquals(4, bytes.remaining());
        assertIsBetween(before, decoded(Integer.toUnsignedLong(bytes.getInt())), Instant.now());
      }
    }
  }

  /** As rdate does, up to 2036. */
  private static Instant decoded(long seconds) {
    return YEAR_1900.plusSeconds(seconds);
  }

  private static void assertIsBetween(Instant before, Instant said, Instant after) {
    assertFalse(said.isBefore(before) || said.isAfter(after), () -> said + " said at " + after);
  }

  @Test
  void doesNotAnswerAnotherServerForEver() throws Exception {
    try (DatagramClient other = DatagramClient.of(time.port())) {
      assertTrue(other.seesEndOfReplies());
    }
  }
}
