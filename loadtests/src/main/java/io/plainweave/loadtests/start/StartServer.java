package io.plainweave.loadtests.start;

import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.Listen;
import io.plainweave.framing.Lines;
import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.control.Target;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;
import io.plainweave.server.Server;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The server of the start signal: generators wait on their connections until all are there. */
final class StartServer implements AutoCloseable {
  static final String READY = "ready";
  static final String WAITING = "waiting";
  static final String START = "start";
  static final String FAILED = "failed";

  /** How often the generators hear that the signal is alive. */
  private static final Duration BEAT = Duration.ofSeconds(1);

  private static final int LONGEST_LINE = 100;
  private static final int OUTBOX = 100;

  private final int generators;
  private final Group waiting = new Group();

  /** A permit for each time that somebody has come or gone. */
  private final Semaphore changes = new Semaphore(0);

  private final Server server;

  private StartServer(int port, int generators) {
    this.generators = generators;
    this.server = Server.builder().listen(Listen.tcp(port)).handler(this::handle).build();
  }

  static StartServer open(int port, int generators) throws IOException, InterruptedException {
    StartServer opened = new StartServer(port, generators);
    opened.server.start();
    return opened;
  }

  int port() {
    return server.port();
  }

  /**
   * Waits until all are there and lets them begin, or sends them home at the limit.
   *
   * @param observer is told who is there, whenever that changes
   * @return whether they have begun
   */
  boolean awaitAll(Duration limit, Consumer<Set<String>> observer) throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    Set<String> told = Set.of();
    while (true) {
      Set<String> here = waiting.names();
      if (!here.equals(told)) {
        observer.accept(here);
        told = here;
      }
      if (here.size() >= generators) {
        broadcast(START + " " + here.size() + " of " + generators);
        return true;
      }
      if (deadline - System.nanoTime() <= 0) {
        broadcast(FAILED + " " + shortfall(limit));
        return false;
      }
      broadcast(WAITING + " " + here.size() + " of " + generators);
      long wait = Math.min(BEAT.toNanos(), deadline - System.nanoTime());
      if (changes.tryAcquire(wait, TimeUnit.NANOSECONDS)) {
        changes.drainPermits();
      }
    }
  }

  /** A sentence for those who waited in vain. */
  String shortfall(Duration limit) {
    return String.format(
        "%d of %d generators came within %s",
        waiting.names().size(), generators, DurationConverter.text(limit));
  }

  /** Lets the waiting connections end. */
  @Override
  public void close() {
    server.close();
  }

  private void handle(Connection connection) throws Exception {
    Lines lines = Lines.of(connection, LONGEST_LINE);
    if (!READY.equals(lines.read())) {
      return; // somebody who only looks whether we are here
    }
    Outbox outbox = new Outbox(connection, OUTBOX, Outbox.Policy.DISCONNECT);
    try (ConnectionScope generator = connection.openScope()) {
      generator.fork("outbox", outbox);
      try (outbox) {
        waiting.join(name(connection), outbox);
        changes.release();
        lines.read(); // the end of the stream, be it that the generator goes or that we end
      } finally {
        changes.release();
      }
      generator.join();
    }
  }

  private static String name(Connection connection) {
    InetSocketAddress remote = (InetSocketAddress) connection.remoteAddress();
    return new Target(remote.getAddress().getHostAddress(), remote.getPort()).toString();
  }

  private void broadcast(String line) throws InterruptedException {
    waiting.broadcast((line + "\n").getBytes(StandardCharsets.US_ASCII));
  }
}
