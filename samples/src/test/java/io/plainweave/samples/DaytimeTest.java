package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The daytime sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class DaytimeTest {
  @TempDir static Path folder;

  private static SampleProcess daytime;

  @BeforeAll
  static void start() throws Exception {
    daytime = SampleProcess.start(folder, "Daytime", "0");
  }

  @AfterAll
  static void end() throws Exception {
    if (daytime != null) {
      daytime.close();
    }
  }

  @Test
  void saysToTheClientsOfItsHeaderInALineWhatTimeItIs() throws Exception {
    Programs.need("nc", "curl");
    Instant before = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    List<String> lines = SampleHeader.of("Daytime").ask(folder, daytime.port());
    assertEquals(3, lines.size(), "by nc, by curl, by UDP");
    for (String line : lines) {
      assertIsBetween(before, line, Instant.now());
    }
  }

  @Test
  void saysItToADatagramWithoutAByte() throws Exception {
    Instant before = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    try (DatagramClient client = DatagramClient.of(daytime.port())) {
      String line = new String(client.exchange(new byte[0]), US_ASCII);
      assertIsBetween(before, line, Instant.now());
    }
  }

  private static void assertIsBetween(Instant before, String line, Instant after) {
    assertTrue(line.matches("[ -~]+\r\n"), line);
    Instant said = OffsetDateTime.parse(line.strip(), RFC_1123_DATE_TIME).toInstant();
    assertFalse(said.isBefore(before) || said.isAfter(after), line);
  }

  @Test
  void servesOthersBesideAClientThatSendsWithoutEndAndDisconnectsIt() throws Exception {
    Programs.need("nc", "curl");
    try (Netcat flood = Netcat.connectAndFlood(daytime.port())) {
      assertNotNull(flood.process().inputReader(US_ASCII).readLine());
      SampleHeader.of("Daytime").ask(folder, daytime.port());
      assertTrue(flood.process().waitFor(30, TimeUnit.SECONDS), "it is still connected");
      daytime.awaitConnections(0);
    }
  }

  @Test
  void doesNotAnswerAnotherServerForEver() throws Exception {
    try (DatagramClient other = DatagramClient.of(daytime.port())) {
      assertTrue(other.seesEndOfReplies());
    }
  }
}
