package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The programs in {@code src/test/node}, which check what they see. */
@DisplayName("A client of npm")
@EnabledOnOs(OS.LINUX)
@Timeout(120)
@Tag("slow")
class NodeClientsTest {
  private static final int SIGTERM = 128 + 15;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir static Path folder;

  private static NodePrograms programs;
  private static SampleProcess broker;
  private static SampleProcess server;

  @BeforeAll
  @Timeout(300)
  static void start() throws Exception {
    programs = NodePrograms.install(folder);
    broker = SampleProcess.start(folder, "Mqtt", "0");
    server = SampleProcess.start(folder, "WebSocket", "0");
  }

  @AfterAll
  static void end() throws Exception {
    for (SampleProcess sample : new SampleProcess[] {broker, server}) {
      if (sample != null) {
        try (sample) {
          assertEquals("", sample.process().stderr(), "what clients send is not worth a line");
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "publishesAndSubscribesWithWildcards",
        "getsWhatIsRetained",
        "leavesAWillWhenItsSocketIsDestroyed",
        "resumesItsSessionWithWhatIsQueued",
        "staysAliveByItsPings",
        "losesItsSessionToOneOfItsName"
      })
  void ofMqtt(String scenario) throws Exception {
    try (ChildProcess client = programs.start("mqtt.mjs", scenario, broker.port())) {
      assertSucceeds(client);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "echoesTextAndBinary",
        "sendsFragmentsWithPingsBetweenThem",
        "isClosedForAMessageThatIsTooBig",
        "closesWithCodesInBothDirections",
        "goesOnWithoutCompressionWhenThatIsDeclined",
        "chatsWithManyOthers"
      })
  void ofWebSocket(String scenario) throws Exception {
    try (ChildProcess client = programs.start("ws.mjs", scenario, server.port())) {
      assertSucceeds(client);
    }
  }

  @Test
  void ofMqttReconnectsAfterADrain() throws Exception {
    SampleProcess first = SampleProcess.start(folder, "Mqtt", "0");
    try (ChildProcess client = programs.start("mqtt.mjs", "reconnectsAfterADrain", first.port())) {
      try (first) {
        awaitReady(client);
        first.process().signal("TERM");
        assertEquals(SIGTERM, first.process().exitCode());
      }
      try (SampleProcess _ = SampleProcess.start(folder, "Mqtt", "" + first.port())) {
        assertSucceeds(client);
      }
    }
  }

  @Test
  void ofWebSocketIsToldOfADrain() throws Exception {
    try (SampleProcess draining = SampleProcess.start(folder, "WebSocket", "0");
        ChildProcess client = programs.start("ws.mjs", "isToldOfADrain", draining.port())) {
      awaitReady(client);
      draining.process().signal("TERM");
      assertSucceeds(client);
      assertEquals(SIGTERM, draining.process().exitCode());
    }
  }

  private static void awaitReady(ChildProcess client) {
    await().atMost(LIMIT).until(() -> client.stdout().equals("ready\n") || !client.isAlive());
  }

  private static void assertSucceeds(ChildProcess client) throws IOException, InterruptedException {
    int exitCode = client.exitCode(LIMIT);
    assertEquals("", client.stderr());
    assertEquals(0, exitCode);
  }
}
