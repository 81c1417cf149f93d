package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.server.Server;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** With the JDK's tools alone, and with what a user's build tool would resolve: two artifacts. */
@DisplayName("A project of a user, without an option of the JVM,")
@Timeout(90)
class UserProjectTest {
  private static final String PROGRAM =
      """
      package app;

      import io.plainweave.Listen;
      import io.plainweave.server.Server;

      public class Main {
        public static void main(String[] args) {
          Server.serve(
              args,
              Listen.tcp("127.0.0.1", 0),
              connection -> connection.input().transferTo(connection.output()));
        }
      }
      """;

  private static final String MODULE =
      """
      module app {
        requires io.plainweave;
      }
      """;

  @TempDir static Path folder;

  private static Path toolkit;
  private static Path slf4j;

  @BeforeAll
  static void writeIt() throws Exception {
    toolkit = placeOf(Server.class);
    slf4j = placeOf(LoggerFactory.class);
    Path main = folder.resolve("src/app/Main.java");
    Files.createDirectories(main.getParent());
    Files.writeString(main, PROGRAM);
    Files.writeString(folder.resolve("src/module-info.java"), MODULE);
    compile("--class-path", "plain", "src/app/Main.java");
    compile("--module-path", "modular", "src/module-info.java", "src/app/Main.java");
  }

  private static Path placeOf(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static void compile(String path, String output, String... sources) throws Exception {
    List<String> arguments =
        new ArrayList<>(List.of("-Xlint:all", "-Werror", path, pathOf(), "-d", output));
    arguments.addAll(List.of(sources));
    call("javac", arguments.toArray(String[]::new));
  }

  private static String pathOf(String... first) {
    List<String> all = new ArrayList<>(List.of(first));
    all.add(toolkit.toString());
    all.add(slf4j.toString());
    return String.join(File.pathSeparator, all);
  }

  private static void call(String tool, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(SampleProcess.jdkProgram(tool)));
    command.addAll(List.of(arguments));
    try (ChildProcess process = ChildProcess.start(folder, command.toArray(String[]::new))) {
      int exitCode = process.exitCode();
      assertEquals("", process.stdout() + process.stderr(), tool);
      assertEquals(0, exitCode, tool);
    }
  }

  @Test
  void runsOnTheClassPath() throws Exception {
    echoes(SampleProcess.jdkProgram("java"), "--class-path", pathOf("plain"), "app.Main");
  }

  @Test
  void runsOnTheModulePath() throws Exception {
    echoes(
        SampleProcess.jdkProgram("java"),
        "--module-path",
        pathOf("modular"),
        "--module",
        "app/app.Main");
  }

  @Test
  void runsAsAnImageOfJlink() throws Exception {
    call(
        "jlink",
        "--module-path",
        pathOf("modular"),
        "--add-modules",
        "app",
        "--launcher",
        "serve=app/app.Main",
        "--output",
        "image");
    // What the launcher calls, which as a shell script would leave it behind.
    echoes(folder.resolve("image/bin/java").toString(), "-m", "app/app.Main");
  }

  @Test
  void runsFromAnExecutableJar() throws Exception {
    // A folder is an element of that class path if a slash ends it, as its URI has it.
    String manifest =
        "Main-Class: app.Main\nClass-Path: %s\n  %s\n".formatted(toolkit.toUri(), slf4j.toUri());
    Files.writeString(folder.resolve("manifest"), manifest);
    call("jar", "--create", "--file", "app.jar", "--manifest", "manifest", "-C", "plain", ".");
    echoes(SampleProcess.jdkProgram("java"), "-jar", "app.jar");
  }

  @Test
  void runsFromSourceOnTheModulePath() throws Exception {
    echoes(
        SampleProcess.jdkProgram("java"),
        "--module-path",
        pathOf(),
        "--add-modules",
        "io.plainweave",
        Checkout.original("samples/Echo.java").toString(),
        "127.0.0.1:0");
  }

  @Test
  void runsFromSourceOnTheClassPath() throws Exception {
    echoes(
        SampleProcess.jdkProgram("java"),
        "--class-path",
        pathOf(),
        Checkout.original("samples/Echo.java").toString(),
        "127.0.0.1:0");
  }

  private static void echoes(String... command) throws Exception {
    ChildProcess process = ChildProcess.start(folder, command);
    try (SampleProcess server = SampleProcess.listening(process);
        Client client = Client.connect(server.port())) {
      client.exchange("hello");
    }
  }
}
