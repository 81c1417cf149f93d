package io.plainweave.archetype;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The README of a project")
@Timeout(600)
class ProjectReadmeTest {
  private static final Pattern SECTION = Pattern.compile("(?m)^(.+)\n(?:---+|===+)$");

  @TempDir private Path folder;

  @Test
  void isOnePage() throws Exception {
    List<String> lines = readme().lines().toList();
    assertTrue(lines.size() <= 100, () -> lines.size() + " lines");
    assertTrue(lines.stream().allMatch(line -> line.length() <= 160), "a line is too long");
  }

  @Test
  void knowsHowLongADrainTakes() throws Exception {
    long drain = SystemdTest.drain().toSeconds();
    assertTrue(readme().contains("After " + drain + " seconds (`AdderServer.DRAIN`)"));
    assertTrue(readme().contains("podman stop -t " + (drain + 10) + " "));
  }

  @Test
  void namesFilesAndCommandsThatThereAre() throws Exception {
    Map<String, List<String>> commands = commands();
    assertEquals(
        List.of(
            "A container",
            "Build",
            "Drain",
            "Kubernetes",
            "Run and talk",
            "Start faster",
            "systemd"),
        commands.keySet().stream().sorted().toList());
    assertEquals(List.of("mvn verify"), commands.get("Build"));
    assertTrue(commands.get("A container").contains("podman build -t " + Project.NAME + " ."));
    assertTrue(commands.get("Kubernetes").contains("kubectl apply -f deploy/kubernetes.yaml"));
    assertTrue(Files.exists(Project.built().folder().resolve("deploy/kubernetes.yaml")));
  }

  /** In namespaces, where the ports and the folders of the system are the test's own. */
  @Test
  @Tag("slow")
  void namesCommandsThatRun() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root can make a namespace");
    Map<String, List<String>> commands = commands();
    String talk = String.join("\n", commands.get("Run and talk").stream().skip(1).toList());
    String install =
        commands.get("systemd").stream()
            .filter(command -> !command.matches("(systemctl|journalctl) .*"))
            .collect(Collectors.joining("\n"));
    String script =
        """
        set -e
        ip link set lo up
        mount -t tmpfs tmpfs /opt
        mount -t tmpfs tmpfs /etc/systemd/system
        up() { until nc -z 127.0.0.1 7000; do sleep 0.1; done; }
        %s >"$TMP/log" 2>&1 &
        up
        %s
        %s
        wait $!
        %s >"$TMP/training" 2>&1
        %s >"$TMP/log2" 2>&1 &
        up
        kill $!
        wait $! || echo "ends with $?"
        %s >"$TMP/install" 2>&1
        ls /opt/my-server /etc/systemd/system
        """
            .formatted(
                commands.get("Run and talk").getFirst(),
                talk,
                commands.get("Drain").getFirst(),
                commands.get("Start faster").getFirst(),
                commands.get("Start faster").getLast(),
                "(" + install + ")");
    var builder =
        new ProcessBuilder("unshare", "--net", "--mount", "bash", "-c", script)
            .directory(Project.built().folder().toFile());
    builder.environment().put("TMP", folder.toString());
    builder.environment().merge("PATH", Project.JDK + "/bin", (path, bin) -> bin + ":" + path);
    String said = Project.output(builder, 300);
    for (String expected :
        List.of(
            "OK 2\nOK 2\n",
            "plainweave_connections_open",
            "ends with 143\n",
            "/opt/my-server:\nlib\nmy-server.jar\nserver.aot\n",
            "/etc/systemd/system:\nmy-server.service\n")) {
      assertTrue(said.contains(expected), () -> expected + " is not in " + said);
    }
  }

  private static String readme() throws IOException, InterruptedException {
    return Project.built().text("README.md");
  }

  /** The commands of each section. */
  private static Map<String, List<String>> commands() throws IOException, InterruptedException {
    String text = readme();
    var headings = SECTION.matcher(text).results().toList();
    Map<String, List<String>> commands = new TreeMap<>();
    for (int i = 0; i < headings.size(); i++) {
      int end = i + 1 < headings.size() ? headings.get(i + 1).start() : text.length();
      List<String> lines =
          text.substring(headings.get(i).end(), end)
              .lines()
              .filter(line -> line.startsWith("    "))
              .map(String::strip)
              .toList();
      if (!lines.isEmpty()) {
        commands.put(headings.get(i).group(1), lines);
      }
    }
    return commands;
  }
}
