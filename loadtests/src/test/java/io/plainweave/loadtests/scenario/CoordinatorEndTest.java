package io.plainweave.loadtests.scenario;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** However a coordinator ends in the middle of a run, its children end too. */
@Timeout(120)
final class CoordinatorEndTest {
  @TempDir private Path folder;
  private Process coordinator;
  private List<ProcessHandle> children;

  @BeforeEach
  void startAndAwaitHold() throws IOException {
    coordinator =
        new ProcessBuilder(
                // A shell starts what it puts into the background with SIGINT ignored.
                "env",
                "--default-signal=INT",
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "million",
                "-n",
                "100",
                "--hold",
                "60s",
                "--out",
                folder.toString())
            .start();
    BufferedReader err = coordinator.errorReader();
    for (String line; (line = err.readLine()) != null && !line.startsWith("hold"); ) {}
    children = coordinator.children().toList();
    assertEquals(2, children.size(), "a server and a client");
  }

  @AfterEach
  void killWhatIsLeft() {
    children.forEach(ProcessHandle::destroyForcibly);
    coordinator.destroyForcibly();
  }

  @Test
  @Tag("slow")
  void byCtrlC() throws Exception {
    // As the terminal does it: the signal goes to every process of the group, at once. The first
    // one
    // ends the others.
    List<ProcessHandle> all = new ArrayList<>(List.of(coordinator.toHandle()));
    all.addAll(children);
    signal("-INT", all);

    assertTrue(coordinator.waitFor(30, SECONDS), "it ends");
    assertEquals(130, coordinator.exitValue());
    awaitNoChild();
  }

  @Test
  @Tag("slow")
  void bySigterm() throws Exception {
    signal("-TERM", List.of(coordinator.toHandle()));

    assertTrue(coordinator.waitFor(30, SECONDS), "it ends");
    assertEquals(143, coordinator.exitValue());
    awaitNoChild();
  }

  @Test
  void bySigkill() throws Exception {
    signal("-KILL", List.of(coordinator.toHandle()));

    assertTrue(coordinator.waitFor(30, SECONDS), "it ends");
    awaitNoChild();
  }

  private void awaitNoChild() {
    await().atMost(30, SECONDS).until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
  }

  private static void signal(String signal, List<ProcessHandle> processes) throws Exception {
    List<String> command = new ArrayList<>(List.of("kill", signal));
    processes.forEach(process -> command.add(Long.toString(process.pid())));
    Process kill = new ProcessBuilder(command).start();
    assertEquals(0, kill.waitFor(), "kill finds the processes");
  }
}
