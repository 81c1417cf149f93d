package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The AOT cache of the samples")
@EnabledOnOs(OS.LINUX)
@Timeout(240)
class AotCacheTest {
  /** A training run, and the assembly of the cache, on a machine that has other things to do. */
  private static final Duration TO_TRAIN = Duration.ofSeconds(150);

  private static final String READ_ONLY =
      """
      mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" || exit 125
      exec "$@"
      """;

  @TempDir static Path folder;

  private static Checkout checkout;
  private static Path aot;

  /** Two first starts at once: each of them serves, and one of them has the cache made. */
  @BeforeAll
  static void isMadeAfterTwoFirstStartsAtOnce() throws Exception {
    checkout = Checkout.in(folder);
    aot = checkout.root().resolve("samples/target/aot");
    ChildProcess one = launch("Echo", "127.0.0.1:0");
    ChildProcess other = launch("Echo", "127.0.0.1:0");
    assertServes(one, false);
    assertServes(other, false);
    awaitCache();
    assertEquals(List.of(), files("{training,compiling,packing,*failed}*"));
  }

  @AfterAll
  static void noTrainingIsLeft() {
    await().atMost(TO_TRAIN).until(() -> checkout.processes().isEmpty());
  }

  @Test
  void isUsedAndNobodySeesIt() throws Exception {
    assertServes(launch("Echo", "127.0.0.1:0"), true);
  }

  @Test
  @Tag("slow")
  void isLeftAloneWhereThatIsAskedFor() throws Exception {
    ProcessBuilder builder = command("Echo", "127.0.0.1:0");
    builder.environment().put("PLAINWEAVE_AOT", "off");
    assertServes(ChildProcess.start(folder, builder), false);
  }

  @Test
  @Tag("slow")
  void isMadeAgainWhenAClassHasChanged() throws Exception {
    Path cache = awaitCache();
    Files.setLastModifiedTime(
        checkout.root().resolve("toolkit/core/target/classes/io/plainweave/Listen.class"),
        FileTime.from(Instant.now()));
    assertServes(launch("Echo", "127.0.0.1:0"), false);
    await().atMost(TO_TRAIN).until(() -> Files.notExists(cache));
    assertNotEquals(cache, awaitCache());
    assertServes(launch("Echo", "127.0.0.1:0"), true);
  }

  @Test
  @Tag("slow")
  void costsALineWhereItIsBrokenAndIsMadeAgain() throws Exception {
    Path cache = awaitCache();
    Files.writeString(cache.resolve("samples.aot"), "rubbish");
    ChildProcess echo = launch("Echo", "127.0.0.1:0");
    try (SampleProcess server = SampleProcess.listening(echo);
        Client client = Client.connect(server.port())) {
      client.exchange("hello");
      assertEquals(1, echo.stderr().lines().count(), echo.stderr());
      assertTrue(echo.stderr().contains(cache.toString()), echo.stderr());
    }
    awaitCache();
    assertServes(launch("Echo", "127.0.0.1:0"), true);
  }

  @Test
  @Tag("slow")
  void isOfNoConcernWhereNothingCanBeWritten() throws Exception {
    Checkout readOnly = Checkout.in(folder);
    try (ChildProcess probe = ChildProcess.start(folder, unshare(readOnly, "true"))) {
      assumeTrue(probe.exitCode() == 0, "this user may not mount");
    }
    ProcessBuilder builder = unshare(readOnly, readOnly.path("samples/run"), "Echo", "127.0.0.1:0");
    assertServes(ChildProcess.start(folder, builder), false);
    assertFalse(Files.exists(readOnly.root().resolve("samples/target/aot")));
  }

  @Test
  void neverHidesThatASampleHasChanged() throws Exception {
    Path source = checkout.root().resolve("samples/UnixEcho.java");
    String original = Files.readString(source);
    assertHelp("/tmp/echo.sock");
    Files.writeString(source, original.replace("/tmp/echo.sock", "/tmp/other.sock"));
    assertHelp("/tmp/other.sock");
    Files.writeString(source, original);
    assertHelp("/tmp/echo.sock");
  }

  @Test
  void leavesTheErrorsOfTheCompilerAsTheyAre() throws Exception {
    Files.writeString(
        checkout.root().resolve("samples/Wrong.java"), "void main() {\n  int i = \"\";\n}\n");
    try (ChildProcess wrong = launch("Wrong")) {
      assertEquals(1, wrong.exitCode());
      assertTrue(wrong.stderr().contains("samples/Wrong.java:2: error: "), wrong.stderr());
      assertTrue(wrong.stderr().endsWith("error: compilation failed\n"), wrong.stderr());
      assertEquals("", wrong.stdout());
    }
  }

  private static void assertHelp(String place) throws Exception {
    try (ChildProcess help = launch("UnixEcho", "--help")) {
      assertEquals(0, help.exitCode(), help.stderr());
      assertTrue(help.stdout().contains(place), help.stdout());
    }
  }

  /** It serves, says nothing but where it listens, and ends as a signal has it. */
  private static void assertServes(ChildProcess echo, boolean withCache) throws Exception {
    try (SampleProcess server = SampleProcess.listening(echo);
        Client client = Client.connect(server.port())) {
      client.exchange("hello");
      assertEquals("", echo.stderr());
      assertEquals(withCache, commandLine(echo).contains("-XX:AOTCache="), commandLine(echo));
      client.close();
      echo.signal("TERM");
      assertEquals(143, echo.exitCode());
      assertEquals("listening on 127.0.0.1:" + server.port() + "\n", echo.stdout());
    }
  }

  private static String commandLine(ChildProcess process) throws IOException {
    return new String(Files.readAllBytes(Path.of("/proc/" + process.pid() + "/cmdline")), UTF_8);
  }

  private static Path awaitCache() throws IOException {
    await().atMost(TO_TRAIN).until(() -> !files("cache-*").isEmpty());
    Path cache = files("cache-*").getFirst();
    assertTrue(Files.isDirectory(cache), () -> "the training has failed: " + cache);
    return cache;
  }

  private static List<Path> files(String glob) throws IOException {
    List<Path> files = new ArrayList<>();
    try (var found = Files.newDirectoryStream(aot, glob)) {
      found.forEach(files::add);
    }
    return files;
  }

  private static ChildProcess launch(String... arguments) throws IOException {
    return ChildProcess.start(folder, command(arguments));
  }

  private static ProcessBuilder command(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(checkout.path("samples/run"));
    command.addAll(List.of(arguments));
    return withJdk(new ProcessBuilder(command));
  }

  /** The command in a namespace where the checkout is read-only, for root as well. */
  private static ProcessBuilder unshare(Checkout readOnly, String... command) {
    var builder =
        new ProcessBuilder("unshare", "--map-root-user", "--mount", "sh", "-c", READ_ONLY);
    builder.command().add(readOnly.root().toString());
    builder.command().addAll(List.of(command));
    return withJdk(builder);
  }

  private static ProcessBuilder withJdk(ProcessBuilder builder) {
    builder.environment().put("JAVA25_HOME", System.getProperty("java.home"));
    builder.environment().remove("PLAINWEAVE_AOT");
    return builder;
  }
}
