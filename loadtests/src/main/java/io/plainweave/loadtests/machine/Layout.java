package io.plainweave.loadtests.machine;

import java.util.Locale;

/**
 * How a run is laid out over processes and addresses.
 *
 * @param connections of the whole run
 * @param servers server processes; none if the servers run elsewhere
 * @param serverCapacity connections one server process can hold
 * @param clients client processes
 * @param destinations addresses the connections go to; those of loopback if the servers are here
 * @param window connects and messages in flight at a time, in each client
 * @param growth how many times its share a server may come to hold
 */
public record Layout(
    int connections,
    int servers,
    int serverCapacity,
    int clients,
    int destinations,
    int window,
    double growth) {

  /**
   * Descriptors of a process that are not for connections. It has 10 to 20 open itself (jars,
   * pipes, selectors, listener); the rest is room for what opens in between, such as a class's
   * file.
   */
  static final int OWN_DESCRIPTORS = 200;

  /**
   * Standard deviations between the mean share of a server and what it can hold. The kernel picks
   * the listener by a hash of the four addresses, so a share is binomial; beyond six standard
   * deviations lies one run in a billion.
   */
  private static final int DEVIATIONS = 6;

  /**
   * Most connects and messages in flight in the whole run. More would not connect faster on the
   * cores that clients and servers share, it would only make each message wait longer.
   */
  static final int MOST_IN_FLIGHT = 256;

  /** Connections that are worth another client process, which takes a second of a core to start. */
  private static final int WORTH_A_CLIENT = 10_000;

  /**
   * Lays a run out with as few processes as can hold it and drive it.
   *
   * @throws IllegalArgumentException if the machine has no descriptors to spare for connections
   */
  public static Layout of(int connections, Machine machine) {
    int capacity = capacity(machine.descriptors());
    if (capacity == 0) {
      throw new IllegalArgumentException(
          "a process needs more than "
              + OWN_DESCRIPTORS
              + " descriptors: "
              + machine.descriptors());
    }
    int clients =
        Math.max(Math.ceilDiv(connections, capacity), clientsForCores(connections, machine));
    // The backlog may have to hold all of them, if the hash sends them all to one listener.
    int inFlight = Math.min(MOST_IN_FLIGHT, machine.backlog() / 2);
    return new Layout(
        connections,
        servers(connections, capacity),
        capacity,
        clients,
        destinations(connections, machine.ports()),
        Math.max(1, inFlight / clients),
        1);
  }

  /**
   * Lays out the part of a run that this machine has if its servers run elsewhere.
   *
   * @param targets addresses of servers
   */
  public static Layout ofGenerator(int connections, int targets, Machine machine) {
    Layout whole = of(connections, machine);
    return new Layout(connections, 0, 0, whole.clients, targets, whole.window, 1);
  }

  /**
   * Lays out a run whose servers are replaced one after another: there are at least two, and what
   * one held when it ends comes to the others and to the one that takes its place.
   */
  public static Layout ofRestart(int connections, Machine machine) {
    Layout whole = of(connections, machine);
    for (int servers = Math.max(2, whole.servers); ; servers++) {
      // With each server that is replaced, those that are not yet get one k-th more.
      double growth = Math.pow(1 + 1.0 / servers, servers - 1);
      double most = connections * growth;
      if (heldBy(servers, whole.serverCapacity) >= most) {
        return new Layout(
            connections,
            servers,
            whole.serverCapacity,
            whole.clients,
            whole.destinations,
            whole.window,
            growth);
      }
    }
  }

  /** Each client is one thread: half the cores to the clients, if they have something to do. */
  private static int clientsForCores(int connections, Machine machine) {
    return Math.min(machine.cores() / 2, connections / WORTH_A_CLIENT);
  }

  /** Connections a process can hold. */
  static int capacity(long descriptors) {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(0, descriptors - OWN_DESCRIPTORS));
  }

  /** How many connections so many servers can hold, uneven as their shares are. */
  static long heldBy(int servers, int capacity) {
    if (servers == 1) {
      return capacity; // nothing to spread
    }
    // The largest N whose highest share, N/k + 6 sqrt(N/k (1 - 1/k)), fits: a quadratic in
    // sqrt(N/k).
    double spread = DEVIATIONS * Math.sqrt(1 - 1.0 / servers);
    double root = (Math.sqrt(spread * spread + 4.0 * capacity) - spread) / 2;
    return (long) Math.floor(root * root * servers);
  }

  private static int servers(int connections, int capacity) {
    int servers = Math.max(1, connections / capacity);
    while (heldBy(servers, capacity) < connections) {
      servers++;
    }
    return servers;
  }

  /**
   * Loopback addresses for so many connections. A destination gets half the ephemeral ports: the
   * kernel searches for a free one, and the search is long when few are left.
   */
  static int destinations(int connections, int ports) {
    return Math.ceilDiv(connections, Math.max(1, ports / 2));
  }

  /** The same with fewer connections: the others are somebody else's to open. */
  public Layout with(int connections) {
    return new Layout(connections, servers, serverCapacity, clients, destinations, window, growth);
  }

  /** The same with as many destinations as it takes for so many connections. */
  public Layout spreadOver(int connections, Machine machine) {
    return new Layout(
        this.connections,
        servers,
        serverCapacity,
        clients,
        destinations(connections, machine.ports()),
        window,
        growth);
  }

  /** The most connections that a server will get: its share of them, and what the hash may add. */
  public int serverShare() {
    double mean = connections * growth / servers;
    double deviation = Math.sqrt(mean * (1 - 1.0 / servers));
    return (int) Math.min(serverCapacity, Math.ceil(mean + DEVIATIONS * deviation));
  }

  /** The most connections that a client has. */
  public int clientShare() {
    return Math.ceilDiv(connections, clients);
  }

  /** Number of the first connection of a client; that of {@code clients} is the end. */
  public int firstOf(int client) {
    return (int) ((long) connections * client / clients);
  }

  @Override
  public String toString() {
    return servers == 0
        ? String.format(
            Locale.ROOT,
            "%,d connections, processes: %,d client, targets: %,d",
            connections,
            clients,
            destinations)
        : String.format(
            Locale.ROOT,
            "%,d connections, processes: %,d server + %,d client, addresses: %,d",
            connections,
            servers,
            clients,
            destinations);
  }
}
