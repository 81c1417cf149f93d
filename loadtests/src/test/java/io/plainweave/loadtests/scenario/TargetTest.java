package io.plainweave.loadtests.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.loadtests.report.Expectation;
import io.plainweave.loadtests.report.Figure;
import io.plainweave.loadtests.report.RunReport;
import io.plainweave.loadtests.report.TimedPhase;
import io.plainweave.server.Server;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A run with a target")
@Timeout(120)
final class TargetTest {
  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  @RegisterExtension private final ScenarioRun run = new ScenarioRun();

  @Test
  void goesThereAndEndsItsConnectionsInOrder() throws Exception {
    try (Server server = serve(ECHO)) {
      int exitCode = execute("million", "-n", "200", "--hold", "0s", "--target", target(server));

      assertEquals(0, exitCode, run::toString);
      assertEquals(0, server.connections(), "none is left open");
    }
    RunReport report = run.report();
    assertEquals(
        List.of("start", "ramp", "hold", "sweep", "close"),
        report.phases().stream().map(TimedPhase::name).toList());
    assertEquals(200, figure(report, "connected"));
    assertTrue(
        report.expectations().stream()
            .map(Expectation::text)
            .anyMatch("every connection meets the end of its stream after its half-close"::equals),
        run::toString);
    assertTrue(run.toString().startsWith("200 connections, processes: 1 client, targets: 1\n"));
  }

  @Test
  void saysNothingAboutTheMemoryOfAServerThatIsNotItsOwn() throws Exception {
    try (Server server = serve(ECHO)) {
      execute("million", "-n", "10", "--hold", "0s", "--target", target(server));
    }
    RunReport report = run.report();
    assertFalse(report.figures().stream().anyMatch(it -> it.name().startsWith("server")));
    assertFalse(report.series().stream().anyMatch(it -> it.name().startsWith("server")));
    assertEquals(
        List.of(
            "The server was not started by this run: its memory and its drain are not in the"
                + " report."),
        report.notes());
  }

  @Test
  void spreadsItsConnectionsOverSeveralOfThem() throws Exception {
    try (Server first = serve(ECHO);
        Server second = serve(ECHO)) {
      int exitCode =
          execute(
              "echo",
              "-n",
              "20",
              "--rate",
              "100",
              "--duration",
              "500ms",
              "--target",
              target(first),
              "--target",
              target(second));

      assertEquals(0, exitCode, run::toString);
    }
    assertTrue(run.toString().startsWith("20 connections, processes: 1 client, targets: 2\n"));
  }

  @ParameterizedTest
  @CsvSource({
    "churn -n 50 --rate 200 --duration 500ms, every connection is answered and ended in order",
    "storm -n 50, every connection is back and answered within 30000 ms",
  })
  void canBeEveryOneThatNeedsNoOrderToTheServer(String command, String expectation)
      throws Exception {
    try (Server server = serve(ECHO)) {
      int exitCode = execute((command + " --target " + target(server)).split(" "));

      assertEquals(0, exitCode, run::toString);
    }
    assertTrue(run.toString().contains("  held    " + expectation), run::toString);
    assertFalse(run.toString().contains("servers"), run::toString);
    assertFalse(run.toString().contains("listen overflows"), run::toString);
  }

  @Test
  void failsIfTheServerAnswersTheHalfCloseWithAReset() throws Exception {
    Handler rude =
        connection -> {
          ECHO.handle(connection);
          connection.abort();
        };
    try (Server server = serve(rude)) {
      int exitCode = execute("million", "-n", "7", "--hold", "0s", "--target", target(server));

      assertEquals(1, exitCode, run::toString);
    }
    assertTrue(
        run.toString()
            .contains(
                "FAILED  every connection meets the end of its stream after its half-close: 0 of 7"),
        run::toString);
    assertTrue(run.toString().contains("\n  reset "), run::toString);
  }

  @Test
  void thatRefusesSaysSoAtOnceAndKeepsItsReport() throws Exception {
    int port;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = closed.getLocalPort();
    }
    assertNotThere("127.0.0.1:" + port, "Connection refused");
  }

  @Test
  void thatHasNoAddressSaysSo() throws Exception {
    assertNotThere("no-such-name.invalid:7000", "there is no address of that name");
  }

  @Test
  void thatDropsWhatItGetsIsWaitedForNoLongerThanFiveSeconds() throws Exception {
    List<Socket> waiting = new ArrayList<>();
    try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      // Linux holds one more than the backlog; what comes then is dropped without an answer.
      for (int i = 0; i < 2; i++) {
        waiting.add(new Socket(full.getInetAddress(), full.getLocalPort()));
      }
      assertNotThere("127.0.0.1:" + full.getLocalPort(), "no answer within 5 s");
    } finally {
      for (Socket socket : waiting) {
        socket.close();
      }
    }
  }

  @Test
  void thatWaitsForItsStartInVainEndsWithTheSignalsSentence() throws Exception {
    try (Server server = serve(ECHO);
        ServerSocket signal = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread start =
          Thread.ofPlatform()
              .start(() -> {
                try (Socket generator = signal.accept()) {
                  generator
                      .getOutputStream()
                      .write(
                          "waiting 1 of 2\nfailed 1 of 2 generators came within 5m\n".getBytes());
                  generator.getInputStream().transferTo(OutputStream.nullOutputStream());
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });

      int exitCode =
          execute(
              "million",
              "-n",
              "10",
              "--target",
              target(server),
              "--start",
              "127.0.0.1:" + signal.getLocalPort());

      start.join();
      assertEquals(1, exitCode, run::toString);
      assertTrue(run.toString().contains(": 1 of 2 generators came within 5m\n"), run::toString);
      assertEquals(0, server.connections(), "none was opened");
    }
    assertFalse(run.report().isFine());
  }

  private void assertNotThere(String target, String reason) throws IOException {
    int exitCode = execute("million", "-n", "100", "--target", target);

    assertEquals(1, exitCode, run::toString);
    String sentence = "cannot connect to the target " + target + ": " + reason;
    assertTrue(
        run.toString().contains("The run failed in the phase start: " + sentence + "\n"),
        run::toString);
    assertEquals("in the phase start: " + sentence, run.report().expectations().getFirst().seen());
  }

  private static Server serve(Handler handler) throws Exception {
    return Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(handler).start();
  }

  private static String target(Server server) {
    return "127.0.0.1:" + server.port();
  }

  private static double figure(RunReport report, String name) {
    return report.figures().stream()
        .filter(it -> it.name().equals(name))
        .mapToDouble(Figure::value)
        .findFirst()
        .orElseThrow();
  }

  private int execute(String... command) {
    return run.execute(command);
  }
}
