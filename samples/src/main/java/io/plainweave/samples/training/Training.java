package io.plainweave.samples.training;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.client.Connector;
import io.plainweave.event.ServerEvent;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;

/**
 * What the JVM learns from for the cache of the samples: a server starts as theirs do and serves
 * connections, and its classes and profiles are recorded.
 */
final class Training {
  /** From some thousands on, the optimising compiler has a profile of each method on the path. */
  private static final int ROUNDS = 40;

  private static final int CONNECTIONS = 250; // at a time, most of them idle
  private static final int MESSAGES = 4;

  /** On a machine that has other things to do, less is learnt. */
  private static final Duration ENOUGH = Duration.ofSeconds(10);

  private static final Duration AT_MOST = Duration.ofMinutes(5);

  private Training() {}

  public static void main(String[] args) {
    // Nobody waits for a training run, so it must end by itself.
    Thread.ofPlatform().daemon().start(() -> endAfter(AT_MOST));
    CompletableFuture<Integer> port = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            connectTo(port.join());
            System.exit(0);
          } catch (Throwable e) {
            e.printStackTrace();
            System.exit(1);
          }
        });
    ServerBuilder builder =
        Server.builder()
            .handler(connection -> connection.input().transferTo(connection.output()))
            .observer(event -> {
              if (event instanceof ServerEvent.Listening(InetSocketAddress address)) {
                port.complete(address.getPort());
              }
            });
    Server.serve(new String[] {"127.0.0.1:0"}, Listen.tcp(7000), builder);
  }

  private static void connectTo(int port) throws Exception {
    try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      long end = System.nanoTime() + ENOUGH.toNanos();
      for (int round = 0; round < ROUNDS && System.nanoTime() - end < 0; round++) {
        List<Connection> open = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
          open.add(Connector.tcp("127.0.0.1", port).connect());
        }
        for (Connection connection : open) {
          clients.submit(() -> exchange(connection)).get();
        }
      }
    }
  }

  private static Void exchange(Connection connection) throws IOException {
    try (connection) {
      Lines lines = Lines.of(connection, 100);
      for (int i = 0; i < MESSAGES; i++) {
        lines.write("hello");
        if (!"hello".equals(lines.read())) {
          throw new IOException("an answer is missing");
        }
      }
      connection.finishOutput();
      if (connection.input().read() >= 0) {
        throw new IOException("an answer has more than its message");
      }
    }
    return null;
  }

  private static void endAfter(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      // Nobody has this thread to interrupt it.
    }
    Runtime.getRuntime().halt(1);
  }
}
