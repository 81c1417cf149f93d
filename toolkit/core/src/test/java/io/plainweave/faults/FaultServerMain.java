package io.plainweave.faults;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.TcpOptions;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.event.DrainReport;
import io.plainweave.event.HandlerPosition;
import io.plainweave.event.ServerEvent;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.server.ServerInsides;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/**
 * The program of a {@link FaultServer}: a server that its test asks for its counts, a line at a
 * time, on the standard input. The end of the input ends it.
 */
final class FaultServerMain {
  private final Map<String, String> options;

  /** Descriptors that are not there for connections, and of which the server does not know. */
  private final List<FileInputStream> taken = new ArrayList<>();

  private final ConcurrentMap<String, LongAdder> counts = new ConcurrentHashMap<>();

  private FaultServerMain(Map<String, String> options) {
    this.options = options;
  }

  public static void main(String[] args) throws Exception {
    Map<String, String> options = new HashMap<>();
    for (String arg : args) {
      options.put(arg.split("=")[0], arg.split("=")[1]);
    }
    new FaultServerMain(options).run();
  }

  private int option(String name, int standard) {
    return Integer.parseInt(options.getOrDefault(name, Integer.toString(standard)));
  }

  private Duration millis(String name, int standard) {
    return Duration.ofMillis(option(name, standard));
  }

  private TimeLimits limits() {
    return new TimeLimits(
        millis("handshake", 0),
        millis("firstByte", 0),
        millis("message", 0),
        millis("idle", 0),
        millis("silence", 0),
        millis("writeStall", 0),
        millis("halfClosed", 0),
        millis("lifetime", 0),
        millis("linger", 1000),
        option("minReceiveRate", 0));
  }

  private Listen listen() {
    int port = option("port", 0);
    TcpOptions tcp = TcpOptions.DEFAULT.sendBuffer(option("sendBuffer", 0));
    if (option("keepAlive", 0) > 0) {
      tcp = tcp.keepAlive(Duration.ofSeconds(1), Duration.ofSeconds(1), option("keepAlive", 0));
    }
    String host = options.getOrDefault("host", "127.0.0.1");
    return (option("any", 0) == 1 ? Listen.tcp(port) : Listen.tcp(host, port))
        .acceptors(option("acceptors", 1))
        .rebindFor(millis("rebindFor", 30_000))
        .options(tcp);
  }

  private AdmissionRules admission() {
    String goodbye = options.getOrDefault("goodbye", "");
    return AdmissionRules.DEFAULT
        .maxConnections(option("max", 0))
        .maxPerSource(option("perSource", 0))
        .goodbye(ByteBuffer.wrap(goodbye.getBytes(StandardCharsets.US_ASCII)));
  }

