package io.plainweave.loadtests.models;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * The system calls of a model, for a message.
 *
 * @param connections that were busy
 * @param perMessage all calls; null if they could not be counted
 * @param byName the frequent ones, the most frequent first
 * @param failure why they could not be counted; null if they were
 */
record SystemCalls(int connections, Double perMessage, Map<String, Double> byName, String failure) {
  /** Calls that are rarer are those of the JVM's own threads. */
  private static final double LEAST = 0.01;

  /** Not the program's: what a thread waits in is interrupted by the attaching. */
  private static final String RESTARTED = "restart_syscall";

  private static final int SECONDS_TO_ATTACH = 10;

  /**
   * Counts them by strace, which slows a process down: nothing else is measured meanwhile.
   *
   * @param folder where strace may write
   * @param load makes load, and returns how many messages that were
   */
  static SystemCalls count(Path folder, int connections, List<Long> processes, LongSupplier load)
      throws IOException, InterruptedException {
    Path summary = Files.createTempFile(folder, "calls", ".strace");
    List<String> command = new ArrayList<>(List.of("strace", "-f", "-c", "-o", summary.toString()));
    processes.forEach(it -> command.addAll(List.of("-p", Long.toString(it))));
    try {
      Process strace = new ProcessBuilder(command).start();
      String refused;
      long messages = 0;
      try {
        refused = awaitAttached(strace, processes.size());
        if (refused == null) {
          messages = load.getAsLong();
        }
      } finally {
        strace.destroy(); // it lets the processes go, and writes
        if (!strace.waitFor(SECONDS_TO_ATTACH, TimeUnit.SECONDS)) {
          strace.destroyForcibly().waitFor();
        }
      }
      return refused != null || messages == 0
          ? failed(connections, refused == null ? "nothing was answered under strace" : refused)
          : of(connections, Files.readString(summary), messages);
    } catch (IOException e) {
      return failed(connections, e.getMessage());
    }
  }

  /** The figures out of a summary of {@code strace -c}. */
  static SystemCalls of(int connections, String summary, long messages) {
    Map<String, Double> calls = new LinkedHashMap<>();
    for (String line : summary.lines().toList()) {
      // % time, seconds, usecs/call, calls, errors if there are any, syscall
      String[] columns = line.strip().split("\\s+");
      if (columns.length >= 5 && columns[3].matches("\\d+")) {
        calls.put(columns[columns.length - 1], (double) Long.parseLong(columns[3]) / messages);
      }
    }
    Double total = calls.remove("total");
    Double restarted = calls.remove(RESTARTED);
    if (total == null) {
      return failed(connections, "strace has written no summary");
    }
    Map<String, Double> frequent =
        calls.entrySet().stream()
            .filter(it -> it.getValue() >= LEAST)
            .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a, LinkedHashMap::new));
    return new SystemCalls(
        connections, total - (restarted == null ? 0 : restarted), frequent, null);
  }

  static SystemCalls failed(int connections, String failure) {
    return new SystemCalls(connections, null, Map.of(), failure);
  }

  /** Null when all are attached, else what strace said. */
  private static String awaitAttached(Process strace, int processes) throws IOException {
    BufferedReader said = strace.errorReader();
    String last = "strace has ended";
    for (int attached = 0; attached < processes; ) {
      String line = said.readLine();
      if (line == null) {
        return last;
      }
      last = line;
      if (line.contains(" attached")) {
        attached++;
      }
    }
    Thread.ofPlatform().daemon().name("strace").start(() -> drain(said));
    return null;
  }

  /** What it says later must not fill the pipe and stop it. */
  private static void drain(BufferedReader said) {
    try {
      said.transferTo(Writer.nullWriter());
    } catch (IOException e) {
      // It has ended, and with it its end of the pipe.
    }
  }
}
