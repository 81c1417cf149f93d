package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramSocket;
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
import org.junit.jupiter.params.provider.CsvSource;
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

  @ParameterizedTest
  @CsvSource({
    "Echo, *:7000, true",
    "UnixEcho, unix:/tmp/echo.sock, true",
    "UdpEcho, udp:*:7007, false",
    "TlsEcho, *:7444, true",
    "TlsProxy, *:7443, true",
    "OnePort, *:7445, true",
    "Time, *:7037, false"
  })
  void explainsItselfAndTheDefaultPlace(String sample, String place, boolean takesPaths)
      throws Exception {
    try (ChildProcess help = SampleProcess.launch(folder, sample, "--help")) {
      assertEquals(0, help.exitCode());
      assertTrue(help.stdout().startsWith("usage: "), help.stdout());
      assertTrue(help.stdout().endsWith(" " + place + "\n"), help.stdout());
      assertEquals(takesPaths, help.stdout().contains("unix:PATH"), help.stdout());
      assertEquals("", help.stderr());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Echo x, x",
    "Echo 70000, 70000",
    "Echo ::1:7000, ::1:7000",
    "Echo 7001 7002, 7001 7002",
    "Echo unix:, no path of a socket",
    "UnixEcho /tmp/echo.sock, /tmp/echo.sock",
    "UdpEcho -1, -1",
    "UdpEcho unix:/tmp/echo.sock, unix:/tmp/echo.sock",
    "Time unix:/tmp/time.sock, unix:/tmp/time.sock",
    "TlsEcho, CERTIFICATE_AND_KEY.pem"
  })
  void isExplainedWhereItIsWrong(String command, String named) throws Exception {
    try (ChildProcess sample = SampleProcess.launch(folder, command.split(" "))) {
      assertEquals(2, sample.exitCode(), sample.stderr());
      List<String> lines = sample.stderr().lines().toList();
      assertEquals(2, lines.size(), sample.stderr());
      assertTrue(lines.getFirst().contains(named), sample.stderr());
      assertTrue(lines.getLast().startsWith("usage: "), sample.stderr());
      assertNoStackTrace(sample);
      assertEquals("", sample.stdout());
    }
  }

  @Test
  void saysThatThePortIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      assertFailsInOneSentence(port, "Echo", port);
    }
  }

  @Test
  void saysThatThePortIsTakenForUdp() throws Exception {
    try (DatagramSocket taken = new DatagramSocket(0)) {
      String port = Integer.toString(taken.getLocalPort());
      assertFailsInOneSentence(port, "UdpEcho", port);
    }
  }

  @Test
  void saysThatThereIsAFileAtThePath() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    assertFailsInOneSentence(file.toString(), "UnixEcho", "unix:" + file);
  }

  @Test
  void saysWhichFileItCannotRead() throws Exception {
    assertFailsInOneSentence("none.pem", "TlsEcho", "none.pem");
  }

  private static void assertFailsInOneSentence(String named, String... command) throws Exception {
    try (ChildProcess sample = SampleProcess.launch(folder, command)) {
      assertEquals(1, sample.exitCode(), sample.stderr());
      assertEquals(1, sample.stderr().lines().count(), sample.stderr());
      assertTrue(sample.stderr().contains(named), sample.stderr());
      assertNoStackTrace(sample);
      assertEquals("", sample.stdout());
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
