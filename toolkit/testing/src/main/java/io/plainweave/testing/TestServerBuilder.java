package io.plainweave.testing;

import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.client.Connector;
import io.plainweave.internal.socket.Network;
import io.plainweave.internal.socket.Surroundings;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.tls.ClientTls;
import io.plainweave.tls.ServerTls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Collects what makes a {@link TestServer}. A handler is needed; all else has a default, which is
 * that of {@link ServerBuilder}, but that signals are left alone. A builder is for one server.
 */
public final class TestServerBuilder {
  /** Where a server listens. */
  enum Place {
    MEMORY,
    TCP,
    UNIX
  }

  private final Place place;
  private final List<Consumer<ServerBuilder>> settings = new ArrayList<>();
  private @Nullable MemoryNetwork network;
  private @Nullable TestClock clock;
  private @Nullable Handler handler;
  private @Nullable Link link;
  private @Nullable ServerTls serverTls;
  private @Nullable ClientTls clientTls;
  private UnaryOperator<Listen> listening = UnaryOperator.identity();

  /** Of a Unix-domain socket, once the server has begun. */
  private @Nullable Path path;

  TestServerBuilder(Place place, @Nullable MemoryNetwork network) {
    this.place = place;
    this.network = network;
    this.clock = network == null ? null : network.clock();
  }

  /**
   * Sets what serves the connections.
   *
   * @param handler runs once for each connection
   * @return this builder
   */
  public TestServerBuilder handler(Handler handler) {
    this.handler = Objects.requireNonNull(handler, "handler");
    return this;
  }

  /**
   * Sets the time limits of the server.
   *
   * @param limits all of them
   * @return this builder
   */
  public TestServerBuilder timeLimits(TimeLimits limits) {
    return with(server -> server.timeLimits(limits));
  }

  /**
   * Lets the server go by a clock that the test moves.
   *
   * @param clock what time it is
   * @return this builder
   * @throws IllegalStateException if it is made in a network that was made before, whose clock
   *     counts
   */
  public TestServerBuilder clock(TestClock clock) {
    if (network != null) {
      throw new IllegalStateException(
          "the clock is that of the network: MemoryNetwork.create(clock)");
    }
    this.clock = Objects.requireNonNull(clock, "clock");
    return this;
  }

  /**
   * Sets how bytes travel to a server in memory and back, as {@link MemoryNetwork#links(Link)}.
   *
   * @param link for both directions
   * @return this builder
   */
  public TestServerBuilder link(Link link) {
    this.link = Objects.requireNonNull(link, "link");
    return this;
  }

  /**
   * Lets the server speak TLS, and those that connect to it as well.
   *
   * @param server how the server speaks it
   * @param client how its clients do
   * @return this builder
   */
  public TestServerBuilder tls(ServerTls server, ClientTls client) {
    this.serverTls = Objects.requireNonNull(server, "server");
    this.clientTls = Objects.requireNonNull(client, "client");
    return this;
  }

  /**
   * Changes the description of the listener, its limits for example.
   *
   * @param change returns another description of the same place
   * @return this builder
   */
  public TestServerBuilder listen(UnaryOperator<Listen> change) {
    UnaryOperator<Listen> before = listening;
    this.listening = listen -> change.apply(before.apply(listen));
    return this;
  }

  /**
   * Changes whatever else makes the server. More listeners may be added, with other handlers.
   *
   * @param setting changes the builder
   * @return this builder
   */
  public TestServerBuilder with(Consumer<ServerBuilder> setting) {
    settings.add(Objects.requireNonNull(setting, "setting"));
    return this;
  }

  /**
   * Starts the server.
   *
   * @return the server, accepting, the caller's to close
   * @throws IOException if it cannot listen
   * @throws InterruptedException if the calling thread is interrupted
   * @throws IllegalStateException if it has no handler
   */
  public TestServer start() throws IOException, InterruptedException {
    Handler serves = handler;
    if (serves == null) {
      throw new IllegalStateException("the server has no handler: call handler(...)");
    }
    Surroundings inside = surroundings();
    ServerBuilder builder = Server.builder().stopOnSignal(false);
    if (clock != null) {
      // The clock sees when the virtual threads rest, but not those on event loops.
      builder.eventLoops(0);
    }
    boolean complete = false;
    try {
      builder.listen(listening.apply(place()), serves);
      settings.forEach(setting -> setting.accept(builder));
      TestServer started = TestServer.start(this, inside, () -> inside.call(builder::start));
      complete = true;
      return started;
    } finally {
      if (!complete) {
        cleanUp();
      }
    }
  }

  private Surroundings surroundings() {
    if (place == Place.MEMORY) {
      if (network == null) {
        network = clock == null ? MemoryNetwork.create() : MemoryNetwork.create(clock);
      }
      if (link != null) {
        network.links(link);
      }
      return network.surroundings();
    }
    return clock == null ? Surroundings.MACHINE : new Surroundings(Network.KERNEL, clock.clock());
  }

  private Listen place() throws IOException {
    Listen listen =
        switch (place) {
          case MEMORY -> Listen.tcp(0);
          case TCP -> Listen.tcp("127.0.0.1", 0);
          case UNIX -> {
            path = Files.createTempDirectory("plainweave").resolve("server");
            yield Listen.unix(path);
          }
        };
    return serverTls == null ? listen : listen.tls(serverTls);
  }

  /** The way to the server. */
  Connector connector(Server server) {
    Connector plain =
        server.addresses().getFirst() instanceof UnixDomainSocketAddress unix
            ? Connector.unix(unix.getPath())
            : Connector.tcp("localhost", server.port());
    return clientTls == null ? plain : plain.tls(clientTls);
  }

  MemoryNetwork network() {
    MemoryNetwork known = network;
    if (known == null) {
      throw new IllegalStateException("the server listens on a socket");
    }
    return known;
  }

  @Nullable TestClock clock() {
    return clock;
  }

  /** Removes the folder of a socket, and what is left of a network in memory. */
  void cleanUp() {
    if (network != null) {
      network.sockets().forgetEnded();
    }
    Path made = path;
    if (made != null) {
      try {
        Files.deleteIfExists(made);
        Files.deleteIfExists(Objects.requireNonNull(made.getParent(), "made in a folder"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
