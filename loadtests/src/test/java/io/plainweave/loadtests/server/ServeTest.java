package io.plainweave.loadtests.server;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.Main;
import io.plainweave.loadtests.report.ReportFiles;
import io.plainweave.loadtests.report.RunReport;
import io.plainweave.loadtests.report.Series;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The server alone")
@Timeout(60)
final class ServeTest {
  @TempDir private Path folder;
  private Process process;

  @AfterEach
  void kill() {
    process.destroyForcibly();
  }

  @Test
  void drainsAtSigtermAndTellsWhatItHad() throws Exception {
    start("serve", "--port", "0,0", "--out", folder.toString());
    BufferedReader out = process.inputReader();
    List<Socket> clients = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Socket client = new Socket(InetAddress.getLoopbackAddress(), listening(out.readLine()));
      clients.add(client);
      assertEcho(client);
    }
    clients.getFirst().close();

    process.toHandle().destroy(); // Process.destroy would close its streams

    assertEquals(-1, clients.getLast().getInputStream().read(), "the drain ends the other");
    clients.getLast().close();
    List<String> report = out.lines().toList();
    assertTrue(process.waitFor(30, SECONDS), "it ends");
    assertEquals(143, process.exitValue());
    assertTrue(report.contains("connections     2"), report::toString);
    assertTrue(
        report.contains("  held    every connection ends in the drain: 0 were reset"),
        report::toString);
    RunReport kept = ReportFiles.read(folder);
    assertEquals(
        List.of("open", "server heap", "server RSS"),
        kept.series().stream().map(Series::name).toList());
    assertEquals("serve", kept.command());
  }

  @Test
  void failsWithASentenceWhereThePortIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0)) {
      start("serve", "--port", Integer.toString(taken.getLocalPort()));

      List<String> err = process.errorReader().lines().toList();

      assertTrue(process.waitFor(30, SECONDS), "it ends");
      assertEquals(1, process.exitValue());
      assertEquals(1, err.size(), err::toString);
      assertTrue(err.getFirst().contains(":" + taken.getLocalPort()), err::toString);
    }
  }

  private void start(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                Main.class.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    process = builder.start();
  }

  private static int listening(String line) {
    String prefix = "listening on port ";
    assertTrue(line.startsWith(prefix), line);
    return Integer.parseInt(line.substring(prefix.length()));
  }

  private static void assertEcho(Socket client) throws IOException {
    byte[] message = {1, 2, 3};
    client.getOutputStream().write(message);
    assertArrayEquals(message, client.getInputStream().readNBytes(message.length));
  }
}
