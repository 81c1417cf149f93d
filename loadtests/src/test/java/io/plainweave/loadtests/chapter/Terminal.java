package io.plainweave.loadtests.chapter;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A shell in a network namespace of its own, in which a test types. Processes in its background
 * print when they like: a command has printed what came until its output is what was expected.
 */
final class Terminal implements AutoCloseable {
  private static final String PROMPT = "-- next --";

  private final Process shell;
  private final Writer keyboard;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final Thread reader;

  private Terminal(Process shell) {
    this.shell = shell;
    keyboard = shell.outputWriter(StandardCharsets.UTF_8);
    reader = Thread.ofVirtual().name("terminal").start(this::read);
  }

  /** Opens one in that folder; the JDK of the tests is the first on its PATH. */
  static Terminal open(Path folder) throws IOException {
    var builder = new ProcessBuilder("unshare", "--net", "bash", "--norc");
    builder.directory(folder.toFile()).redirectErrorStream(true);
    String jdk = Path.of(System.getProperty("java.home"), "bin").toString();
    builder.environment().merge("PATH", jdk, (path, bin) -> bin + ":" + path);
    builder.environment().put("LC_ALL", "C.UTF-8");
    return new Terminal(builder.start());
  }

  private void read() {
    try (BufferedReader output = shell.inputReader(StandardCharsets.UTF_8)) {
      output.lines().forEach(lines::add);
    } catch (IOException e) {
      lines.add("the terminal has ended: " + e);
    }
  }

  /**
   * Types a command and returns what was printed when the command has ended and that is what was
   * expected, or when no line has come for so long.
   */
  List<String> type(String command, Predicate<List<String>> expected, Duration patience)
      throws IOException, InterruptedException {
    keyboard.write(command + "\necho '" + PROMPT + "'\n");
    keyboard.flush();
    List<String> printed = new ArrayList<>();
    boolean ended = false;
    while (!ended || !expected.test(printed)) {
      String line = lines.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
      if (line == null) {
        return printed;
      }
      if (line.equals(PROMPT)) {
        ended = true;
      } else {
        printed.add(line.stripTrailing());
      }
    }
    return printed;
  }

  @Override
  public void close() throws InterruptedException {
    List<ProcessHandle> all = new ArrayList<>(shell.descendants().toList());
    all.add(shell.toHandle());
    all.forEach(ProcessHandle::destroyForcibly);
    shell.waitFor();
    reader.join();
  }
}
