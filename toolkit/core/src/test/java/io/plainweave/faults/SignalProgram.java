package io.plainweave.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A JVM whose program says on the standard output what it is at, and its clients. */
final class SignalProgram implements AutoCloseable {
  private final Process process;
  private final BufferedReader said;
  private final Writer commands;
  private final List<Socket> clients = new ArrayList<>();

  private SignalProgram(Process process) {
    this.process = process;
    said = process.inputReader();
    commands = process.outputWriter();
  }

  static SignalProgram start(Class<?> main, List<String> jvm, List<String> arguments, Redirect log)
      throws IOException {
    // A shell starts what it puts into the background with SIGINT ignored.
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
    command.addAll(JavaProgram.command(main, jvm));
    command.addAll(arguments);
    return new SignalProgram(new ProcessBuilder(command).redirectError(log).start());
  }

  /** Makes a handler of each server be at work. */
  SignalProgram withWork(int servers) throws Exception {
    boolean atWork = false;
    try {
      List<Integer> ports = new ArrayList<>();
      for (int i = 0; i < servers; i++) {
        ports.add(Integer.valueOf(line().split(" ")[1]));
      }
      for (int port : ports) {
        clients.add(new Socket("127.0.0.1", port));
        says("at work");
      }
      atWork = true;
      return this;
    } finally {
      if (!atWork) {
        close();
      }
    }
  }

  void signal(String name) throws IOException, InterruptedException {
    Machine.run("kill", "-s", name, Long.toString(process.pid()));
  }

  void tell(String command) throws IOException {
    commands.write(command + "\n");
    commands.flush();
  }

  String line() throws IOException {
    String line = said.readLine();
    assertNotNull(line, "it has ended");
    return line;
  }

  void says(String... lines) throws IOException {
    for (String line : lines) {
      assertEquals(line, line());
    }
  }

  /** Whatever it still says, until its end. */
  List<String> saysAtLast() throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line; (line = said.readLine()) != null; ) {
      lines.add(line);
    }
    return lines;
  }

  int exitCode() throws InterruptedException {
    assertTrue(process.waitFor(20, TimeUnit.SECONDS), "still running");
    return process.exitValue();
  }

  @Override
  public void close() throws IOException, InterruptedException {
    for (Socket client : clients) {
      client.close();
    }
    process.destroyForcibly().waitFor();
  }
}
