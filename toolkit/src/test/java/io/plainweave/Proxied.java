package io.plainweave;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A client and an upstream, both plain sockets, and a server between them that relays.
 *
 * @param results what the relays have returned
 * @param reasons why the accepted connections have ended
 */
record Proxied(
    Server server,
    Client client,
    Client upstream,
    BlockingQueue<Relay.Result> results,
    BlockingQueue<CloseReason> reasons)
    implements AutoCloseable {
  /** What the handler does before it relays. */
  @FunctionalInterface
  interface Preface {
    void exchange(Connection connection, Connection upstream) throws Exception;
  }

  static Proxied connect() throws Exception {
    return connect(TimeLimits.NONE);
  }

  static Proxied connect(TimeLimits limits) throws Exception {
    return connect(limits, (_, _) -> {});
  }

  static Proxied connect(TimeLimits limits, Preface preface) throws Exception {
    var results = new LinkedBlockingQueue<Relay.Result>();
    var reasons = new LinkedBlockingQueue<CloseReason>();
    try (var target = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      target.setSoTimeout(10_000);
      // So small that a peer that does not read is soon felt at the other end.
      target.setReceiveBufferSize(64 * 1024);
      Connector connector = Connector.tcp("127.0.0.1", target.getLocalPort());
      Server server =
          Server.builder()
              .listen(Listen.tcp("127.0.0.1", 0))
              .maxConnections(1)
              .timeLimits(limits)
              .drainTimeout(Duration.ofSeconds(10))
              .observer(event -> {
                if (event instanceof ServerEvent.ConnectionClosed closed) {
                  reasons.add(closed.reason());
                }
              })
              .handler(connection -> {
                try (Connection upstream = connector.connect()) {
                  preface.exchange(connection, upstream);
                  results.add(Relay.between(connection, upstream));
                }
              })
              .start();
      Client client = Client.connect(server);
      var upstream = new Client(target.accept());
      upstream.socket().setSoTimeout(10_000);
      return new Proxied(server, client, upstream, results, reasons);
    }
  }

  /** What the relay has returned; null if it has not within ten seconds. */
  Relay.Result result() throws InterruptedException {
    return results.poll(10, TimeUnit.SECONDS);
  }

  /** Why the client's connection has ended; null if it has not within ten seconds. */
  CloseReason reason() throws InterruptedException {
    return reasons.poll(10, TimeUnit.SECONDS);
  }

  /** How many connections the server knows, accepted or opened. */
  int registered() {
    var count = new AtomicInteger();
    server.home().registry().forEach(_ -> count.incrementAndGet());
    return count.get();
  }

  @Override
  public void close() throws IOException {
    client.close();
    upstream.close();
    server.close();
    if (registered() != 0) {
      throw new AssertionError("connections left in the registry: " + registered());
    }
  }
}
