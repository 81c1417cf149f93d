package io.plainweave.faults;

import static io.plainweave.faults.Behaviour.FINISH_FIRST;
import static io.plainweave.faults.Behaviour.LINES;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.fixture.NeedsModule;
import io.plainweave.fixture.UnixClient;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Table U: the socket at a path")
@Timeout(90)
class UnixFaultsTest {
  private static final String NOBODY = "65534";

  /** Becomes the rest of the command, as root, but bound to the permissions of files. */
  private static final String[] BOUND = {
    "setpriv", "--bounding-set=-dac_override,-dac_read_search"
  };

  @TempDir Path folder;

  private Path path;

  @BeforeAll
  static void needsProcesses() {
    Machine.needs();
  }

  @BeforeEach
  void choosePath() throws IOException {
    // Others may come as far as the socket.
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    path = folder.resolve("app.sock");
  }

  private FaultServer.Launch launch() {
    return FaultServer.launch().with("unix=" + path);
  }

  private String sh(String script) throws Exception {
    return Machine.run("sh", "-c", script.replace("SOCKET", path.toString()));
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private void serveAFreshClient() throws IOException {
    try (UnixClient client = UnixClient.connect(path)) {
      client.send("e").exchange("hello");
    }
  }

  @Test
  void u1ThatWasKilledLeavesAFileWhoseSuccessorTakesItsPlace() throws Exception {
    try (FaultServer killed = launch().start()) {
      serveAFreshClient();
      killed.signal("KILL");
      assertEquals(137, killed.exitCode());
    }
    assertThrows(ConnectException.class, () -> UnixClient.connect(path).close());
    try (FaultServer next = launch().start()) {
      serveAFreshClient();
      Invariant.before(next).holdsAfter(Map.of());
      next.signal("TERM");
      assertEquals(143, next.exitCode());
    }
    assertEquals(List.of(), names());
  }

  @Test
  @Tag("slow")
  void u1IsTakenByOneOfSeveralProcessesThatStartAtOnce() throws Exception {
    try (FaultServer killed = launch().start()) {
      killed.signal("KILL");
      assertEquals(137, killed.exitCode());
    }
    List<FutureTask<FaultServer>> starts = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      var start = new FutureTask<>(() -> launch().start());
      starts.add(start);
      Thread.startVirtualThread(start);
    }
    List<FaultServer> running = new ArrayList<>();
    try {
      for (FutureTask<FaultServer> start : starts) {
        try {
          running.add(start.get());
        } catch (ExecutionException refused) {
          assertTrue(refused.getMessage().contains("another server"), () -> refused.getMessage());
        }
      }
      assertEquals(1, running.size());
      serveAFreshClient();
      assertEquals(List.of("app.sock"), names());
    } finally {
      for (FaultServer server : running) {
        server.close();
      }
    }
  }

  @Test
  @Tag("machine")
  void u2HasItsPermissionsBeforeAnybodyCanConnectWhateverTheUmask() throws Exception {
    Machine.needsRoot("setpriv", "socat");
    Process intruder =
        new ProcessBuilder(
                "setpriv",
                "--reuid=" + NOBODY,
                "--clear-groups",
                "sh",
                "-c",
                "until socat -u OPEN:/dev/null UNIX-CONNECT:" + path + "; do :; done")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (FaultServer _ = launch().under("sh", "-c", "umask 0; exec \"$@\"", "sh").start()) {
      serveAFreshClient();
      assertEquals("600", sh("stat -c %a SOCKET").strip());
      assertFalse(intruder.waitFor(1, TimeUnit.SECONDS), "it came in");
      // It is the permission that keeps it out.
      sh("chmod 666 SOCKET");
      assertTrue(intruder.waitFor(20, TimeUnit.SECONDS), "it would come in");
    } finally {
      intruder.destroyForcibly().waitFor();
    }
  }

