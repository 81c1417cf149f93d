package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.client.Client;
import io.plainweave.loadtests.machine.Layout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The command lines of the children: the coordinator's own Java, other flags. */
final class JavaCommand {
  private static final long MB = 1 << 20;

  /** Heap of a server beside what its connections need: the JDK's and the toolkit's own objects. */
  private static final long SERVER_HEAP = 48 * MB;

  /**
   * Heap of a server for one connection. Twice what is live: the young generation takes a third,
   * and what it holds while a full collection runs needs a place too.
   */
  static final long ECHO_HEAP = 5 << 10;

  /** The same for a subscriber of the broker, which has a session and a second thread there. */
  static final long BROKER_HEAP = 24 << 10;

  private static final long CLIENT_HEAP = 24 * MB;
  private static final long CLIENT_HEAP_PER_CONNECTION = 2 << 10;

  /** The folder of the AOT caches that the children start with; null if there are none. */
  private static final String CACHES = System.getProperty("loadtests.caches");

  /** The folder for the AOT caches that the children of this run make at their end; or null. */
  private static final String TRAINING = System.getProperty("loadtests.training");

  private JavaCommand() {}

  /** Whether the children make AOT caches at their end, which takes seconds. */
  static boolean isTraining() {
    return TRAINING != null;
  }

  /**
   * A server that has to hold so many connections.
   *
   * @param heap of each of them
   */
  static List<String> server(String main, long connections, long heap, List<String> arguments) {
    return command(serverFlags(connections, heap), main, arguments);
  }

  /** A client that has to hold so many connections. */
  static List<String> client(long connections, List<String> arguments) {
    return command(clientFlags(connections), Client.class.getName(), arguments);
  }

  /** The options of the JVM that each kind of process has. */
  static Map<String, String> flags(Layout layout, long serverHeap) {
    Map<String, String> flags = new TreeMap<>();
    flags.put("client", String.join(" ", clientFlags(layout.clientShare())));
    if (layout.servers() > 0) {
      flags.put("server", String.join(" ", serverFlags(layout.serverShare(), serverHeap)));
    }
    return flags;
  }

  private static List<String> serverFlags(long connections, long heap) {
    List<String> flags = common("server", SERVER_HEAP + connections * heap);
    // What a connection allocates at its start lives as long as the connection: a larger young
    // generation would not save collections' work, and its pages would count as the connections'
    // memory (4.3 KB instead of 2.9 KB resident each, with 15,000 in a process).
    flags.add("-Xmn16m");
    // A collection that is asked for leaves no garbage. By default the serial collector spares
    // itself the first objects of the heap, with up to 5 % of it in dead ones: a hundred bytes a
    // connection that would count as live.
    flags.add("-XX:MarkSweepAlwaysCompactCount=1");
    // Eight bytes less for each of a connection's objects; a product feature of JDK 25.
    flags.add("-XX:+UseCompactObjectHeaders");
    return flags;
  }

  private static List<String> clientFlags(long connections) {
    List<String> flags = common("client", CLIENT_HEAP + connections * CLIENT_HEAP_PER_CONNECTION);
    // The loop is small and lives for seconds: the optimising compiler would cost the servers more
    // processor time than it gains here.
    flags.add("-XX:TieredStopAtLevel=1");
    // Whatever comes after the first would be the client's fault and look like the server's.
    flags.add("-XX:+ExitOnOutOfMemoryError");
    return flags;
  }

  private static List<String> common(String kind, long heap) {
    List<String> flags = new ArrayList<>();
    if (isTraining()) {
      flags.add("-XX:AOTCacheOutput=" + Path.of(TRAINING, kind + ".aot"));
    } else if (CACHES != null) {
      flags.add("-XX:AOTCache=" + Path.of(CACHES, kind + ".aot"));
    }
    // Standard output is for notices, whatever the JVM says of a cache.
    flags.add("-Xlog:disable");
    flags.add("-Xlog:all=warning:stderr");
    // The processes share the processors: one collector thread in each is enough.
    flags.add("-XX:+UseSerialGC");
    flags.add("-Xmx" + heap);
    // The JVM notes the time of each deoptimization, of which a drain makes one a connection. In a
    // guest that reads its clock by a system call these were half of the server's.
    flags.add("-XX:+UnlockDiagnosticVMOptions");
    flags.add("-XX:-LogEvents");
    // No file under /tmp that a killed process would leave behind.
    flags.add("-XX:-UsePerfData");
    return flags;
  }

  private static List<String> command(List<String> flags, String main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(
        ProcessHandle.current()
            .info()
            .command()
            .orElseGet(() -> Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(flags);
    command.add(main); // its class path is the fleet's to set
    command.addAll(arguments);
    return command;
  }
}
