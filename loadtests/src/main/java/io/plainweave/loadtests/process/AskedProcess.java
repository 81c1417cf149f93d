package io.plainweave.loadtests.process;

import io.plainweave.loadtests.cli.RunFailed;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A Java program in a process of its own, which answers each line on its standard input with one on
 * its standard output. It ends when this is closed, or with this process: its standard input ends
 * then.
 *
 * <p>Lines may be asked by several threads, one after another.
 */
public final class AskedProcess implements AutoCloseable {
  /** No line: none has an end of a line in it. */
  private static final String GONE = "\n";

  private final Process process;
  private final Path log;
  private final Writer questions;
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

  private AskedProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
    questions = process.outputWriter(StandardCharsets.UTF_8);
    Thread.ofPlatform().daemon().name("answers of " + process.pid()).start(this::readAnswers);
  }

  /**
   * Starts one.
   *
   * @param prefix a command that becomes the JVM, such as prlimit; or empty
   * @param flags of the JVM
   * @param main its program
   * @param arguments of the program
   * @param environment beside that of this process
   * @param log what it prints to its standard error goes to this file
   */
  public static AskedProcess start(
      List<String> prefix,
      List<String> flags,
      Class<?> main,
      List<String> arguments,
      Map<String, String> environment,
      Path log)
      throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Standard output is for answers, whatever the JVM has to say.
    command.addAll(List.of("-Xlog:disable", "-Xlog:all=warning:stderr", "-XX:-UsePerfData"));
    command.addAll(flags);
    // For event loops.
    command.addAll(List.of("--add-opens", "java.base/java.lang=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    var builder = new ProcessBuilder(command).redirectError(log.toFile());
    builder.environment().putAll(environment);
    return new AskedProcess(builder.start(), log);
  }

  private void readAnswers() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line; (line = lines.readLine()) != null; ) {
        answers.add(line);
      }
    } catch (IOException e) {
      // The process is gone.
    }
    answers.add(GONE);
  }

  /** Its number. */
  public long pid() {
    return process.pid();
  }

  /** What it prints to its standard error. */
  public Path log() {
    return log;
  }

  /** False when it has ended. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Says a line and waits for the answer.
   *
   * @throws RunFailed if it ends instead, or does not answer in time
   */
  public synchronized String ask(String line, Duration within)
      throws IOException, InterruptedException {
    try {
      questions.write(line + "\n");
      questions.flush();
    } catch (IOException e) {
      throw ended(e);
    }
    return answer(within);
  }

  /**
   * Waits for a line that it says by itself, as at its start.
   *
   * @throws RunFailed if it ends instead, or says nothing in time
   */
  public synchronized String answer(Duration within) throws IOException, InterruptedException {
    String answer = answers.poll(within.toMillis(), TimeUnit.MILLISECONDS);
    if (answer == null) {
      throw new RunFailed("because process " + pid() + " has said nothing for " + within);
    }
    if (answer.equals(GONE)) {
      answers.add(GONE);
      throw ended(null);
    }
    return answer;
  }

  private RunFailed ended(IOException cause) throws IOException {
    List<String> lines = Files.exists(log) ? Files.readAllLines(log) : List.of();
    String last =
        String.join("\n  | ", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
    String how =
        process.onExit().completeOnTimeout(null, 5, TimeUnit.SECONDS).join() == null
            ? "has closed its output"
            : "has ended with exit code " + process.exitValue();
    return new RunFailed(
        "because process %d %s; its last lines:%n  | %s".formatted(pid(), how, last), cause);
  }

  /** Waits for its end. */
  public boolean awaitEnd(Duration within) throws InterruptedException {
    return process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
