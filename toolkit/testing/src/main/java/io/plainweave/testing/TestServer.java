package io.plainweave.testing;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.PeerState;
import io.plainweave.TimeLimits;
import io.plainweave.client.Client;
import io.plainweave.client.Connector;
import io.plainweave.event.DrainReport;
import io.plainweave.internal.connection.Home;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.socket.Listener;
import io.plainweave.internal.socket.Network;
import io.plainweave.internal.socket.Surroundings;
import io.plainweave.server.Server;
import io.plainweave.server.ServerState;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A server under test, and the ways to it: the whole machinery of a {@link Server}, in memory or on
 * sockets of this machine.
 *
 * {@snippet file="io/plainweave/testing/GuideTest.java" region="server"}
 *
 * <p>What the test connects ({@link #connect}, {@link #peer}) has no time limits and goes by the
 * time of the machine, also where the server has a {@link TestClock}.
 *
 * <p>All methods may be called by any thread.
 */
public final class TestServer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** A server that is full or suspended may let a connection wait for long. */
  private static final long ACCEPTING = TimeUnit.MILLISECONDS.toNanos(500);

  private final Server server;
  private final TestServerBuilder made;
  private final Surroundings inside;

  /** Opens the connections of the test. */
  private final Client client;

  private final ReentrantLock lock = new ReentrantLock();

  /** Has what {@link #call} opens; null before. Guarded by lock. */
  private @Nullable Client insideClient;

  private TestServer(Server server, TestServerBuilder made, Surroundings inside, Client client) {
    this.server = server;
    this.made = made;
    this.inside = inside;
    this.client = client;
  }

  /**
   * Describes a server in a network of its own, in memory.
   *
   * @return what it is made with
   */
  public static TestServerBuilder inMemory() {
    return new TestServerBuilder(TestServerBuilder.Place.MEMORY, null);
  }

  /**
   * Describes a server in a network in memory, beside others perhaps. Where that has a clock, it is
   * the server's.
   *
   * @param network where it listens
   * @return what it is made with
   */
  public static TestServerBuilder inMemory(MemoryNetwork network) {
    return new TestServerBuilder(
        TestServerBuilder.Place.MEMORY, Objects.requireNonNull(network, "network"));
  }

  /**
   * Describes a server at a free port of 127.0.0.1.
   *
   * @return what it is made with
   */
  public static TestServerBuilder onTcp() {
    return new TestServerBuilder(TestServerBuilder.Place.TCP, null);
  }

  /**
   * Describes a server at a Unix-domain socket in a folder of its own, which is removed at the end.
   *
   * @return what it is made with
   */
  public static TestServerBuilder onUnixSocket() {
    return new TestServerBuilder(TestServerBuilder.Place.UNIX, null);
  }

  static TestServer start(TestServerBuilder made, Surroundings inside, Callable<Server> starting)
      throws IOException, InterruptedException {
    Surroundings outside =
        inside.network() == Network.KERNEL
            ? Surroundings.MACHINE
            : new Surroundings(inside.network(), Surroundings.MACHINE.clock());
    Client client = outside.call(() -> Client.open(TimeLimits.NONE));
    boolean complete = false;
    try {
      Server server = starting.call();
      complete = true;
      return new TestServer(server, made, inside, client);
    } catch (IOException | InterruptedException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("no such exception is declared", e);
    } finally {
      if (!complete) {
        client.close();
      }
    }
  }

  /** {@return the server itself} */
  public Server server() {
    return server;
  }

  /**
   * Returns the network in memory.
   *
   * @return where the server listens
   * @throws IllegalStateException if it listens on a socket
   */
  public MemoryNetwork network() {
    return made.network();
  }

  /**
   * Returns a description of the way to the server, with TLS if it speaks that; it leads there in
   * {@link #call}, in a handler of this server, and, unless the server is in memory, everywhere.
   *
   * @return the description
   * @throws IOException if the trust cannot be read
   */
  public Connector connector() throws IOException {
    return made.connector(server);
  }

  /**
   * Connects to the server.
   *
   * @return the connection, the caller's to close; {@link #close()} resets it if it is open
   * @throws IOException if that was not possible
   * @throws InterruptedException if the calling thread is interrupted
   */
  public Connection connect() throws IOException, InterruptedException {
    return connect(connector());
  }

  /**
   * Connects to the server otherwise than it asks for, from another address for example.
   *
   * @param connector how
   * @return the connection, the caller's to close; {@link #close()} resets it if it is open
   * @throws IOException if that was not possible
   * @throws InterruptedException if the calling thread is interrupted
   */
  public Connection connect(Connector connector) throws IOException, InterruptedException {
    long before = server.live().status().accepted();
    Connection connected = client.connect(connector);
    if (made.clock() != null) {
      awaitAccepted(before, connected);
    }
    return connected;
  }

  /**
   * Waits until a connection is served, or turned away, so that the clock does not move before: the
   * thread that accepts is none of those at which it looks.
   */
  private void awaitAccepted(long before, Connection connected) throws InterruptedException {
    long begin = System.nanoTime();
    while (server.live().status().accepted() == before
        && connected.peerState() == PeerState.OPEN
        && System.nanoTime() - begin < ACCEPTING) {
      TimeUnit.MICROSECONDS.sleep(200);
    }
  }

  /**
   * Connects a scripted peer.
   *
   * @return the peer, the caller's to close; {@link #close()} resets it if it is open
   * @throws IOException if that was not possible
   * @throws InterruptedException if the calling thread is interrupted
   */
  public Peer peer() throws IOException, InterruptedException {
    return Peer.over(connect());
  }

  /**
   * Runs code that connects by itself, as one of a client library does: whatever {@link Connector}
   * or pool it has leads into the network of this server, and goes by its clock.
   *
   * @param <T> the type of the result
   * @param work what to run, in the calling thread
   * @return what the work returns
   * @throws Exception what the work throws
   */
  public <T extends @Nullable Object> T call(Callable<T> work) throws Exception {
    return inside.bind(ScopedValue.where(Home.CURRENT, homeInside())).call(work::call);
  }

  private Client openInside() throws IOException, InterruptedException {
    lock.lock();
    try {
      Client opened = insideClient;
      if (opened == null) {
        opened = inside.call(() -> Client.open(TimeLimits.DEFAULT));
        insideClient = opened;
      }
      return opened;
    } finally {
      lock.unlock();
    }
  }

  private Home homeInside() throws IOException, InterruptedException {
    Client opened = openInside();
    // A connection knows where it lives, and so it takes one, to a place that is not the server's.
    try (Listener place = inside.network().bind(Listen.tcp("127.0.0.1", 0)).getFirst()) {
      int port = ((InetSocketAddress) place.address()).getPort();
      try (Connection probe = opened.connect(Connector.tcp("127.0.0.1", port))) {
        probe.abort();
        return ((SocketConnection) probe).home();
      }
    }
  }

  /**
   * Drains the server as {@link Server#drain()} does, and moves its {@link TestClock} meanwhile, if
   * it has one, for as long as the drain may take.
   *
   * @return what has become of the connections
   * @throws InterruptedException if the calling thread is interrupted
   */
  public DrainReport drain() throws InterruptedException {
    TestClock clock = made.clock();
    if (clock == null) {
      return server.drain();
    }
    CompletableFuture<DrainReport> report = new CompletableFuture<>();
    Thread draining = Thread.ofPlatform().start(() -> report.complete(server.drain()));
    clock.advanceWhile(() -> !report.isDone());
    draining.join();
    return report.join();
  }

  /**
   * Resets the connections of the test, cancels what is left of the server, and waits for its end.
   * To see it drain, call {@link #drain()} before.
   *
   * @throws IllegalStateException if a thread of the server has not ended after ten seconds; the
   *     message says where it stands
   */
  @Override
  public void close() {
    try {
      client.close();
      closeInside();
      server.shutdownNow();
      if (server.state() != ServerState.TERMINATED && !server.awaitTermination(PATIENCE)) {
        throw new IllegalStateException(
            "the server has not ended "
                + PATIENCE.toSeconds()
                + " s after it was cancelled: "
                + server.drain());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      made.cleanUp();
    }
  }

  /** Resets the connections of the test. */
  void disconnect() {
    client.close();
  }

  private void closeInside() {
    lock.lock();
    Client opened = insideClient;
    lock.unlock();
    if (opened != null) {
      opened.close();
    }
  }
}
