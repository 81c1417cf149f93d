package io.plainweave.loadtests.havoc;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Network;
import io.plainweave.event.DrainReport;
import io.plainweave.loadtests.tls.ServerIdentity;
import io.plainweave.server.Server;
import io.plainweave.status.ConnectionStatus;
import io.plainweave.status.LiveConnection;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import io.plainweave.trace.Trace;
import io.plainweave.trace.TraceLimits;
import io.plainweave.trace.TraceTarget;
import io.plainweave.udp.Udp;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * The server that all of it is done to. It answers each line of its standard input with one on its
 * standard output.
 */
final class HavocServer {
  /** How many connections there may be, in all and of a source. */
  static final int PERMITS = 300;

  static final Duration DRAIN = Duration.ofSeconds(20);

  /** Far above what a good client takes, also on a machine that does much else. */
  static final TimeLimits LIMITS =
      TimeLimits.NONE
          .handshake(Duration.ofSeconds(15))
          .firstByte(Duration.ofSeconds(15))
          .message(Duration.ofSeconds(20))
          .idle(Duration.ofSeconds(30))
          .writeStall(Duration.ofSeconds(10))
          .halfClosed(Duration.ofSeconds(10))
          .linger(Duration.ofSeconds(2));

  private final Ledger ledger;
  private final Service service;
  private final ServerTls tls;
  private final Server server;
  private final Path folder;
  private final List<FileInputStream> taken = new ArrayList<>();
  private Trace trace;

  private HavocServer(String[] args) throws IOException, InterruptedException {
    var defect = Defect.valueOf(args[2]);
    folder = Path.of(args[1]);
    ledger = new Ledger(defect);
    service = new Service(defect);
    tls =
        ServerTls.builder()
            .identity(
                Identity.pkcs12(
                    folder.resolve("identity.p12"), ServerIdentity.PASSWORD.toCharArray()))
            .build();
    int port = Integer.parseInt(args[3]);
    service.reaches(port, port + 2);
    server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", port))
            .listen(Listen.tcp("127.0.0.1", port + 1).tls(tls))
            .listen(Listen.tcp("127.0.0.1", port + 2), service::answer)
            .listen(Listen.unix(folder.resolve("socket")))
            .sessions(Udp.at("127.0.0.1", port), service::handle)
            .eventLoops(Integer.parseInt(args[0]))
            .timeLimits(LIMITS)
            .admission(AdmissionRules.DEFAULT.maxConnections(PERMITS).maxPerSource(PERMITS))
            .drainTimeout(DRAIN)
            .observer(ledger::note)
            .handler(service::handle)
            .build();
  }

  /** Runs until its input ends: loops, folder, defect, first of three ports. */
  public static void main(String[] args) throws Exception {
    new HavocServer(args).run();
  }