  private void run() throws Exception {
    ServerBuilder builder = Server.builder();
    if (options.containsKey("loops")) {
      builder.eventLoops(option("loops", 0));
    }
    builder
        .listen(listen())
        .handler(this::handle)
        .admission(admission())
        .maxCarriers(option("carriers", 2 * Runtime.getRuntime().availableProcessors()))
        .timeLimits(limits())
        .drainDelay(millis("drainDelay", 0))
        .drainTimeout(millis("drainTimeout", 10_000))
        .observer(this::count);
    if (options.get("unix") instanceof String path) {
      builder.listen(
          Listen.unix(Path.of(path)).permissions(options.getOrDefault("mode", "rw-------")));
    }
    Server server = builder.build();
    // What it takes to answer is loaded while there are descriptors for that.
    counts(server, true);
    Behaviour.values();
    for (int i = option("take", 0); i > 0; i--) {
      taken.add(new FileInputStream("/dev/null"));
    }
    server.start();
    System.out.println("port=" + server.port());
    var commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String command; (command = commands.readLine()) != null; ) {
      System.out.println(answer(server, command));
    }
    Runtime.getRuntime().halt(0);
  }

  /** Serves who may be served: over a Unix-domain socket, perhaps one user only. */
  private void handle(Connection connection) throws Exception {
    String allowed = options.get("user");
    var peer = connection.peerCredentials();
    if (allowed != null && peer.isPresent() && !peer.get().user().getName().equals(allowed)) {
      connection.abort();
      return;
    }
    Behaviour.BY_FIRST_BYTE.handle(connection);
  }

  private String answer(Server server, String command) throws Exception {
    return switch (command) {
      case "counts" -> counts(server, true);
      case "events" -> counts(server, false);
      case "drain" -> report(server.drain());
      case "close" -> {
        server.close();
        yield "closed=1";
      }
      case "shutdown" -> {
        server.shutdown();
        yield "shutdown=1";
      }
      case "release" -> {
        Behaviour.release();
        yield "released=1";
      }
      case "fresh" -> "served=" + beServed(server.port());
      case "heap" -> {
        System.gc();
        System.gc();
        yield "heap=" + ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
      }
      default -> throw new IllegalArgumentException(command);
    };
  }

  private void count(ServerEvent event) {
    switch (event) {
      case ServerEvent.ConnectionOpened _ -> add("opened");
      case ServerEvent.ConnectionClosed e -> {
        add("closed");
        add("reason." + name(e.reason()));
      }
      case ServerEvent.AcceptFailed e -> {
        add("acceptFailed");
        add("acceptFailed" + e.origin());
      }
      case ServerEvent.BacklogFull _ -> add("backlogFull");
      case ServerEvent.ListenerLost _ -> add("listenerLost");
      case ServerEvent.ListenerRestored _ -> add("listenerRestored");
      case ServerEvent.ListenerFailed _ -> add("listenerFailed");
      case ServerEvent.CarriersBusy e -> {
        add("carriersBusy");
        e.running().forEach(position -> add("busy." + position.stack().getFirst().getMethodName()));
      }
      case ServerEvent.ConnectionsRefused e -> add("refused." + e.reason(), e.count());
      case ServerEvent.ManyConnections _ -> add("manyConnections");
      case ServerEvent.MemoryShort _ -> add("memoryShort");
      case ServerEvent.ConnectionsLimited e -> add("limitedTo", e.maximum());
      default -> {
        // Not counted.
      }
    }
  }

  private static String name(CloseReason reason) {
    return reason instanceof CloseReason.TimedOut(var limit)
        ? limit.name()
        : reason.getClass().getSimpleName();
  }

  private void add(String name) {
    add(name, 1);
  }

  /**
   * Asks first whether the counter is there: computeIfAbsent may take the monitor of a bin for
   * that, too, and of thousands of virtual threads that wait for a monitor one may never be woken
   * (JDK-8373120); then all that come after it wait as well.
   */
  private void add(String name, long count) {
    LongAdder counter = counts.get(name);
    if (counter == null) {
      counter = counts.computeIfAbsent(name, _ -> new LongAdder());
    }
    counter.add(count);
  }

  /** The threads are counted in a file: that is not for when there is no descriptor left. */
  private String counts(Server server, boolean threads) throws IOException {
    Map<String, Object> all = new TreeMap<>(counts);
    all.put("connections", server.connections());
    all.put("registered", ServerInsides.registered(server));
    all.put("sources", ServerInsides.knownSources(server));
    all.put("state", server.state().ordinal());
    if (threads) {
      all.put("threads", connectionThreads());
    }
    return all.entrySet().stream().map(Object::toString).collect(Collectors.joining(" "));
  }

  /** The frames of connections and their scopes in a dump, which has one or two for a thread. */
  private static long connectionThreads() throws IOException {
    Path dump = Files.createTempDirectory("threads").resolve("dump.txt");
    ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .dumpThreads(dump.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
    try (var lines = Files.lines(dump)) {
      return lines
          .filter(line ->
              line.contains("io.plainweave.internal.connection.SocketConnection.call")
                  || line.contains("io.plainweave.internal.connection.ConnectionThreads.run"))
          .count();
    } finally {
      Files.delete(dump);
      Files.delete(dump.getParent());
    }
  }

  private static String report(DrainReport report) {
    return "finished=%d forced=%d survivors=%d millis=%d stuck=%d"
        .formatted(
            report.finished(),
            report.forced(),
            report.survivors().size(),
            report.elapsed().toMillis(),
            standing(report.survivors(), "ignoreInterrupts"));
  }

  private static long standing(List<HandlerPosition> positions, String method) {
    return positions.stream().filter(position -> position.line().contains(method)).count();
  }

  /** Is a client itself, where the test cannot reach the server. */
  private static int beServed(int port) {
    try (var socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(new byte[] {(byte) Behaviour.ECHO.code(), '?'});
      boolean served = socket.getInputStream().read() == '?';
      socket.shutdownOutput();
      socket.getInputStream().readAllBytes();
      return served ? 1 : 0;
    } catch (IOException e) {
      return 0;
    }
  }
}
