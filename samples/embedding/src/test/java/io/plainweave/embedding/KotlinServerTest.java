package io.plainweave.embedding;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.plainweave.Listen;
import io.plainweave.event.DrainReport;
import io.plainweave.server.Server;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@DisplayName("A server in Kotlin")
@Timeout(150)
class KotlinServerTest {
  @TempDir private Path folder;

  @Test
  @EnabledOnOs(OS.LINUX)
  void answersWhatWasAskedForBeforeItEnds() throws Exception {
    try (Program program =
        Program.start(folder, EmbeddingTest.jars("lib"), KotlinServerKt.class, "0")) {
      program.terminate();
      assertEquals("hello second", program.asksToTheEnd());
      program.ends(143, "draining 1 connections", "drained: 1");
    }
  }

  @Test
  void callsSuspendingFunctions() throws Exception {
    try (Server server = start();
        Socket client = ask(server, "kotlin\n")) {
      assertEquals("KOTLIN 6", answer(client));
    }
  }

  @Test
  void cancelsItsCoroutinesWithTheirHandler() throws Exception {
    var logger = (Logger) LoggerFactory.getLogger("KotlinServer");
    var logged = new ListAppender<ILoggingEvent>();
    logged.start();
    logger.addAppender(logged);
    try (Server server = start();
        Socket client = ask(server, "for ever\n")) {
      await().until(() -> has(logged, "counts for ever"));
      DrainReport report = server.drain();
      assertEquals(1, report.forced());
      assertEquals(List.of(), report.survivors());
      assertTrue(has(logged, "has counted for ever"));
    } finally {
      logger.detachAppender(logged);
    }
  }

  private static boolean has(ListAppender<ILoggingEvent> logged, String message) {
    return List.copyOf(logged.list).stream()
        .anyMatch(line -> line.getFormattedMessage().equals(message));
  }

  private static Server start() throws IOException, InterruptedException {
    return Server.builder()
        .listen(Listen.tcp("localhost", 0), KotlinServerKt::ask)
        .drainTimeout(Duration.ofMillis(1))
        .stopOnSignal(false)
        .start();
  }

  private static Socket ask(Server server, String lines) throws IOException {
    var client = new Socket("localhost", server.port());
    client.setSoTimeout(50_000);
    client.getOutputStream().write(lines.getBytes(UTF_8));
    return client;
  }

  private static String answer(Socket client) throws IOException {
    return new BufferedReader(new InputStreamReader(client.getInputStream(), UTF_8)).readLine();
  }
}