  private void run() throws Exception {
    deepCounts(); // what it takes to answer is loaded while there are descriptors for that
    server.start();
    System.out.println("listens");
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line; (line = lines.readLine()) != null; ) {
      String[] words = line.split(" ");
      String answer;
      try {
        answer = answer(words[0], words.length > 1 ? words[1] : "");
      } catch (IOException | RuntimeException | Error e) {
        answer = "failed " + e.toString().replace('\n', ' ');
      }
      System.out.println(answer);
    }
    Runtime.getRuntime().halt(0);
  }

  private String answer(String command, String argument) throws Exception {
    return switch (command) {
      case "counts" -> text(counts());
      case "deep" -> text(deepCounts());
      case "interrupt" -> said(service.interrupt(argument));
      case "end" -> said(end(of(argument), false));
      case "reset" -> said(end(of(argument), true));
      case "outbound" -> said(end(ConnectionStatus::outbound, true));
      case "reload" -> {
        tls.reload();
        yield "reloaded";
      }
      case "trace" -> {
        trace =
            server
                .live()
                .trace(
                    Network.parse("127.0.0.0/8"),
                    TraceTarget.text(Path.of(argument)),
                    new TraceLimits(1 << 30, Duration.ofMinutes(5)));
        yield "begun";
      }
      case "traced" -> {
        trace.close();
        trace.awaitEnd(Duration.ofSeconds(10));
        String end = String.valueOf(trace.end().orElse(null));
        trace = null; // it would keep the connections that it has seen last
        yield end;
      }
      case "take" -> "taken " + take();
      case "give" -> {
        for (FileInputStream file : taken) {
          file.close();
        }
        taken.clear();
        yield "given";
      }
      case "closePool" -> {
        service.close();
        yield "closed";
      }
      case "drain" -> report(server.drain());
      default -> "failed nobody knows " + command;
    };
  }

  /** Takes all descriptors that there are; how many. */
  private int take() {
    try {
      while (true) {
        taken.add(new FileInputStream("/dev/null"));
      }
    } catch (IOException none) {
      return taken.size();
    }
  }

  private static String said(boolean done) {
    return done ? "done" : "gone";
  }

  private static Predicate<ConnectionStatus> of(String client) {
    String[] ports = client.split("/");
    return status ->
        !status.outbound()
            && status.remoteAddress() instanceof InetSocketAddress remote
            && remote.getPort() == Integer.parseInt(ports[0])
            && status.localAddress() instanceof InetSocketAddress local
            && local.getPort() == Integer.parseInt(ports[1]);
  }

  private boolean end(Predicate<ConnectionStatus> which, boolean reset) {
    LiveConnection found;
    try (Stream<LiveConnection> all = server.live().find(which)) {
      found = all.findFirst().orElse(null);
    }
    if (found == null) {
      return false;
    }
    if (reset) {
      return found.reset("havoc");
    }
    // It may take as long as a write may stall.
    LiveConnection ended = found;
    Thread.ofVirtual().start(() -> ended.end("havoc"));
    return true;
  }

  private Map<String, Long> counts() {
    Map<String, Long> all = new TreeMap<>(ledger.counts());
    var status = server.live().status();
    all.put("connections", (long) server.connections());
    try (Stream<ConnectionStatus> live = server.live().connections()) {
      all.put("live", live.count());
    }
    all.put("outbound", (long) status.outbound());
    all.put("buffers", (long) status.buffers());
    all.put("accepted", status.accepted());
    all.put("ended", status.totalClosed());
    return all;
  }

  private Map<String, Long> deepCounts() throws Exception {
    System.gc();
    Map<String, Long> all = counts();
    all.put("descriptors", descriptors());
    all.put("onHeap", connectionsOnTheHeap());
    all.put("threads", connectionThreads());
    return all;
  }

  private static String text(Map<String, Long> counts) {
    return counts.entrySet().stream().map(Object::toString).collect(Collectors.joining(" "));
  }

  /** Without those by which it looks at the kernel's tables, and at this one. */
  private static long descriptors() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.filter(
              file -> {
                try {
                  return !Files.readSymbolicLink(file).startsWith("/proc");
                } catch (IOException closedMeanwhile) {
                  return false;
                }
              })
          .count();
    }
  }

  private static long connectionsOnTheHeap() throws JMException {
    String histogram =
        (String)
            ManagementFactory.getPlatformMBeanServer()
                .invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "gcClassHistogram",
                    new Object[] {new String[0]},
                    new String[] {String[].class.getName()});
    return histogram
        .lines()
        .filter(line ->
            line.matches(
                ".*\\bio\\.plainweave\\.internal\\.connection\\.SocketConnection\\b(?!\\$).*"))
        .mapToLong(line -> Long.parseLong(line.strip().split("\\s+")[1]))
        .sum();
  }

  /** The frames of connections and their scopes in a dump. */
  private long connectionThreads() throws IOException {
    Path dump = folder.resolve("threads");
    Files.deleteIfExists(dump);
    ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .dumpThreads(dump.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
    try (Stream<String> lines = Files.lines(dump)) {
      return lines
          .filter(line ->
              line.contains("io.plainweave.internal.connection.SocketConnection.call")
                  || line.contains("io.plainweave.internal.connection.ConnectionThreads.run"))
          .count();
    }
  }

  private static String report(DrainReport report) {
    return "finished=%d forced=%d survivors=%d millis=%d"
        .formatted(
            report.finished(),
            report.forced(),
            report.survivors().size(),
            report.elapsed().toMillis());
  }
}
