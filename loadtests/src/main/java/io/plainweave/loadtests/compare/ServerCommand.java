package io.plainweave.loadtests.compare;

import io.plainweave.loadtests.cli.Home;
import io.plainweave.loadtests.tls.ServerIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How to start the servers.
 *
 * @param peers the folder with what the build has made of the peers
 * @param flags JVM options of every JVM server
 * @param flagsOf further JVM options by the server's name
 * @param external command lines by name, with {@code {port}} in them
 * @param threads carriers or event loops of a server
 * @param protocol that they speak
 * @param identity who the servers are in TLS; null if they speak none
 */
record ServerCommand(
    Path peers,
    List<String> flags,
    Map<String, List<String>> flagsOf,
    Map<String, String> external,
    int threads,
    Protocol protocol,
    ServerIdentity identity) {
  static final String NAMES =
      "plainweave, plainweave-loops, plainweave-bare, jdk-virtual, jdk-virtual-socket,"
          + " jdk-platform, jdk-selector, netty-nio, netty-epoll, vertx, helidon";

  static final String NAMES_OF_TLS =
      "plainweave, plainweave-loops, plainweave-bare, jdk-virtual-socket, jdk-platform, netty-nio,"
          + " netty-epoll, netty-openssl";

  static final String NAMES_OF_HTTP =
      "plainweave, plainweave-loops, netty-nio, netty-epoll, helidon, vertx, jetty";

  private static final String BARE = "plainweave-bare";
  private static final String LOOPS = "plainweave-loops";

  private static final String JAVA =
      Path.of(System.getProperty("java.home"), "bin", "java").toString();
  private static final String COLLECTOR = "-XX:\\+Use\\w+GC";

  private static boolean isOwn(String name) {
    return kind(name).startsWith("plainweave");
  }

  /** What comes before a plus: {@code plainweave+zgc} is plainweave, with flags of its own. */
  static String kind(String name) {
    return name.substring(0, name.indexOf('+') < 0 ? name.length() : name.indexOf('+'));
  }

  /** Whether it listens on a port it is told and says nothing. */
  boolean isExternal(String name) {
    return external.containsKey(name);
  }

  /** The command line of a server that is to listen on that port; 0 takes a free one. */
  List<String> of(String name, int port) {
    if (isExternal(name)) {
      String command = external.get(name).replace("{port}", Integer.toString(port));
      if (identity != null) {
        command =
            command
                .replace("{certificate}", identity.certificate().toString())
                .replace("{key}", identity.key().toString());
      }
      return List.of("sh", "-c", "exec " + command);
    }
    if (isOwn(name) && protocol == Protocol.HTTP) {
      return httpSample(name, port);
    }
    List<String> command = new ArrayList<>();
    command.add(JAVA);
    command.addAll(jvmFlags(name));
    command.add("-cp");
    if (isOwn(name)) {
      command.add(System.getProperty("java.class.path"));
      command.addAll(List.of(PlainweaveServer.class.getName(), Integer.toString(port)));
      if (kind(name).equals(BARE)) {
        command.add("--bare");
      } else if (kind(name).equals(LOOPS)) {
        command.addAll(List.of("--loops", Integer.toString(threads)));
      }
    } else {
      command.add(peers.resolve("classes") + ":" + peers.resolve("lib") + "/*");
      command.addAll(
          List.of(
              "io.plainweave.loadtests.peers.PeerServer",
              kind(name),
              Integer.toString(port),
              "--threads",
              Integer.toString(threads)));
    }
    if (identity != null) {
      command.addAll(List.of("--tls", identity.store().toString()));
    }
    if (protocol == Protocol.HTTP) {
      command.addAll(List.of("--protocol", "http"));
    }
    return command;
  }

  /**
   * The sample from its source, with the JVM options of all servers; on event loops as {@code
   * samples/run Http} starts it.
   */
  private List<String> httpSample(String name, int port) {
    Path samples = Home.path().resolveSibling("samples");
    List<String> command = new ArrayList<>();
    command.add(JAVA);
    command.add("-XX:+UseCompactObjectHeaders"); // as in samples/run.args
    command.addAll(jvmFlags(name));
    command.addAll(List.of("--class-path", System.getProperty("java.class.path")));
    command.add(samples.resolve("Http.java").toString());
    command.add(samples.resolve("resources").toString()); // files to serve; nobody asks for them
    command.add(Integer.toString(port));
    return command;
  }

  /** The JVM options of a server: what all have, then its own. */
  List<String> jvmFlags(String name) {
    List<String> own = flagsOf.getOrDefault(name, List.of());
    List<String> all = new ArrayList<>();
    all.add("--enable-native-access=ALL-UNNAMED");
    if (Stream.concat(flags.stream(), own.stream()).noneMatch(it -> it.matches(COLLECTOR))) {
      all.add("-XX:+UseSerialGC"); // a JVM picks it by itself where it has one core
    }
    all.add("-XX:-UsePerfData"); // no file that a killed server would leave
    all.addAll(List.of("-Xms512m", "-Xmx512m"));
    // For those on virtual threads; the others take --threads.
    all.add("-Djdk.virtualThreadScheduler.parallelism=" + threads);
    if (kind(name).equals(LOOPS)) {
      all.add("--add-opens=java.base/java.lang=ALL-UNNAMED");
    }
    all.addAll(flags);
    all.addAll(own);
    return all;
  }

  /** The JVM options of each server, or the command line of one that is external. */
  Map<String, String> flags(List<String> servers) {
    return servers.stream()
        .collect(
            Collectors.toMap(
                it -> it,
                it -> isExternal(it) ? external.get(it) : String.join(" ", jvmFlags(it))));
  }

  /** Whether the server could be started at all. */
  boolean isBuilt(String name) {
    return isExternal(name) || isOwn(name) || Files.isDirectory(peers.resolve("classes"));
  }
}
