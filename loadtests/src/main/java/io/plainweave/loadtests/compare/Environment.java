package io.plainweave.loadtests.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Where and with what a comparison ran. */
record Environment(
    String date,
    String machine,
    String kernel,
    String jdk,
    String commit,
    String command,
    Map<String, String> flags) {

  static Environment of(Plan plan, ServerCommand command, String commandLine) {
    Map<String, String> flags = new TreeMap<>();
    for (String server : plan.servers()) {
      flags.put(
          server,
          command.isExternal(server)
              ? command.external().get(server)
              : String.join(" ", command.jvmFlags(server)));
    }
    return new Environment(
        LocalDateTime.now().truncatedTo(ChronoUnit.MINUTES).toString(),
        hardware(),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vendor") + " " + Runtime.version(),
        commit(command.home()),
        commandLine,
        flags);
  }

  private static String hardware() {
    String model = line(Path.of("/proc/cpuinfo"), "model name");
    String memory = line(Path.of("/proc/meminfo"), "MemTotal").replace(" kB", "");
    double gigabytes = memory.isEmpty() ? 0 : Double.parseDouble(memory) / (1 << 20);
    return String.format(
        Locale.ROOT,
        "%d cores%s, %.0f GB",
        Runtime.getRuntime().availableProcessors(),
        model.isEmpty() ? "" : " (" + model + ")",
        gigabytes);
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
      String commit = new String(git.getInputStream().readAllBytes()).strip();
      return git.waitFor(5, TimeUnit.SECONDS) && git.exitValue() == 0 ? commit : "unknown";
    } catch (IOException e) {
      return "unknown"; // no git
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "unknown";
    }
  }
}
