package io.plainweave.loadtests.compare;

import io.plainweave.loadtests.cli.Home;
import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.report.Environment;
import io.plainweave.loadtests.tls.ServerIdentity;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code compare}: which servers do which work, and what came of it. */
@Command(
    name = Compare.NAME,
    description = {
      "Runs the same work against several servers in turn, the server on one core and the client on"
          + " another, and compares them: rate, latency, processor time, memory.",
      "Servers: "
          + ServerCommand.NAMES
          + "; with --tls: "
          + ServerCommand.NAMES_OF_TLS
          + "; with --http: "
          + ServerCommand.NAMES_OF_HTTP
          + ". A name may end in +LABEL, to have the same server"
          + " twice with other --server-flags.",
      "Work: " + Work.NAMES + "."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Compare implements Callable<Integer> {
  static final String NAME = "compare";
  private static final int LEAST_CORES = 2;
  private static final double LEAST_SECONDS = 0.05;
  private static final double MOST_SECONDS = 600;

  private static final String SERVERS = "plainweave,jdk-virtual,netty-nio,netty-epoll";
  private static final String WORKS = "echo-1,echo-50,echo-1000,pipelined-16,idle-15000";
  private static final String SERVERS_OF_TLS =
      "plainweave,jdk-virtual-socket,netty-nio,netty-epoll,netty-openssl";
  private static final String WORKS_OF_TLS = "echo-50,message-16k,message-1m,churn";

  private static final String SERVERS_OF_HTTP =
      "plainweave,plainweave-loops,netty-epoll,helidon,vertx,jetty";
  private static final String WORKS_OF_HTTP =
      "get-1,get-100,get-1000,pipelined-16x100,open-50,open-80,open-95";

  @Spec private CommandSpec spec;

  @Option(
      names = "--servers",
      split = ",",
      paramLabel = "NAME",
      description = {
        "The servers. Default: " + SERVERS + ";",
        "with --tls: " + SERVERS_OF_TLS + ";",
        "with --http: " + SERVERS_OF_HTTP + "."
      })
  private List<String> servers;

  @Option(
      names = "--work",
      split = ",",
      paramLabel = "NAME",
      description = {
        "What they do. Default: " + WORKS + ";",
        "with --tls: " + WORKS_OF_TLS + ";",
        "with --http: " + WORKS_OF_HTTP + "."
      })
  private List<String> works;

  @Option(
      names = "--tls",
      description =
          "All of it over TLS 1.3, with a certificate made for the run and no resumption: churn is"
              + " a full handshake and a message.")
  private boolean tls;

  @Option(
      names = "--http",
      description =
          "HTTP servers that all answer GET /hello alike: samples/Http.java as samples/run starts"
              + " it, also on event loops, and others.")
  private boolean http;

  @Option(
      names = "--base",
      paramLabel = "NAME",
      description = "The server to measure by. Default: netty-epoll, or the first.")
  private String base;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = "How often each server does each work. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "3",
      description = "For how long each is measured. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(
      names = "--unpinned",
      description = "Servers with two carriers or event loops, nothing pinned to a core.")
  private boolean unpinned;

  @Option(
      names = "--client-threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Threads of the client. Default: ${DEFAULT-VALUE}.")
  private int clientThreads;

  @Option(
      names = "--flags",
      paramLabel = "OPTIONS",
      defaultValue = "",
      description = "Further JVM options for every server on a JVM.")
  private String flags;

  @Option(
      names = "--server-flags",
      paramLabel = "NAME=OPTIONS",
      description = "Further JVM options for one server.")
  private Map<String, String> serverFlags = new LinkedHashMap<>();

  @Option(
      names = "--external",
      paramLabel = "NAME=COMMAND",
      description =
          "A server of yours, by its command line with {port} in it; it has to listen on all"
              + " addresses, to send back every byte, and is ready when it accepts. With --tls,"
              + " {certificate} and {key} are PEM files. With --http, it has to answer GET /hello"
              + " with 'hello, world', a line feed and a Content-Length.")
  private Map<String, String> external = new LinkedHashMap<>();

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures of all rounds.")
  private Path json;

  @Option(names = "--report", paramLabel = "FILE", description = "Writes a page to look at.")
  private Path page;

  Compare() {}

  @Override
  public Integer call() throws InterruptedException, IOException {
    Path home = Home.path();
    if (tls && http) {
      throw usage("--tls and --http cannot be compared in one run");
    }
    Protocol protocol = tls ? Protocol.TLS : http ? Protocol.HTTP : Protocol.ECHO;
    if (servers == null) {
      servers = List.of(byProtocol(protocol, SERVERS, SERVERS_OF_TLS, SERVERS_OF_HTTP).split(","));
    }
    if (works == null) {
      works = List.of(byProtocol(protocol, WORKS, WORKS_OF_TLS, WORKS_OF_HTTP).split(","));
    }
    List<String> names = new ArrayList<>(servers);
    external.keySet().stream().filter(it -> !names.contains(it)).forEach(names::add);
    Plan plan = plan(names, protocol);
    ServerCommand command =
        new ServerCommand(
            Home.peers(),
            words(flags),
            serverFlags(names),
            external,
            unpinned ? 2 : 1,
            protocol,
            tls ? ServerIdentity.make() : null);
    for (String name : names) {
      if (!command.isBuilt(name)) {
        throw new RunFailed(
            "because " + name + " is not built: start it with loadtests/run, which builds it");
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    String commandLine =
        "loadtests/run "
            + String.join(" ", spec.commandLine().getParent().getParseResult().originalArgs());
    Environment environment = Environment.of(commandLine, home, command.flags(plan.servers()));
    Meter meter = new Meter(plan, err);
    meter.begin();
    Results results;
    try (Comparison comparison = new Comparison(plan, command, meter::add)) {
      List<Sample> samples = comparison.run();
      results = Results.of(plan, environment, comparison.peak(), samples);
    }
    results.print(out);
    if (json != null) {
      Json.write(json, results);
    }
    if (page != null) {
      Page.write(page, results);
    }
    return results.samples().stream().allMatch(it -> it.failure() == null) ? 0 : 1;
  }

  private static String byProtocol(Protocol protocol, String echo, String tls, String http) {
    return switch (protocol) {
      case ECHO -> echo;
      case TLS -> tls;
      case HTTP -> http;
    };
  }

  private Plan plan(List<String> names, Protocol protocol) {
    for (String name : names) {
      if (!external.containsKey(name) && !protocol.isKnown(name)) {
        throw usage("there is no server '" + name + "'" + protocol.which + ": " + protocol.names);
      }
    }
    if (new HashSet<>(names).size() < names.size()) {
      throw usage("a server is named twice: " + String.join(",", names));
    }
    external.forEach((name, line) -> {
      if (protocol.isKnown(name)) {
        throw usage("--external " + name + " has the name of a server that there is");
      }
      if (!line.contains("{port}")) {
        throw usage("--external " + name + " has no {port} in its command: " + line);
      }
    });
    List<Work> chosen;
    try {
      chosen = works.stream().map(protocol::work).toList();
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage());
    }
    if (new HashSet<>(works).size() < works.size()) {
      throw usage("a work is named twice: " + String.join(",", works));
    }
    if (rounds < 1) {
      throw usage("--rounds must be at least 1: " + rounds);
    }
    if (!(seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS)) {
      throw usage("--seconds must be from 0.05 to 600: " + seconds);
    }
    if (clientThreads < 1) {
      throw usage("--client-threads must be at least 1: " + clientThreads);
    }
    if (!unpinned && Runtime.getRuntime().availableProcessors() < LEAST_CORES) {
      throw usage("pinning takes two cores, and there is one: use --unpinned");
    }
    String measure = base;
    if (measure == null) {
      measure = names.contains("netty-epoll") ? "netty-epoll" : names.getFirst();
    } else if (!names.contains(measure)) {
      throw usage("--base " + measure + " is none of the servers: " + String.join(",", names));
    }
    return new Plan(names, measure, chosen, rounds, seconds, !unpinned, clientThreads, protocol);
  }

  private Map<String, List<String>> serverFlags(List<String> names) {
    Map<String, List<String>> all = new LinkedHashMap<>();
    serverFlags.forEach((name, options) -> {
      if (!names.contains(name)) {
        throw usage(
            "--server-flags " + name + " is none of the servers: " + String.join(",", names));
      }
      all.put(name, words(options));
    });
    return all;
  }

  private static List<String> words(String options) {
    return options.isBlank() ? List.of() : List.of(options.strip().split("\\s+"));
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** Used by the meter and the page alike. */
  static String minutes(Duration time) {
    long seconds = Math.max(0, time.toSeconds());
    return String.format("%d:%02d", seconds / 60, seconds % 60);
  }
}
