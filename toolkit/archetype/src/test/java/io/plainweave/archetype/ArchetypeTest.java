package io.plainweave.archetype;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A project of the archetype")
@Timeout(600)
class ArchetypeTest {
  private static final Pattern COUNTS = Pattern.compile("tests=\"(\\d+)\" errors=\"0\"");
  private static final Pattern LEFT = Pattern.compile("\\$\\{(?!project\\.)|#set|@[\\w.]+@");

  @TempDir private Path elsewhere;

  @Test
  void hasNothingLeftOfTheTemplate() throws Exception {
    Project project = Project.built();
    Map<String, String> left = new TreeMap<>();
    for (Path file : project.files()) {
      String text = Files.readString(file);
      if (LEFT.matcher(text).find() || file.toString().contains("__")) {
        left.put(file.toString(), text);
      }
    }
    assertEquals(Map.of(), left);
  }

  @Test
  void isBuiltAndTestedByMavenWithoutAWord() throws Exception {
    Project project = Project.built();
    assertTrue(Files.exists(project.jar()));
    // What the JVM has against Maven is neither's to mend.
    String said = project.said().replaceAll("\\x1b\\[0?m|(?m)^WARNING: .*", "").strip();
    assertEquals("", said);
    assertEquals(7, testsOf(project));
  }

  /** How many there were; each has passed, or Maven had failed. */
  private static int testsOf(Project project) throws IOException {
    int tests = 0;
    try (Stream<Path> reports = Files.list(project.folder().resolve("target/surefire-reports"))) {
      for (Path report : reports.filter(file -> file.toString().endsWith(".xml")).toList()) {
        var counts = COUNTS.matcher(Files.readString(report).replace('\n', ' '));
        assertTrue(counts.find(), () -> "no counts in " + report);
        tests += Integer.parseInt(counts.group(1));
      }
    }
    return tests;
  }

  @Test
  void servesFromAnyFolderAndDrainsAtATerminationSignal() throws Exception {
    Project project = Project.built();
    try (var server =
        ServerProcess.start(elsewhere, Map.of("ADMIN", "127.0.0.1:0"), java(project))) {
      assertEquals(List.of("127.0.0.1", "127.0.0.1"), server.hosts());
      server.talkAndDrain();
    }
  }

  @Test
  void saysWhatIsWrongWithItsCommandLine() throws Exception {
    List<String> command = new ArrayList<>(java(Project.built()));
    command.set(3, "nowhere");
    Process process =
        new ProcessBuilder(command).directory(elsewhere.toFile()).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes());
    assertEquals(2, process.waitFor(), said);
    assertTrue(said.contains("usage: "), said);
    assertFalse(said.contains("Exception"), said);
  }

  private static List<String> java(Project project) {
    return List.of(
        Project.JDK.resolve("bin/java").toString(),
        "-jar",
        project.jar().toString(),
        "127.0.0.1:0");
  }

  /** Of groups and artifacts, too, whose names are no packages, images or names in Kubernetes. */
  @Test
  @Tag("slow")
  void hasNamesThatAreLegalWhereTheyStand() throws Exception {
    Project project = Project.built().generate("my-company.net", "My_Server.2");
    assertTrue(Files.exists(project.folder().resolve("deploy/My_Server.2.service")));
    assertTrue(
        project
            .text("src/main/java/my_company/net/Adder.java")
            .startsWith("package my_company.net;"));
    assertTrue(project.text("Containerfile").contains("podman build -t my-server-2 ."));
    assertTrue(project.text("Containerfile").contains("/app/My_Server.2.jar"));
    assertTrue(project.text("deploy/kubernetes.yaml").contains("\n  name: my-server-2\n"));
  }

  @Test
  @Tag("slow")
  void isBuiltFromNothingButTheNetwork() throws Exception {
    Project project =
        Project.generate(Project.TARGET.resolve("empty"), Project.Source.NETWORK).verify();
    Path library = project.repository().resolve("org/slf4j/slf4j-api/2.0.20/_remote.repositories");
    assertTrue(Files.readString(library).contains("slf4j-api-2.0.20.jar>central="));
    assertEquals(7, testsOf(project));
    try (var server =
        ServerProcess.start(elsewhere, Map.of("ADMIN", "127.0.0.1:0"), java(project))) {
      server.talkAndDrain();
    }
  }
}
