package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The command line of a sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class CommandLineTest {
  @TempDir static Path folder;

  @Test
  void saysWhereToListenAndOnlyThatGoesToStdout() throws Exception {
    try (SampleProcess echo = SampleProcess.start(folder, "Echo", "127.0.0.1:0");
        Client client = Client.connect(echo.port())) {
      client.exchange("hello");
      echo.process().signal("TERM");
      echo.process().exitCode();
      assertEquals("listening on 127.0.0.1:" + echo.port() + "\n", echo.process().stdout());
    }
  }

  @Test
  void explainsItselfAndTheDefaultPort() throws Exception {
    try (ChildProcess help = SampleProcess.launch(folder, "Echo", "--help")) {
      assertEquals(0, help.exitCode());
      assertTrue(help.stdout().startsWith("usage: "), help.stdout());
      assertTrue(help.stdout().contains("7000"), help.stdout());
      assertEquals("", help.stderr());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "70000", "::1:7000", "7001 7002"})
  void isExplainedWhereItIsWrong(String arguments) throws Exception {
    try (ChildProcess echo = SampleProcess.launch(folder, ("Echo " + arguments).split(" "))) {
      assertEquals(2, echo.exitCode());
      List<String> lines = echo.stderr().lines().toList();
      assertEquals(2, lines.size(), echo.stderr());
      assertTrue(lines.getFirst().contains(arguments), echo.stderr());
      assertTrue(lines.getLast().startsWith("usage: "), echo.stderr());
      assertNoStackTrace(echo);
      assertEquals("", echo.stdout());
    }
  }

  @Test
  void saysThatThePortIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      try (ChildProcess echo = SampleProcess.launch(folder, "Echo", port)) {
        assertEquals(1, echo.exitCode());
        assertEquals(1, echo.stderr().lines().count(), echo.stderr());
        assertTrue(echo.stderr().contains(port), echo.stderr());
        assertNoStackTrace(echo);
        assertEquals("", echo.stdout());
      }
    }
  }

  @Test
  void listsTheSamplesIfItIsEmpty() throws Exception {
    assertSamplesListed("samples/run needs the name of a sample.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Nonesuch", "../samples/Echo"})
  void listsTheSamplesIfItNamesNone(String name) throws Exception {
    assertSamplesListed("There is no sample " + name + ".", name);
  }

  @Test
  void mayStartWithALinkToTheLauncher() throws Exception {
    Path link = folder.resolve("link");
    Files.createSymbolicLink(link, Path.of(Checkout.in(folder).path("samples/run")));
    List<String> command = List.of(link.toString(), "Echo", "--help");
    try (ChildProcess help = SampleProcess.launch(folder, command)) {
      assertEquals(0, help.exitCode(), help.stderr());
    }
  }

  private static void assertSamplesListed(String sentence, String... arguments) throws Exception {
    try (ChildProcess run = SampleProcess.launch(folder, arguments)) {
      assertEquals(2, run.exitCode());
      List<String> lines = run.stderr().lines().toList();
      assertEquals(sentence, lines.getFirst());
      assertTrue(lines.contains("usage: samples/run NAME [ARGUMENT...]"), run.stderr());
      assertTrue(lines.contains("  Echo"), run.stderr());
      assertEquals("", run.stdout());
    }
  }

  private static void assertNoStackTrace(ChildProcess process) throws IOException {
    assertFalse(process.stderr().contains("Exception"), process.stderr());
    assertFalse(process.stderr().contains("at io.plainweave"), process.stderr());
  }
}
