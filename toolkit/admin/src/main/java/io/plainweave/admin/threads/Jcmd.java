package io.plainweave.admin.threads;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Asks another JVM as everybody may: by the command of the JDK. */
final class Jcmd {
  private Jcmd() {}

  /**
   * Has a process write its threads into a file; the reasons for a failure are what jcmd prints.
   */
  static void dumpThreads(long pid, Path file) throws IOException {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    if (!Files.isExecutable(jcmd)) {
      throw new IOException("this Java has no jcmd; run it by a JDK");
    }
    Process process =
        new ProcessBuilder(
                jcmd.toString(),
                Long.toString(pid),
                "Thread.dump_to_file",
                "-format=json",
                file.toString())
            .redirectErrorStream(true)
            .start();
    try {
      String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0 || !Files.exists(file)) {
        throw new IOException("jcmd says: " + lastLine(printed));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException)
          new InterruptedIOException("interrupted while jcmd was asked").initCause(e);
    } finally {
      process.destroy();
    }
  }

  private static String lastLine(String printed) {
    return printed
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("at "))
        .reduce((_, last) -> last)
        .orElse("nothing")
        .replaceFirst("^[\\w.]+Exception: ", "");
  }
}
