package io.plainweave.loadtests.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.Main;
import io.plainweave.loadtests.cli.BesideTheSamples;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** The command as it is called; runs have real processes. */
@Timeout(60)
@ExtendWith(BesideTheSamples.class)
final class CompareTest {
  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @AfterEach
  void noProcessIsLeft() {
    List<ProcessHandle> left =
        ProcessHandle.current()
            .children()
            .filter(it -> it.info().commandLine().orElse("").contains("compare-"))
            .toList();
    assertEquals(List.of(), left);
  }

  @Test
  @Tag("slow")
  void twoServersAreComparedAndAThirdThatDiesIsTold() throws Exception {
    Path json = folder.resolve("figures.json");
    Path page = folder.resolve("page.html");

    int exitCode =
        execute(
            "--servers=plainweave,plainweave-bare",
            "--external=dead=sh -c \"echo 'no <luck>' >&2; exit 3\" {port}",
            "--work=echo-5,churn,idle-50",
            "--rounds=2",
            "--seconds=0.1",
            "--unpinned",
            "--json=" + json,
            "--report=" + page);

    assertEquals(1, exitCode, this::both);
    List<String> table = out.toString().lines().toList();
    assertTrue(table.contains("echo-5: 5 connections, 64 B"), this::both);
    assertEquals(3, table.stream().filter(it -> it.startsWith("  plainweave-bare ")).count());
    assertEquals(3, table.stream().filter(it -> it.startsWith("  dead ")).count());
    assertTrue(out.toString().contains("FAILED: dead ended with exit code 3"), this::both);
    assertTrue(err.toString().startsWith("3 servers, 3 works, 2 rounds of 0.1 s: about "));
    assertEquals(
        1 + 3 * (2 * 2 + 1), err.toString().lines().filter(it -> it.contains("round")).count());

    String figures = Files.readString(json);
    assertEquals(3 * (2 * 2 + 1), figures.split("\"round\" :", -1).length - 1);
    String html = Files.readString(page);
    assertTrue(html.endsWith("</html>\n"));
    assertTrue(html.contains("no &lt;luck&gt;"), html);
    assertFalse(html.contains("http"), "the page would need a network");
  }

  @Test
  @Tag("slow")
  void aServerIsMeasuredOverTls() {
    // Idle connections exchange a message each, however long that takes.
    int exitCode =
        execute("--tls", "--servers=plainweave", "--work=idle-2", "--seconds=0.1", "--unpinned");

    assertEquals(0, exitCode, this::both);
    assertTrue(out.toString().contains("\nOver TLS 1.3 "), this::both);
  }

  @Test
  void aServerThatSpeaksNoTlsIsRefusedInARunOverTls() {
    assertEquals(2, execute("--tls", "--servers=vertx"), this::both);
    String message = "there is no server 'vertx' that speaks TLS: plainweave, ";
    assertTrue(err.toString().contains(message), err::toString);
  }

  @Test
  @Tag("slow")
  void theHttpSampleIsMeasuredAsItIsStarted() {
    int exitCode =
        execute(
            "--http",
            "--servers=plainweave,plainweave-loops",
            "--work=get-2,pipelined-3x2,open-10x2",
            "--rounds=1",
            "--seconds=0.2",
            "--unpinned");

    assertEquals(0, exitCode, this::both);
    assertTrue(out.toString().contains("get-2: 2 connections, 13 B\n"), this::both);
    assertTrue(out.toString().contains("\nGET /hello over HTTP/1.1, "), this::both);
  }

  @Test
  void httpServersAndWorkAreToldFromTheOthers() {
    assertEquals(2, execute("--http", "--servers=jdk-virtual"), this::both);
    assertEquals(2, execute("--http", "--servers=plainweave", "--work=echo-5"), this::both);
    assertEquals(2, execute("--http", "--tls"), this::both);
    String said = err.toString();
    assertTrue(said.contains("no server 'jdk-virtual' that speaks HTTP: plainweave, "), said);
    assertTrue(said.contains("'echo-5' is no work of a server that speaks HTTP: "), said);
    assertTrue(said.contains("--tls and --http cannot be compared in one run"), said);
  }

  static Stream<Arguments> badInput() {
    return Stream.of(
        Arguments.of("--servers=nginx", "there is no server 'nginx': plainweave, "),
        Arguments.of("--servers=netty-openssl", "there is no server 'netty-openssl': plainweave,"),
        Arguments.of("--servers=plainweave,plainweave", "a server is named twice: plainweave,"),
        Arguments.of("--work=swim", "'swim' is no work: echo-CONNECTIONS, "),
        Arguments.of("--work=echo-0", "'echo-0' is out of range: 1 to 19,000"),
        Arguments.of("--work=churn,churn", "a work is named twice: churn,churn"),
        Arguments.of("--rounds=0", "--rounds must be at least 1: 0"),
        Arguments.of("--rounds=x", "'x'"),
        Arguments.of("--seconds=0", "--seconds must be from 0.05 to 600: 0.0"),
        Arguments.of("--seconds=NaN", "--seconds must be from 0.05 to 600: NaN"),
        Arguments.of("--client-threads=0", "--client-threads must be at least 1: 0"),
        Arguments.of("--base=vertx", "--base vertx is none of the servers: plainweave"),
        Arguments.of("--server-flags=vertx=-Xint", "--server-flags vertx is none of the servers"),
        Arguments.of("--external=c=./echo", "--external c has no {port} in its command: ./echo"),
        Arguments.of("--external=vertx=x {port}", "--external vertx has the name of a server"),
        Arguments.of("--work=get-5", "'get-5' is no work of a server: echo-CONNECTIONS, "),
        Arguments.of("--fast", "Unknown option: '--fast'"));
  }

  @ParameterizedTest
  @MethodSource("badInput")
  void badInputGetsOneSentenceWithTheValueThenTheUsage(String argument, String message) {
    int exitCode =
        argument.startsWith("--servers")
            ? execute(argument)
            : execute("--servers=plainweave", argument);

    List<String> lines = err.toString().lines().toList();
    assertEquals(2, exitCode, this::both);
    assertTrue(lines.getFirst().contains(message), err::toString);
    assertEquals("", lines.get(1));
    assertTrue(lines.get(2).startsWith("Usage: loadtests/run compare"), err::toString);
    assertEquals("", out.toString());
  }

  private int execute(String... arguments) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    String[] all = Stream.concat(Stream.of("compare"), Stream.of(arguments)).toArray(String[]::new);
    return commandLine.execute(all);
  }

  private String both() {
    return out + "\n" + err;
  }
}
