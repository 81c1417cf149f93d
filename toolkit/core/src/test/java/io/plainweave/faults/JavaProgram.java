package io.plainweave.faults;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;

/**
 * The command by which these tests start a program of theirs in a JVM. They do some 200 times, and
 * with an AOT cache (JEP 514) a start takes 0.65 s of a processor instead of 1.45. The first that
 * needs the cache makes it, in any of the JVMs of the tests; the others wait. Where none can be
 * made, programs start without.
 */
final class JavaProgram {
  /** For a program that runs for a moment, better than what the JVM would choose. */
  private static final List<String> SHORT_RUN =
      List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

  /** By which a server of the program has event loops. A cache is for JVMs with it, or without. */
  static final List<String> OPENS_LANG = List.of("--add-opens", "java.base/java.lang=ALL-UNNAMED");

  private static final String CLASS_PATH = System.getProperty("java.class.path");

  /** A cache is of no use to another JDK, nor with other classes. */
  private static final Path FOLDER =
      Path.of("target", "fault-programs-" + Runtime.version(), "" + CLASS_PATH.hashCode())
          .toAbsolutePath();

  /** The options for the class path, by those for modules; guarded by the class. */
  private static final Map<List<String>, List<String>> CLASS_PATH_OPTIONS = new HashMap<>();

  private JavaProgram() {}

  /** The command that runs the program, to which its arguments are added. */
  static List<String> command(Class<?> main, List<String> flags) {
    List<String> command = new ArrayList<>(List.of(Machine.java()));
    command.addAll(SHORT_RUN);
    command.addAll(flags);
    List<String> modules = command.containsAll(OPENS_LANG) ? OPENS_LANG : List.of();
    command.addAll(classPathOptions(modules));
    command.add(main.getName());
    return command;
  }

  private static synchronized List<String> classPathOptions(List<String> modules) {
    return CLASS_PATH_OPTIONS.computeIfAbsent(
        modules,
        _ -> {
          try {
            return optionsWithCache(modules);
          } catch (IOException | UncheckedIOException e) {
            return List.of("-cp", CLASS_PATH);
          }
        });
  }

  private static List<String> optionsWithCache(List<String> modules) throws IOException {
    Files.createDirectories(FOLDER);
    Path lock = FOLDER.resolve("lock");
    try (var file = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var _ = file.lock()) {
      List<String> jars = new ArrayList<>();
      for (String entry : CLASS_PATH.split(File.pathSeparator)) {
        // The JVM keeps classes of jars only; an entry without a name is the folder where it runs.
        if (!entry.isEmpty()) {
          Path path = Path.of(entry);
          // Several of them may be called "classes".
          Path jar = FOLDER.resolve("classes-" + jars.size() + ".jar");
          jars.add(Files.isDirectory(path) ? packed(path, jar).toString() : entry);
        }
      }
      String classPath = String.join(File.pathSeparator, jars);
      Path cache = FOLDER.resolve(modules.isEmpty() ? "programs.aot" : "programs-opens.aot");
      if (!Files.exists(cache)) {
        train(cache, classPath, modules);
      }
      // What does not fit, such as another collector, makes the JVM do without.
      return List.of("-XX:AOTCache=" + cache, "-Xlog:aot*=off", "-cp", classPath);
    }
  }

  /**
   * Makes a jar of a folder of classes where it is older; then the caches are made anew as well.
   */
  private static Path packed(Path classes, Path jar) throws IOException {
    if (jar.toFile().lastModified() > newest(classes)) {
      return jar;
    }
    for (String cache : List.of("programs.aot", "programs-opens.aot")) {
      Files.deleteIfExists(FOLDER.resolve(cache));
    }
    Path made = FOLDER.resolve("made.jar");
    int failed =
        ToolProvider.findFirst("jar")
            .orElseThrow(() -> new IOException("this is no JDK"))
            .run(System.err, System.err, "-c0f", made.toString(), "-C", classes.toString(), ".");
    if (failed != 0) {
      throw new IOException("cannot make " + made);
    }
    return Files.move(made, jar, StandardCopyOption.REPLACE_EXISTING);
  }

  private static long newest(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      return files.mapToLong(file -> file.toFile().lastModified()).max().orElseThrow();
    }
  }

  /** Runs a server that is asked for everything once; at its end the JVM writes the cache. */
  private static void train(Path cache, String classPath, List<String> modules) throws IOException {
    Path asked = Files.writeString(FOLDER.resolve("asked"), "fresh\ncounts\nevents\ndrain\n");
    List<String> command = new ArrayList<>(List.of(Machine.java()));
    command.addAll(SHORT_RUN);
    command.addAll(modules);
    command.addAll(List.of("-XX:AOTCacheOutput=" + cache, "-cp", classPath));
    command.add(FaultServerMain.class.getName());
    Path said = FOLDER.resolve("said");
    Process process =
        new ProcessBuilder(command)
            .redirectInput(asked.toFile())
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(said.toFile()))
            .start();
    try {
      if (!process.waitFor(120, TimeUnit.SECONDS) || !Files.exists(cache)) {
        throw new IOException("there is no cache: " + Files.readString(said));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    } finally {
      process.destroyForcibly();
    }
  }
}
