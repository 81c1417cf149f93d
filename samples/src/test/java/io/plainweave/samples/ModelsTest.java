package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("Each server model")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class ModelsTest {
  /** They serve one client at a time: of Prefork, one worker is started here. */
  private static final Set<String> ONE_AT_A_TIME = Set.of("OneAtATime", "Prefork");

  @TempDir static Path folder;
  static Checkout checkout;

  @BeforeAll
  static void copy() throws IOException {
    Programs.need("ss", "systemd-socket-activate");
    checkout = Checkout.in(folder);
  }

  static Stream<String> models() throws IOException {
    try (var files = Files.list(Checkout.original("samples/models"))) {
      List<String> names =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".java"))
              .map(name -> name.replace(".java", ""))
              .toList();
      return names.stream().sorted();
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void servesAnyClientSurvivesThoseThatResetAndEndsAtSigterm(String name) throws Exception {
    String arguments =
        switch (name) {
          case "ProcessPerConnection" -> Integer.toString(FreePort.next());
          case "Prefork" -> "0 1";
          default -> "0";
        };
    try (ModelProcess model = ModelProcess.start(checkout, name, arguments)) {
      try (BusyClient late = blockedClient(model)) {
        if (!ONE_AT_A_TIME.contains(name)) {
          exchangeAndReset(model);
        }
        late.finish();
        late.receiveAll();
      }
      if (ONE_AT_A_TIME.contains(name)) {
        exchangeAndReset(model);
      }
      // A close before all is read sends RST (RFC 2525, section 2.17).
      blockedClient(model).close();
      try (Client client = model.connect()) {
        client.exchange("hello");
        client.socket().shutdownOutput();
        assertTrue(client.seesEnd());
      }
      // Plainweave logs it at DEBUG alone.
      int lines = name.equals("Plainweave") ? 0 : 2;
      await("a line for each that was reset")
          .until(() -> model.output().split("a client was lost", -1).length - 1 == lines);
      model.assertEndsAtSigterm();
    }
  }

  private static void exchangeAndReset(ModelProcess model) throws IOException {
    Client client = model.connect();
    client.exchange("hello");
    client.reset();
  }

  /** A client that has sent so much that the server cannot write its echo. */
  private static BusyClient blockedClient(ModelProcess model) throws IOException {
    BusyClient client = BusyClient.connect(model.port());
    await("a blocked connection")
        .pollInterval(Duration.ofMillis(20))
        .atMost(Duration.ofSeconds(20))
        .until(() -> client.isStuck() && ServerSockets.of(model.port()).hasBlockedConnection());
    return client;
  }
}