  @Test
  @Tag("machine")
  void u2MakesTheSocketWhereNobodyElseCanComeAndMovesItWhenItIsComplete() throws Exception {
    Machine.needs("strace");
    Path trace = folder.resolve("trace");
    try (FaultServer _ =
        launch()
            .under("sh", "-c", "umask 0; exec \"$@\"", "sh")
            .under("strace", "-f", "-o", trace.toString())
            .under("-e", "trace=mkdir,mkdirat,bind,listen,chmod,fchmodat,link,linkat,rename")
            .start()) {
      serveAFreshClient();
    }
    String steps =
        Files.readAllLines(trace).stream()
            .filter(line -> line.contains("/app.sock") || line.contains("0700) = 0"))
            .filter(line -> line.contains(folder.toString()) && line.endsWith("= 0"))
            .map(line ->
                line.replaceAll("^\\d+ +", "")
                    .replace(folder.toString(), "")
                    .replaceAll("/\\.\\w+", "/NEW"))
            .reduce("", (before, line) -> before + line + "\n");
    assertEquals(
        """
        mkdir("/NEW", 0700) = 0
        bind(N, {sa_family=AF_UNIX, sun_path="/NEW/app.sock"}, N) = 0
        chmod("/NEW/app.sock", 0600) = 0
        link("/NEW/app.sock", "/app.sock") = 0
        """,
        steps.replaceAll("bind\\(\\d+", "bind(N").replaceAll("}, \\d+\\)", "}, N)"));
  }

  @Test
  @Tag("machine")
  void u2BelongsToTheGroupOfAFolderThatHandsItOn() throws Exception {
    Machine.needsRoot("setpriv", "socat");
    sh("chgrp " + NOBODY + " " + folder + " && chmod g+s " + folder);
    String member = "setpriv --reuid=" + NOBODY + " --regid=" + NOBODY + " --clear-groups";
    try (FaultServer _ = launch().with("mode=rw-rw----").start()) {
      assertEquals("660 " + NOBODY, sh("stat -c '%a %g' SOCKET").strip());
      String talk = "printf ehello | " + member + " socat -t10 - UNIX-CONNECT:SOCKET";
      assertEquals("hello", sh(talk));
    }
  }

  @NeedsModule("jdk.management")
  @Test
  @Tag("machine")
  void u3SaysThatItMayNotMakeAFileThere() throws Exception {
    Machine.needsProc();
    Machine.needsRoot("setpriv");
    Machine.run("chown", NOBODY, folder.toString());
    var failure = assertThrows(AssertionError.class, () -> launch().under(BOUND).start().close());
    String expected =
        "cannot listen on unix:%s: no permission to make files in %s".formatted(path, folder);
    assertTrue(failure.getMessage().contains(expected), failure.getMessage());
    assertEquals(List.of(), names());
  }

  @Test
  @Tag("machine")
  void u3SaysToAClientAtOnceThatItMayNotConnect() throws Exception {
    Machine.needsRoot("setpriv");
    try (FaultServer _ = launch().with("mode=r--r--r--").start()) {
      List<String> command = new ArrayList<>(List.of(BOUND));
      command.addAll(JavaProgram.command(ConnectMain.class, List.of()));
      command.addAll(List.of("unix:" + path, "0"));
      String told = Machine.run(command.toArray(String[]::new));
      assertTrue(told.contains("unix:" + path + ": no permission to connect"), told);
    }
  }

  @Test
  void u4EndsInOrderWhenItsFileIsGone() throws Exception {
    try (FaultServer server = launch().start()) {
      Files.delete(path);
      try (FaultServer other = launch().start()) {
        server.signal("TERM");
        assertEquals(143, server.exitCode());
        assertFalse(server.stderr().contains("WARN"), server::stderr);
        serveAFreshClient();
        Invariant.before(other).holdsAfter(Map.of());
      }
    }
  }

  @Test
  @Tag("machine")
  void u5KnowsTheUserBeforeTheFirstByte() throws Exception {
    Machine.needsRoot("setpriv", "socat");
    try (FaultServer server = launch().with("mode=rw-rw-rw-", "user=root").start()) {
      Invariant invariant = Invariant.before(server);
      String talk = "printf ehello | %s socat -t10 - UNIX-CONNECT:SOCKET";
      assertEquals("hello", sh(talk.formatted("")));
      String nobody = "setpriv --reuid=" + NOBODY + " --clear-groups";
      String answer = sh("(" + talk.formatted(nobody) + ") 2>/dev/null || true");
      assertEquals("", answer);
      invariant.holdsAfter(Map.of("Finished", 1L, "Aborted", 1L));
    }
  }

