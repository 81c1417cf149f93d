package io.plainweave.testing;

import io.plainweave.clock.Clock;
import io.plainweave.internal.socket.Surroundings;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A network in memory: servers that are {@linkplain TestServer made in it} listen there, at
 * whatever port, host or path their descriptions name, and what they and their clients connect to
 * is there as well. No socket is opened. A connection behaves as one by TCP on Linux does, with the
 * {@link Link}s that are set when it begins.
 *
 * <p>Of names it knows {@code localhost}, which is 127.0.0.1, and those that {@link #name} adds.
 * There are no datagrams in it, and no inherited sockets.
 *
 * <p>All methods may be called by any thread, while servers run.
 */
public final class MemoryNetwork {
  private final MemorySockets sockets;
  private final @Nullable TestClock clock;

  private MemoryNetwork(@Nullable TestClock clock) {
    this.clock = clock;
    this.sockets = new MemorySockets(clock == null ? Timer.REAL : clock.timer());
  }

  /**
   * Makes a network.
   *
   * @return the network, empty
   */
  public static MemoryNetwork create() {
    return new MemoryNetwork(null);
  }

  /**
   * Makes a network whose delays, servers and clients go by a clock that the test moves.
   *
   * @param clock what time it is
   * @return the network, empty
   */
  public static MemoryNetwork create(TestClock clock) {
    return new MemoryNetwork(Objects.requireNonNull(clock, "clock"));
  }

  /** Where servers live that are made here. */
  Surroundings surroundings() {
    return new Surroundings(sockets, clock == null ? Clock.MACHINE : clock.clock());
  }

  /** The same by the time of the machine, for those who look on. */
  Surroundings surroundingsInRealTime() {
    return new Surroundings(sockets, Clock.MACHINE);
  }

  MemorySockets sockets() {
    return sockets;
  }

  /** The clock, if it has one of its own. */
  @Nullable TestClock clock() {
    return clock;
  }

  /**
   * Sets how bytes travel in connections that begin from now on, in both directions.
   *
   * @param link for each direction
   * @return this network
   */
  public MemoryNetwork links(Link link) {
    return links(link, link);
  }

  /**
   * The same for each direction.
   *
   * @param toServer from the side that connects to the side that accepts
   * @param toClient the way back
   * @return this network
   */
  public MemoryNetwork links(Link toServer, Link toClient) {
    sockets.links(
        Objects.requireNonNull(toServer, "toServer"), Objects.requireNonNull(toClient, "toClient"));
    return this;
  }

  /**
   * Sets from which address connections come that name none themselves ({@link
   * io.plainweave.client.Connector#localAddress}). Default: 127.0.0.1.
   *
   * @param address any, also one that this machine does not have
   * @return this network
   */
  public MemoryNetwork clientAddress(InetAddress address) {
    sockets.clients(Objects.requireNonNull(address, "address"));
    return this;
  }

  /**
   * Lets a name be known.
   *
   * @param host the name
   * @param addresses at least one
   * @return this network
   * @throws IllegalArgumentException if there is no address
   */
  public MemoryNetwork name(String host, InetAddress... addresses) {
    if (addresses.length == 0) {
      throw new IllegalArgumentException("a name needs an address: " + host);
    }
    sockets.name(Objects.requireNonNull(host, "host"), List.of(addresses));
    return this;
  }

  /**
   * Sets whether the name server is silent: who looks up a name waits for its time to connect.
   *
   * @param silent whether it does not answer; false at first
   * @return this network
   */
  public MemoryNetwork silentNameServer(boolean silent) {
    sockets.silenceNames(silent);
    return this;
  }

  /**
   * Lets the next accept fail though a client waits, and then the next, as often as this is called.
   *
   * @param failure what the acceptor meets, for example {@link Faults#tooManyOpenFiles()}
   * @return this network
   */
  public MemoryNetwork failAccept(IOException failure) {
    sockets.failAccept(Objects.requireNonNull(failure, "failure"));
    return this;
  }

  /**
   * Lets nothing arrive any more in the connections that are open, though all that is sent is taken
   * as long as there is room: as when a cable was pulled.
   */
  public void stall() {
    sockets.forEach(wire -> wire.stall(true));
  }

  /** Lets arrive what has come since {@link #stall()}. */
  public void resume() {
    sockets.forEach(wire -> wire.stall(false));
  }

  /** Resets the connections that are open, for both sides. */
  public void loseConnections() {
    sockets.forEach(MemoryWire::lose);
  }

  /**
   * Returns how many connections have an end that is not closed.
   *
   * @return at least 0
   */
  public int openConnections() {
    return sockets.open();
  }
}
