package io.plainweave.internal.connection;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionScope;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TcpListen;
import io.plainweave.TcpOptions;
import io.plainweave.TimeLimits;
import io.plainweave.client.Relay;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.Proxied;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.TlsServer;
import io.plainweave.fixture.UnixClient;
import io.plainweave.internal.time.Ticks;
import io.plainweave.messaging.Outbox;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.server.ServerInsides;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The kernel says that there is room when much of the send buffer is free. A peer that reads a
 * little at a time makes room for a write long before that.
 */
@DisplayName("A peer that reads slowly, but all the time")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class SlowReaderTest {
  /** Long enough for a client to read a piece, whatever else the machine does. */
  private static final TimeLimits LIMITS = TimeLimits.NONE.writeStall(Duration.ofSeconds(1));

  /** What a socket takes ahead of its reader; the kernel doubles it. */
  private static final int WINDOW = 64 * 1024;

  /** Lets the kernel open the window again, and makes far too little room for it to say so. */
  private static final int PIECE = 2 * WINDOW;

  private static final TcpOptions NARROW = TcpOptions.DEFAULT.sendBuffer(200_000);

  private static final int PIECES = 2;
  private static final int MESSAGE = 32 * 1024;
  private static final byte[] REPLY = new byte[1_500_000];

  private final ConnectionEvents events = new ConnectionEvents();

  private Server start(Listen listen, Handler handler) throws Exception {
    return builder(listen, handler).timeLimits(LIMITS).start();
  }

  private ServerBuilder builder(Listen listen, Handler handler) {
    return Server.builder()
        .listen(listen)
        .handler(handler)
        .observer(events)
        .drainTimeout(Duration.ofSeconds(10))
        .stopOnSignal(false);
  }

  private static TcpListen tcp() {
    return Listen.tcp("127.0.0.1", 0).options(NARROW);
  }

  private static Socket narrow(Server server) throws Exception {
    var socket = new Socket();
    socket.setReceiveBufferSize(WINDOW);
    socket.setSoTimeout(10_000);
    socket.connect(new InetSocketAddress("127.0.0.1", server.port()));
    return socket;
  }

  /** Reads piece by piece, each when a thread has sent something for the one before. */
  private static void readSlowly(InputStream input, Server server) throws Exception {
    readSlowly(input, output(server, false), server);
  }

  private static void readSlowly(InputStream input, ConnectionOutput output, Server server)
      throws Exception {
    for (int i = 0; i < PIECES; i++) {
      awaitFull(output, server);
      int before = output.lastSent();
      assertEquals(PIECE, input.readNBytes(PIECE).length);
      await().until(() -> output.lastSent() != before);
    }
  }

  /** Waits until nothing has moved for a while, and whatever moves does so in another tick. */
  private static void awaitFull(ConnectionOutput output, Server server) {
    Ticks ticks = ServerInsides.ticks(server);
    await().until(() -> output.isSending() && ticks.now() - output.lastSent() > 2);
  }

  private static ConnectionOutput output(Server server, boolean outbound) {
    var found = new AtomicReference<ConnectionOutput>();
    await()
        .until(() -> {
          ServerInsides.registry(server)
              .forEach(connection -> {
                if (connection.isOutbound() == outbound) {
                  found.set(connection.socketOutput());
                }
              });
          return found.get() != null;
        });
    return found.get();
  }

  private static int readRest(InputStream input) throws Exception {
    return PIECES * PIECE + input.readAllBytes().length;
  }

  @Test
  void isNotStalled() throws Exception {
    try (Server server = start(tcp(), connection -> connection.output().write(REPLY));
        Socket client = narrow(server)) {
      readSlowly(client.getInputStream(), server);
      assertEquals(REPLY.length, readRest(client.getInputStream()));
    }
    assertEquals(new CloseReason.Finished(), events.awaitReason());
  }

  @Test
  void isNotStalledOverTls(@TempDir Path folder) throws Exception {
    TlsServer tls = TlsServer.in(folder);
    try (Server server =
            start(tls.listen().options(NARROW), connection -> connection.output().write(REPLY));
        Socket client = tls.connect(narrow(server), "TLSv1.3")) {
      readSlowly(client.getInputStream(), server);
      assertEquals(REPLY.length, readRest(client.getInputStream()));
    }
    assertEquals(new CloseReason.Finished(), events.awaitReason());
  }

  @Test
  void isNotStalledOnAUnixDomainSocket(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("socket");
    try (Server server = start(Listen.unix(path), connection -> connection.output().write(REPLY));
        UnixClient client = UnixClient.connect(path)) {
      readSlowly(client.input(), server);
      assertEquals(REPLY.length, readRest(client.input()));
    }
    assertEquals(new CloseReason.Finished(), events.awaitReason());
  }

  @Test
  void isNotStalledBehindARelay() throws Exception {
    // More than all sockets on the way take.
    byte[] request = new byte[8_000_000];
    try (Proxied proxied = Proxied.connect(LIMITS);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> sent =
          threads.submit(() -> {
            proxied.client().socket().getOutputStream().write(request);
            proxied.client().finish();
            return null;
          });
      InputStream input = proxied.upstream().socket().getInputStream();
      readSlowly(input, output(proxied.server(), true), proxied.server());
      assertEquals(request.length, readRest(input));
      sent.get();
      proxied.upstream().finish();
      assertEquals(new Relay.Result(request.length, 0), proxied.result());
    }
  }

  @Test
  void isNotIdle() throws Exception {
    Handler reads =
        connection -> {
          try (ConnectionScope scope = connection.openScope()) {
            scope.fork("writer", () -> connection.output().write(REPLY));
            assertEquals(-1, connection.input().read());
            scope.join();
          }
        };
    try (Server server =
            builder(tcp(), reads).timeLimits(TimeLimits.NONE.idle(Duration.ofSeconds(1))).start();
        Socket client = narrow(server)) {
      readSlowly(client.getInputStream(), server);
      client.shutdownOutput();
      assertEquals(REPLY.length, readRest(client.getInputStream()));
    }
    assertEquals(new CloseReason.Finished(), events.awaitReason());
  }

  @Test
  void isNotDisconnectedByAnOutboxWhoseMessagesItTakes() throws Exception {
    var outboxes = new CompletableFuture<Outbox>();
    Handler sends =
        connection -> {
          var outbox = new Outbox(connection, 1, Outbox.Policy.DISCONNECT);
          try (ConnectionScope scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            outboxes.complete(outbox);
            scope.join();
          }
        };
    try (Server server = builder(tcp(), sends).timeLimits(TimeLimits.NONE).start();
        Socket client = narrow(server);
        Outbox outbox = outboxes.get()) {
      Ticks ticks = ServerInsides.ticks(server);
      ConnectionOutput output = output(server, false);
      int offered = 0;
      boolean full = false;
      while (!full) {
        assertTrue(outbox.offer(new byte[MESSAGE]));
        long all = offered += MESSAGE;
        await().until(() -> output.sent() == all || ticks.now() - output.lastSent() > 5);
        full = output.sent() < all;
      }
      assertTrue(outbox.offer(new byte[MESSAGE]));
      assertEquals(PIECE, client.getInputStream().readNBytes(PIECE).length);
      assertTrue(outbox.offer(new byte[MESSAGE]), "the queue was full, but the socket was not");
      outbox.close();
      offered += 2 * MESSAGE;
      assertEquals(offered - PIECE, client.getInputStream().readAllBytes().length);
    }
  }

  @Test
  void hasTheEndOfTheReplyWhenTheHandlerWaitsInVainForItsEnd() throws Exception {
    Handler finishesFirst =
        connection -> {
          connection.output().write(new byte[200_000]);
          connection.finishOutput();
          connection.input().readAllBytes();
        };
    try (Server server =
            builder(tcp(), finishesFirst)
                .timeLimits(TimeLimits.NONE.halfClosed(Duration.ofMillis(500)))
                .start();
        Socket client = narrow(server)) {
      events.assertEndedBy(TimeLimits.Kind.HALF_CLOSED);
      assertEquals(200_000, client.getInputStream().readAllBytes().length);
    }
  }
}
