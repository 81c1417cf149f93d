package io.plainweave.loadtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** The command line, as far as it needs no connection. */
@Timeout(30)
final class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  static Stream<Arguments> badInput() {
    return Stream.of(
        Arguments.of(List.of("million", "-n", "many"), "'many'"),
        Arguments.of(List.of("million", "-n", "0"), "-n must be at least 1: 0"),
        Arguments.of(List.of("million", "-n", "-5"), "-n must be at least 1: -5"),
        Arguments.of(
            List.of("million", "-n"), "Missing required parameter for option '--connections' (N)"),
        Arguments.of(
            List.of("million", "--hold", "long"),
            "'long' is not a duration such as 500ms, 5s or 2m"),
        Arguments.of(List.of("million", "--hold=-1s"), "'-1s' is not a duration"),
        Arguments.of(List.of("million", "--fast"), "Unknown option: '--fast'"),
        Arguments.of(List.of("million", "more"), "Unmatched argument at index 1: 'more'"),
        Arguments.of(List.of("doctor", "-n", "many"), "'many'"),
        Arguments.of(List.of("doctor", "-n", "0"), "-n must be at least 1: 0"),
        Arguments.of(List.of("doctor", "-n", "3000000000"), "'3000000000'"),
        Arguments.of(List.of("doctor", "1000"), "Unmatched argument at index 1: '1000'"),
        Arguments.of(List.of("milion"), "Unmatched argument at index 0: 'milion'"),
        Arguments.of(List.of("-n", "300"), "-n"),
        Arguments.of(List.of("echo", "--rate", "0"), "--rate must be more than 0: 0"),
        Arguments.of(
            List.of("echo", "--duration", "0s"),
            "--rate 5000.0 makes 0 in 0 ms; it must be 1 to 1,000,000,000"),
        Arguments.of(
            List.of("churn", "--rate", "1e9", "--duration", "2s"),
            "--rate 1.0E9 makes 2,000,000,000 in 2,000 ms"),
        Arguments.of(
            List.of("drain", "--rate", "0.1", "--after", "2s"), "--rate 0.1 makes 0 in 2,000 ms"),
        Arguments.of(
            List.of("slow", "--duration", "5s", "--patience", "3s"),
            "--duration must be at least twice --patience, or slow ones might not be ended in it:"
                + " 5000 ms, 3000 ms"),
        Arguments.of(
            List.of("slow", "--readers=-1"),
            "--readers and --writers must not be negative: -1, 100"),
        Arguments.of(
            List.of("broadcast", "--descriptors", "450", "-n", "300"),
            "-n 300 is more than one server can hold: 250"),
        Arguments.of(List.of("storm", "--within", "soon"), "'soon' is not a duration"),
        Arguments.of(
            List.of("serve", "--port", "70000"), "--port: a port is from 0 to 65535: 70000"),
        Arguments.of(List.of("serve", "--drain", "soon"), "'soon' is not a duration"),
        Arguments.of(List.of("udp", "--rate", "0"), "--rate 0.0 makes 0 in 10s; it must be 1 to"),
        Arguments.of(List.of("udp", "--sockets", "0"), "--sockets is 1 to 10,000: 0"),
        Arguments.of(List.of("full-heap", "--rounds", "0"), "--rounds is 1 to 1,000"),
        Arguments.of(List.of("full-heap", "--kinds", "epsilon"), "'epsilon'"),
        Arguments.of(List.of("havoc", "--clients", "0"), "--clients is 1 to 200"),
        Arguments.of(List.of("havoc", "--blows", "HAMMER"), "'HAMMER'"),
        Arguments.of(
            List.of("soak", "-n", "1000", "--sample-each", "500"),
            "-n 1,000 with a warm-up of 100 makes 2 samples of 500; a slope takes 4"),
        Arguments.of(List.of("soak", "-n", "0"), "are 1 or more"),
        Arguments.of(List.of("start"), "Missing required option: '--generators=N'"),
        Arguments.of(List.of("start", "-n", "0"), "-n must be at least 1: 0"),
        Arguments.of(List.of("start", "-n", "1", "--port", "-1"), "--port is from 0 to 65535: -1"),
        Arguments.of(List.of("million", "--start", "here"), "'here' is not HOST:PORT"),
        Arguments.of(
            List.of("million", "--target", "server"),
            "'server' is not HOST:PORT, such as server:7000 or [::1]:7000"),
        Arguments.of(
            List.of("churn", "--rate", "1000", "--duration", "2m", "--target", "server:7000"),
            "--rate 1000 takes 61,000 ports, most of them in TIME_WAIT, for which "),
        Arguments.of(List.of("million", "--target", ":7000"), "':7000' is not HOST:PORT"),
        Arguments.of(List.of("million", "--target", "::1:7000"), "'::1:7000' is not HOST:PORT"),
        Arguments.of(List.of("echo", "--target", "server:0"), "'server:0' is not HOST:PORT"),
        Arguments.of(
            List.of("echo", "--target", "server:65536"), "'server:65536' is not HOST:PORT"));
  }

  @ParameterizedTest
  @MethodSource("badInput")
  void badInputGetsOneSentenceWithTheValueThenTheUsage(List<String> arguments, String message) {
    int exitCode = execute(arguments.toArray(String[]::new));

    List<String> lines = err.toString().lines().toList();
    assertEquals(2, exitCode);
    assertTrue(lines.getFirst().contains(message), err::toString);
    assertEquals("", lines.get(1));
    assertTrue(lines.get(2).startsWith("Usage: loadtests/run"), err::toString);
    assertFalse(err.toString().contains("Exception"), err::toString);
    assertEquals("", out.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "-n 2000000000, -n 2000000000 is more than this machine allows: ",
    "--descriptors 100 -n 1, '-n 1 is more than this machine allows: 0 by nofile soft (100 '",
  })
  void aNumberThatDoesNotFitIsRefusedWithTheLimitsThatAreTooLow(String options, String message) {
    int exitCode = execute(("million " + options).split(" "));

    assertEquals(2, exitCode);
    assertTrue(err.toString().startsWith(message), err::toString);
    assertTrue(out.toString().startsWith("Too low for "), out::toString);
    assertTrue(out.toString().contains("\nTo lift it (settings need root):\n"), out::toString);
  }

  @Test
  void helpNamesTheCommands() {
    assertEquals(0, execute("--help"));

    assertTrue(out.toString().contains("million"), out::toString);
    assertTrue(out.toString().contains("doctor"), out::toString);
  }

  @Test
  void helpOfTheCommandTellsItsDefaults() {
    assertEquals(0, execute("million", "--help"));

    assertTrue(out.toString().contains("-n, --connections=N"), out::toString);
    assertTrue(out.toString().contains("Default: 3s"), out::toString);
  }

  @Test
  void versionIsOneLine() {
    assertEquals(0, execute("--version"));

    String line = out.toString().strip();
    assertTrue(line.matches("Plainweave load tests \\d+\\.\\d+\\.\\d+(-SNAPSHOT)?"), line);
  }

  private int execute(String... arguments) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }
}
