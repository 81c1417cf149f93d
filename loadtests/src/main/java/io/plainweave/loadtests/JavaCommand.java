package io.plainweave.loadtests;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command lines of the children: the coordinator's own Java and class path, other flags. */
final class JavaCommand {
  private static final long MB = 1 << 20;

  /** Heap of a server beside what its connections need: the JDK's and the toolkit's own objects. */
  static final long SERVER_HEAP = 48 * MB;

  /**
   * Heap of a server for one connection. Twice what is live: the young generation takes a third,
   * and what it holds while a full collection runs needs a place too.
   */
  static final long SERVER_HEAP_PER_CONNECTION = 5 << 10;

  static final long CLIENT_HEAP = 24 * MB;
  static final long CLIENT_HEAP_PER_CONNECTION = 2 << 10;

  private JavaCommand() {}

  /** A server that has to hold so many connections. */
  static List<String> server(long connections, int port) {
    List<String> command = common(SERVER_HEAP + connections * SERVER_HEAP_PER_CONNECTION);
    // What a connection allocates at its start lives as long as the connection: a larger young
    // generation would not save collections' work, and its pages would count as the connections'
    // memory (4.3 KB instead of 2.9 KB resident each, with 15,000 in a process).
    command.add("-Xmn16m");
    // Eight bytes less for each of a connection's objects; a product feature of JDK 25.
    command.add("-XX:+UseCompactObjectHeaders");
    return withMain(command, EchoServer.NAME, "--port=" + port);
  }

  /** A client that has to hold so many connections. */
  static List<String> client(long connections) {
    List<String> command = common(CLIENT_HEAP + connections * CLIENT_HEAP_PER_CONNECTION);
    // The loop is small and lives for seconds: the optimising compiler would cost the servers more
    // processor time than it gains here.
    command.add("-XX:TieredStopAtLevel=1");
    // Whatever comes after the first would be the client's fault and look like the server's.
    command.add("-XX:+ExitOnOutOfMemoryError");
    return withMain(command, Client.NAME);
  }

  private static List<String> common(long heap) {
    List<String> command = new ArrayList<>();
    command.add(
        ProcessHandle.current()
            .info()
            .command()
            .orElseGet(() -> Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.add("--enable-preview");
    // The processes share the processors: one collector thread in each is enough.
    command.add("-XX:+UseSerialGC");
    command.add("-Xmx" + heap);
    // No file under /tmp that a killed process would leave behind.
    command.add("-XX:-UsePerfData");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    return command;
  }

  private static List<String> withMain(List<String> command, String name, String... arguments) {
    command.add(Main.class.getName());
    command.add(name);
    command.addAll(List.of(arguments));
    return command;
  }
}
