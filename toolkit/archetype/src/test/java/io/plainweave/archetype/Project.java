package io.plainweave.archetype;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A project that was made of the archetype, as users do it: by Maven, from a local repository that
 * was empty. What this build has made is staged in a folder, and nothing of it is in the repository
 * of whoever runs the tests.
 *
 * @param folder where it is
 * @param said what Maven has said when it last did something with it
 */
record Project(Path folder, String said) {
  static final String NAME = "my-server";
  static final String GROUP = "com.example";
  static final Path JDK = Path.of(System.getProperty("java.home"));
  static final Path TARGET = Path.of("target").toAbsolutePath();

  /** For a JVM that runs for seconds: it compiles a little. */
  static final String QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

  private static final String VERSION = System.getProperty("plainweave.version");
  private static final String PLUGIN = System.getProperty("archetype.version");
  private static final List<String> MODULES = List.of("", "-admin", "-logging", "-testing");

  /** Where the plugins, and what is not ours, come from. */
  enum Source {
    /** The repository of whoever runs the tests, before the network. */
    SHARED,
    NETWORK
  }

  /** Of all tests in this process; null until one asks. */
  private static Project built;

  /** The project, generated and verified once for all tests. */
  static synchronized Project built() throws IOException, InterruptedException {
    if (built == null) {
      built = generate(TARGET.resolve("project"), Source.SHARED).verify("-q");
    }
    return built;
  }

  /** Makes one in a new folder. */
  static Project generate(Path place, Source source) throws IOException, InterruptedException {
    delete(place);
    Files.createDirectories(place);
    stage(place.resolve("staged"));
    Files.writeString(place.resolve("settings.xml"), settings(place.resolve("staged"), source));
    Project project = new Project(place.resolve(NAME), "");
    return project.generate(GROUP, NAME);
  }

  /** Makes another one beside it. */
  Project generate(String group, String name) throws IOException, InterruptedException {
    String said =
        run(
            place(),
            "org.apache.maven.plugins:maven-archetype-plugin:" + PLUGIN + ":generate",
            "-DarchetypeGroupId=io.plainweave",
            "-DarchetypeArtifactId=plainweave-archetype",
            "-DarchetypeVersion=" + VERSION,
            "-DarchetypeCatalog=internal",
            "-DgroupId=" + group,
            "-DartifactId=" + name,
            "-DinteractiveMode=false");
    return new Project(place().resolve(name), said);
  }

  /** The folder beside it that has what Maven has fetched. */
  Path repository() {
    return place().resolve("repository");
  }

  private Path place() {
    return folder.getParent();
  }

  /** The jar that it was packed into. */
  Path jar() {
    return folder.resolve("target/" + NAME + ".jar");
  }

  String text(String file) throws IOException {
    return Files.readString(folder.resolve(file));
  }

  /** All its files, but those that were built. */
  List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> !file.startsWith(folder.resolve("target")))
          .toList();
    }
  }

  /** Builds and tests it. */
  Project verify(String... options) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.add("verify");
    return new Project(folder, run(folder, arguments.toArray(String[]::new)));
  }

  private String run(Path where, String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("maven.home"), "bin/mvn").toString(),
                "-B",
                "-ntp",
                "-s",
                place().resolve("settings.xml").toString(),
                "-Dmaven.repo.local=" + repository()));
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command).directory(where.toFile()).redirectErrorStream(true);
    builder.environment().put("MAVEN_OPTS", QUICK);
    builder.environment().put("JAVA_HOME", System.getProperty("maven.java.home"));
    builder.environment().remove("MAVEN_ARGS");
    return output(builder, 400);
  }

  /** Runs a command to its end, which has to be a good one. */
  static String output(ProcessBuilder builder, int seconds)
      throws IOException, InterruptedException {
    Path log = Files.createTempFile("archetype", ".log");
    Process process =
        builder.redirectOutput(log.toFile()).redirectInput(new File("/dev/null")).start();
    try {
      assertTrue(process.waitFor(seconds, TimeUnit.SECONDS), () -> "hangs: " + builder.command());
      String said = Files.readString(log);
      assertEquals(0, process.exitValue(), () -> builder.command() + "\n" + said);
      return said;
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      Files.delete(log);
    }
  }

  /** Lays out a repository of what this build has made. */
  private static void stage(Path repository) throws IOException {
    stage(repository, "plainweave-parent", Path.of("../../pom.xml"));
    stage(repository, "plainweave-bom", Path.of("../bom/pom.xml"));
    stage(repository, "plainweave-archetype", Path.of("pom.xml"));
    for (String module : MODULES) {
      String folder = module.isEmpty() ? "core" : module.substring(1);
      stage(repository, "plainweave" + module, Path.of("..", folder, "pom.xml"));
    }
  }

  private static void stage(Path repository, String artifact, Path pom) throws IOException {
    Path place = repository.resolve("io/plainweave/" + artifact + "/" + VERSION);
    String name = artifact + "-" + VERSION;
    Files.createDirectories(place);
    Files.copy(pom, place.resolve(name + ".pom"));
    if (!artifact.matches(".*-(parent|bom)")) {
      Path jar = pom.resolveSibling("target/" + name + ".jar").normalize();
      assertTrue(Files.exists(jar), () -> jar + " is not built: mvn verify");
      Files.copy(jar, place.resolve(name + ".jar"));
    }
  }

  private static String settings(Path staged, Source source) {
    String repositories = repository("staged", "repository", staged.toUri().toString(), true);
    String plugins = "";
    if (source == Source.SHARED) {
      // What Maven keeps has the layout of what it is fetched from.
      String shared = Path.of(System.getProperty("localRepository")).toUri().toString();
      repositories += repository("shared", "repository", shared, false);
      plugins = repository("shared", "pluginRepository", shared, false);
    }
    return """
    <settings>
      <profiles>
        <profile>
          <id>staged</id>
          <repositories>%s</repositories>
          <pluginRepositories>%s</pluginRepositories>
        </profile>
      </profiles>
      <activeProfiles><activeProfile>staged</activeProfile></activeProfiles>
    </settings>
    """
        .formatted(repositories, plugins);
  }

  private static String repository(String id, String kind, String url, boolean snapshots) {
    return """
    <%2$s>
      <id>%1$s</id>
      <url>%3$s</url>
      <releases><checksumPolicy>ignore</checksumPolicy></releases>
      <snapshots><enabled>%4$s</enabled><checksumPolicy>ignore</checksumPolicy></snapshots>
    </%2$s>
    """
        .formatted(id, kind, url, snapshots);
  }

  private static void delete(Path place) throws IOException {
    if (Files.exists(place)) {
      try (Stream<Path> files = Files.walk(place)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
