package io.plainweave.loadtests.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Where and with what a run ran.
 *
 * @param date and time of its end, to the minute
 * @param machine its processor and memory
 * @param kernel its operating system
 * @param jdk the coordinator's
 * @param commit of the sources, or "unknown"
 * @param commandLine as it was given
 * @param flags of each kind of process: its JVM options, or its whole command
 * @param kernelSettings by their names in sysctl, and nofile
 */
public record Environment(
    String date,
    String machine,
    String kernel,
    String jdk,
    String commit,
    String commandLine,
    Map<String, String> flags,
    Map<String, String> kernelSettings) {
  private static final Path PROC = Path.of("/proc");

  public Environment {
    flags = Collections.unmodifiableMap(new TreeMap<>(flags));
    kernelSettings = Collections.unmodifiableMap(new TreeMap<>(kernelSettings));
  }

  /**
   * The environment of this process, now.
   *
   * @param home a folder in the sources, whose commit it is
   */
  public static Environment of(String commandLine, Path home, Map<String, String> flags) {
    return new Environment(
        LocalDateTime.now().truncatedTo(ChronoUnit.MINUTES).toString(),
        hardware(),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vendor") + " " + Runtime.version(),
        commit(home),
        commandLine,
        flags,
        KernelSettings.read(PROC));
  }

  private static String hardware() {
    String model = line(PROC.resolve("cpuinfo"), "model name");
    String memory = line(PROC.resolve("meminfo"), "MemTotal").replace(" kB", "");
    int cores = Runtime.getRuntime().availableProcessors();
    return String.format(Locale.ROOT, "%d core%s", cores, cores == 1 ? "" : "s")
        + (model.isEmpty() ? "" : " (" + model + ")")
        + (memory.isEmpty()
            ? ""
            : String.format(Locale.ROOT, ", %.0f GB", Double.parseDouble(memory) / (1 << 20)));
  }

  private static String line(Path file, String key) {
    try {
      return Files.readAllLines(file).stream()
          .filter(it -> it.startsWith(key))
          .map(it -> it.substring(it.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("");
    } catch (IOException e) {
      return ""; // no Linux, or another one: the report does without
    }
  }

  private static String commit(Path home) {
    try {
      Process git =
          new ProcessBuilder(
                  List.of("git", "-C", home.toString(), "describe", "--always", "--dirty"))
              .redirectErrorStream(true)
              .start();
      byte[] commit = git.getInputStream().readAllBytes();
      return git.waitFor(5, TimeUnit.SECONDS) && git.exitValue() == 0
          ? new String(commit, StandardCharsets.UTF_8).strip()
          : "unknown";
    } catch (IOException e) {
      return "unknown"; // no git
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "unknown";
    }
  }
}