  @Test
  @Tag("machine")
  void a1WithoutADescriptorLeftWaitsAndGoesOnWhenThereIsOne() throws Exception {
    Machine.needs("prlimit");
    try (FaultServer server =
        // The server believes that there are as many for connections as it has in all.
        launch().under("prlimit", "--nofile=300").jvm("-XX:-MaxFDLimit").with("take=180").start()) {
      Invariant invariant = Invariant.before(server);
      List<UnixClient> clients = new ArrayList<>();
      for (int i = 0; i < 150; i++) {
        clients.add(UnixClient.connect(path).send("e"));
      }
      server.awaitCount("acceptFailed", 3);
      invariant.noProcessorIsKeptBusy();
      clients.getFirst().exchange("is not harmed");
      for (UnixClient served : clients.subList(0, 75)) {
        served.close();
      }
      for (UnixClient waiting : clients.subList(75, 150)) {
        waiting.exchange("is served");
        waiting.close();
      }
      assertEquals(0, server.count("listenerFailed"));
      invariant.holdsAfter("Finished", 150);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"socat -t10 - UNIX-CONNECT:SOCKET", "nc -U -N SOCKET", "nc -U -q 1 SOCKET"})
  void servesThePrograms(String program) throws Exception {
    Machine.needs(program.split(" ")[0]);
    try (FaultServer server = launch().start()) {
      Invariant invariant = Invariant.before(server);
      assertEquals("hello\n", sh("printf 'ehello\\n' | " + program));
      String finishesFirst = String.valueOf(FINISH_FIRST.code());
      assertEquals("z", sh("printf " + finishesFirst + " | " + program));
      invariant.holdsAfter("Finished", 2);
    }
  }

  @Test
  void carriesTenMegabytesForSocatByteForByte() throws Exception {
    Machine.needs("socat");
    byte[] bytes = new byte[10_000_000];
    new Random(7).nextBytes(bytes);
    Files.write(folder.resolve("in"), bytes);
    try (FaultServer server = launch().start()) {
      Invariant invariant = Invariant.before(server);
      String in = folder.resolve("in").toString();
      String out = folder.resolve("out").toString();
      sh("(printf e; cat " + in + ") | socat -t20 - UNIX-CONNECT:SOCKET >" + out);
      assertArrayEquals(bytes, Files.readAllBytes(folder.resolve("out")));
      invariant.holdsAfter("Finished", 1);
    }
  }

  @Test
  void servesCurl() throws Exception {
    Machine.needs("curl");
    try (FaultServer server = launch().start()) {
      Invariant invariant = Invariant.before(server);
      String sizes =
          sh(
              "curl -s --unix-socket SOCKET -o /dev/null -o /dev/null -w '%{size_download} '"
                  + " http://any/one http://any/two");
      assertEquals("10000000 10000000 ", sizes);
      invariant.holdsAfter("Finished", 1);
    }
  }

  @Test
  void s2ThatIsToldToEndFinishesWhatWasBegunAndLetsNobodyIn() throws Exception {
    try (FaultServer server = launch().with("drainTimeout=20000").start();
        UnixClient idle = UnixClient.connect(path).send("e");
        UnixClient busy = UnixClient.connect(path).send(LINES.code() + "one\ntw")) {
      idle.exchange("hello");
      assertEquals("one\n", busy.receive(4));
      server.signal("TERM");
      await().atMost(Duration.ofSeconds(10)).until(() -> Files.notExists(path));
      assertEquals("", idle.receiveAll());
      idle.close();
      busy.send("o\n");
      assertEquals("two\n", busy.receiveAll());
      busy.close();
      assertEquals(143, server.exitCode());
    }
  }
}
