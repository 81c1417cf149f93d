package io.plainweave.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** How the JVMs of an {@link Environment} are started. */
final class SystemCommands {
  private static final String PASSWORD = "changeit";

  /** Tags of tests that are left out: long ones, and those of the other scheduler. */
  private static final List<String> LEFT_OUT = List.of("slow", "event-loops");

  /** As the build has them: tests mostly wait, and a JVM that compiles little takes less. */
  private static final List<String> COLLECTOR_AND_COMPILER_OF_THE_BUILD =
      List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

  private final Places places;
  private final Images images;
  private final Path work;
  private final Path writable;

  /**
   * Starts JVMs.
   *
   * @param work a folder for what they need
   * @param writable the only folder that some of them may write to; short, for there are
   *     Unix-domain sockets in it
   */
  SystemCommands(Places places, Images images, Path work, Path writable) {
    this.places = places;
    this.images = images;
    this.work = work;
    this.writable = writable;
  }

  /** As many commands as there are to be JVMs, which share the classes. */
  List<List<String>> tests(Environment environment, List<String> classes, int jvms)
      throws IOException, InterruptedException {
    List<List<String>> commands = new ArrayList<>();
    String classPath = classPath(environment);
    for (int i = 0; i < Math.min(jvms, classes.size()); i++) {
      int mine = i;
      Path names = writable.resolve("classes-" + i);
      Files.write(
          names,
          java.util.stream.IntStream.range(0, classes.size())
              .filter(at -> at % jvms == mine)
              .mapToObj(classes::get)
              .toList());
      List<String> command = head(environment);
      command.addAll(List.of("-cp", classPath));
      // ResourceGuard dumps threads, which now and then crashes this JVM (JDK-8364343).
      command.add("-Dplainweave.guard.noThreads=true");
      if (environment.isSlow()) {
        command.add("-Djunit.jupiter.execution.timeout.mode=disabled");
      }
      command.addAll(List.of(SystemTests.class.getName(), names.toString()));
      command.addAll(LEFT_OUT);
      commands.add(command);
    }
    if (environment.isAsNobody()) {
      readable(writable);
    }
    return commands;
  }

  /** The command of the program that needs no tests. */
  List<String> echo(Environment environment) throws IOException, InterruptedException {
    Path identity = identity();
    List<String> command = head(environment);
    if (environment.java() == Environment.Runtime.IMAGE_OF_THE_TOOLKIT) {
      // As a module, whose requirements are checked when it is resolved.
      command.addAll(
          List.of(
              "-p",
              places.classes() + ":" + Places.library("slf4j-api"),
              "--add-modules",
              "io.plainweave",
              "-cp",
              ownClasses().toString()));
    } else {
      // Without a logger, and what that needs.
      command.addAll(
          List.of(
              "-cp", places.classes() + ":" + Places.library("slf4j-api") + ":" + ownClasses()));
    }
    command.add(EchoEverywhere.class.getName());
    command.addAll(
        List.of(
            identity.toString(),
            PASSWORD,
            work.resolve("localhost.pem").toString(),
            writable.toString()));
    return command;
  }

  private List<String> head(Environment environment) throws IOException, InterruptedException {
    Environment here = environment.writing(writable);
    Path java = images.java(environment.java());
    // In CI a test fails where something is missing, and that is what is looked at here.
    List<String> command = new ArrayList<>(List.of("env", "-u", "CI"));
    command.add("TMPDIR=" + writable);
    command.addAll(here.before());
    command.add(java.toString());
    if (environment.hasCollectorAndCompilerOfTheBuild()) {
      command.addAll(COLLECTOR_AND_COMPILER_OF_THE_BUILD);
    }
    command.addAll(here.options());
    command.add("-Djava.io.tmpdir=" + writable);
    return command;
  }

  /** The command as a reader can use it, without the paths of this run. */
  String told(Environment environment) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(environment.before());
    command.add("java");
    if (environment.hasCollectorAndCompilerOfTheBuild()) {
      command.addAll(COLLECTOR_AND_COMPILER_OF_THE_BUILD);
    }
    command.addAll(environment.options());
    command.add(environment.tests() == Environment.Tests.ECHO ? "EchoEverywhere" : "TESTS");
    return String.join(" ", command);
  }

  private String classPath(Environment environment) throws IOException, InterruptedException {
    if (!environment.isAsNobody()) {
      return Places.classPath();
    }
    List<String> copies = new ArrayList<>();
    for (String each : Places.classPath().split(":")) {
      Path copy = writable.resolve("cp-" + copies.size() + "-" + Path.of(each).getFileName());
      Process process = new ProcessBuilder("cp", "-R", each, copy.toString()).inheritIO().start();
      if (process.waitFor() != 0) {
        throw new IOException("it cannot be copied: " + each);
      }
      copies.add(copy.toString());
    }
    return String.join(":", copies);
  }

  /** Lets everybody read, and use the folder itself for temporary files. */
  private static void readable(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.setPosixFilePermissions(
            file,
            PosixFilePermissions.fromString(
                Files.isDirectory(file)
                    ? file.equals(folder) ? "rwxrwxrwx" : "rwxr-xr-x"
                    : "rw-r--r--"));
      }
    }
    // That of this run, which is nobody else's otherwise.
    Files.setPosixFilePermissions(folder.getParent(), PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static Path ownClasses() {
    return Path.of(SystemTests.class.getProtectionDomain().getCodeSource().getLocation().getPath());
  }

  /** A certificate for localhost that this JDK makes; its PEM lies beside it. */
  private Path identity() throws IOException, InterruptedException {
    Path store = work.resolve("localhost.p12");
    if (!Files.exists(store)) {
      keytool(
          "-genkeypair",
          "-alias",
          "localhost",
          "-keyalg",
          "EC",
          "-dname",
          "CN=localhost",
          "-ext",
          "san=dns:localhost",
          "-validity",
          "2",
          "-storetype",
          "PKCS12",
          "-storepass",
          PASSWORD,
          "-keystore",
          store.toString());
      keytool(
          "-exportcert",
          "-rfc",
          "-alias",
          "localhost",
          "-storepass",
          PASSWORD,
          "-keystore",
          store.toString(),
          "-file",
          work.resolve("localhost.pem").toString());
    }
    return store;
  }

  private void keytool(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    Path log = places.log("systems-keytool");
    Files.createDirectories(log.getParent());
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    if (process.waitFor() != 0) {
      throw new IOException("keytool has failed: " + log);
    }
  }
}
