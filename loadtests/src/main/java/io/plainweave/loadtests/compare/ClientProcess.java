package io.plainweave.loadtests.compare;

import io.plainweave.loadtests.cli.RunFailed;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The client in its process, as the run sees it: one order at a time. */
public final class ClientProcess implements AutoCloseable {
  private final Process process;
  private final PrintStream orders;
  private final BufferedReader results;

  private ClientProcess(Process process) {
    this.process = process;
    orders = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    results = process.inputReader(StandardCharsets.UTF_8);
  }

  /**
   * Starts it.
   *
   * @param client its class, which takes orders on stdin and answers on stdout, a line each
   * @param arguments of that class
   * @param pinning what comes before the command, to pin it to a core
   * @throws RunFailed if it cannot be started
   */
  public static ClientProcess start(Class<?> client, List<String> arguments, List<String> pinning) {
    List<String> command = new ArrayList<>(pinning);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    // It allocates nothing for a message; what is left needs no second thread.
    command.addAll(List.of("-XX:+UseSerialGC", "-Xms256m", "-Xmx256m", "-XX:-UsePerfData"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), client.getName()));
    command.addAll(arguments);
    try {
      return new ClientProcess(
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    } catch (IOException e) {
      throw new RunFailed("cannot start the client: " + e.getMessage(), e);
    }
  }

  /**
   * Has it carry out an order.
   *
   * @throws RunFailed if it does not answer
   */
  public <T> T execute(Object order, Class<T> answer) {
    orders.println(Json.line(order));
    try {
      String line = results.readLine();
      if (line == null) {
        throw new RunFailed("the client has ended");
      }
      return Json.read(line, answer);
    } catch (IOException e) {
      throw new RunFailed("the client's answer could not be read: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    orders.close();
    try {
      if (!process.waitFor(1, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
