package io.plainweave.loadtests.scenario;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Runs with real processes, led by this one. */
@Timeout(120)
final class MillionTest {
  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @AfterEach
  void noProcessIsLeft() {
    assertEquals(List.of(), children("server.EchoServer"));
    assertEquals(List.of(), children("client.Client"));
  }

  @Test
  void aSmallRunOverSeveralProcessesEndsWithoutErrors() {
    // 450 descriptors leave 250 for connections: 300 take two processes of each kind.
    int exitCode = execute("million", "-n", "300", "--hold", "0s", "--descriptors", "450");

    assertEquals(0, exitCode, this::both);
    List<String> report = out.toString().lines().toList();
    assertEquals(
        "300 connections, processes: 2 server + 2 client, addresses: 1", report.getFirst());
    assertTrue(report.contains("connected       300"), this::both);
    assertTrue(report.contains("errors          0"), this::both);
    assertTrue(report.stream().anyMatch(it -> it.matches("drain .* 300 clean ends")), this::both);
    assertTrue(err.toString().contains("sweep 300 of 300 answered"), this::both);
  }

  @Test
  void aRunWhoseServerDiesFailsAndSaysHow() {
    CompletableFuture<Integer> run =
        CompletableFuture.supplyAsync(() -> execute("million", "-n", "100", "--hold", "60s"));
    await().atMost(60, SECONDS).until(() -> err.toString().contains("hold"));

    children("server.EchoServer").getFirst().destroyForcibly();

    assertEquals(1, run.orTimeout(30, SECONDS).join(), this::both);
    assertTrue(
        err.toString()
            .contains(
                "The run failed in the phase hold: server 1 ended with exit code 137 (signal 9)"),
        this::both);
    List<String> report = out.toString().lines().toList();
    assertTrue(report.contains("connected       100"), "what was found until then is kept");
    assertTrue(
        report.stream()
            .anyMatch(
                it -> it.startsWith("  FAILED  the run comes to its end: in the phase hold: ")),
        this::both);
  }

  @Test
  void aRunWhoseClientDiesFailsAndSaysHow() {
    CompletableFuture<Integer> run =
        CompletableFuture.supplyAsync(() -> execute("million", "-n", "100", "--hold", "60s"));
    await().atMost(60, SECONDS).until(() -> err.toString().contains("hold"));

    children("client.Client").getFirst().destroyForcibly();

    assertEquals(1, run.orTimeout(30, SECONDS).join(), this::both);
    assertTrue(
        err.toString().contains("The run failed in the phase hold: client 1 ended"), this::both);
  }

  private static List<ProcessHandle> children(String main) {
    return ProcessHandle.current()
        .children()
        .filter(
            child -> child.info().commandLine().orElse("").contains("plainweave.loadtests." + main))
        .toList();
  }

  private int execute(String... arguments) {
    CommandLine commandLine = Main.commandLine();
    arguments =
        Stream.concat(Stream.of(arguments), Stream.of("--out", folder.toString()))
            .toArray(String[]::new);
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }

  private String both() {
    return out + "\n" + err;
  }
}
