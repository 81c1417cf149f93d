package io.plainweave.loadtests.soak;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.event.DrainReport;
import io.plainweave.event.ServerEvent;
import io.plainweave.framing.Frames;
import io.plainweave.framing.LengthPrefix;
import io.plainweave.loadtests.tls.ServerIdentity;
import io.plainweave.messaging.Outbox;
import io.plainweave.server.Server;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The server whose connections come and go. It answers {@code sample} with a line of what it holds,
 * and {@code drain} with how that went.
 */
final class SoakServer {
  static final String SAMPLE = "sample";
  static final String DRAIN = "drain";

  /** The messages of {@link Visit#PUSHED}. */
  static final int PUSHED = 3;

  static final byte[] PUSH = "a message that was not asked for".getBytes(StandardCharsets.US_ASCII);

  static final int LONGEST_FRAME = 1_000;

  private static final Duration TO_BE_ALONE = Duration.ofSeconds(30);

  private final AtomicLong opened = new AtomicLong();
  private final AtomicLong closed = new AtomicLong();
  private final AtomicLong handled = new AtomicLong();
  private final Leak leak;
  private final int each;

  private SoakServer(Leak leak, int each) {
    this.leak = leak;
    this.each = each;
  }

  /** Runs until its standard input ends: loops, identity, path, leak, in one of how many. */
  public static void main(String[] args) throws Exception {
    new SoakServer(Leak.valueOf(args[3]), Integer.parseInt(args[4]))
        .run(Integer.parseInt(args[0]), Path.of(args[1]), Path.of(args[2]));
  }

  private void run(int loops, Path identity, Path path) throws Exception {
    ServerTls tls =
        ServerTls.builder()
            .identity(Identity.pkcs12(identity, ServerIdentity.PASSWORD.toCharArray()))
            .build();
    Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .listen(Listen.tcp("127.0.0.1", 0).tls(tls))
            .listen(Listen.unix(path))
            .eventLoops(loops)
            .observer(this::count)
            .handler(this::handle)
            .start();
    var ports = new StringBuilder("ports");
    for (var address : server.addresses()) {
      if (address instanceof InetSocketAddress tcp) {
        ports.append(' ').append(tcp.getPort());
      }
    }
    System.out.println(ports);
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line; (line = lines.readLine()) != null; ) {
      System.out.println(line.equals(DRAIN) ? report(server.drain()) : sample(server));
    }
    Runtime.getRuntime().halt(0);
  }

  private void count(ServerEvent event) {
    if (event instanceof ServerEvent.ConnectionOpened) {
      opened.incrementAndGet();
    } else if (event instanceof ServerEvent.ConnectionClosed) {
      closed.incrementAndGet();
    }
  }

  private String sample(Server server) throws Exception {
    boolean alone = server.awaitConnections(0, TO_BE_ALONE);
    return "left=%d opened=%d closed=%d accepted=%d ended=%d outbound=%d buffers=%d %s"
        .formatted(
            alone ? 0 : server.connections(),
            opened.get(),
            closed.get(),
            server.live().status().accepted(),
            server.live().status().totalClosed(),
            server.live().status().outbound(),
            server.live().status().buffers(),
            Holdings.ofThisProcess());
  }

  private static String report(DrainReport report) {
    return "finished=%d forced=%d survivors=%d"
        .formatted(report.finished(), report.forced(), report.survivors().size());
  }

  private void handle(Connection connection) throws Exception {
    if (leak != Leak.NONE && handled.incrementAndGet() % each == 0) {
      leak.happen();
    }
    int code = connection.input().read();
    switch (code) {
      case -1 -> {}
      case 'e' -> {
        connection.output().write(code);
        connection.input().transferTo(connection.output());
      }
      case 'q' -> connection.output().write(code);
      case 'a' -> connection.abort();
      case 'f' -> answerFrames(connection);
      case 's' -> push(connection);
      default -> throw new IllegalStateException("a client wants this handler to fail");
    }
  }

  private static void answerFrames(Connection connection) throws IOException {
    Frames frames = Frames.lengthPrefixed(connection, LengthPrefix.U16_BIG_ENDIAN, LONGEST_FRAME);
    for (byte[] frame; (frame = frames.read()) != null; ) {
      frames.write(frame);
    }
  }

  private static void push(Connection connection) throws Exception {
    try (var scope = connection.openScope()) {
      var outbox = new Outbox(connection, 16, Outbox.Policy.BLOCK);
      scope.fork("outbox", outbox);
      for (int i = 0; i < PUSHED; i++) {
        outbox.offer(PUSH);
      }
      outbox.close();
      scope.join();
    }
  }
}
