package io.plainweave.loadtests.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The memory of a server at a moment.
 *
 * @param heap live bytes after a full collection; empty if it is no JVM
 * @param resident bytes in memory, of the process itself
 */
record ServerMemory(OptionalLong heap, long resident) {
  private static final Pattern TOTAL = Pattern.compile("(?m)^Total\\s+\\d+\\s+(\\d+)$");
  private static final Pattern RSS = Pattern.compile("(?m)^Rss:\\s+(\\d+) kB$");

  static ServerMemory of(ServerProcess server) throws IOException, InterruptedException {
    OptionalLong heap =
        server.isJvm() ? OptionalLong.of(liveHeap(server.pid())) : OptionalLong.empty();
    String rollup = Files.readString(Path.of("/proc/" + server.pid() + "/smaps_rollup"));
    return new ServerMemory(heap, number(RSS, rollup) << 10);
  }

  /** What {@code jcmd PID GC.class_histogram} counts: it collects first. */
  private static long liveHeap(long pid) throws IOException, InterruptedException {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    Process process =
        new ProcessBuilder(List.of(jcmd, Long.toString(pid), "GC.class_histogram"))
            .redirectErrorStream(true)
            .start();
    try {
      String histogram = new String(process.getInputStream().readAllBytes());
      process.waitFor(10, TimeUnit.SECONDS);
      return number(TOTAL, histogram);
    } finally {
      process.destroyForcibly();
    }
  }

  private static long number(Pattern pattern, String text) throws IOException {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) {
      throw new IOException("no '" + pattern + "' in: " + text.lines().findFirst().orElse(""));
    }
    return Long.parseLong(matcher.group(1));
  }
}
