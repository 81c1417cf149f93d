package io.plainweave.testing;

import io.plainweave.clock.Clock;
import io.plainweave.internal.socket.Surroundings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The network of the test kit by the time of a simulation. Connections have links by chance, and
 * faults meet some of those that are open; which ones is known afterwards, by their ports.
 *
 * <p>It lies in the package of the test kit, whose network shows users less than this.
 */
public final class SimulatedNetwork {
  /** Lets something happen later. */
  @FunctionalInterface
  public interface Later {
    void after(long nanos, Runnable work);
  }

  private final MemorySockets sockets;
  private final Set<Integer> faulty = new HashSet<>();
  private final Set<Integer> dead = new HashSet<>();

  /** Makes an empty one, whose links are asked for when a connection begins. */
  public SimulatedNetwork(LongSupplier time, Later later, Supplier<Link> links) {
    sockets =
        new MemorySockets(
            new Timer() {
              @Override
              public long nanoTime() {
                return time.getAsLong();
              }

              @Override
              public void after(long nanos, Runnable work) {
                later.after(nanos, work);
              }
            });
    sockets.links(links, links);
  }

  /**
   * Where servers and clients live. Their clock is that of the machine, of which they do not know
   * that it is simulated.
   */
  public Surroundings surroundings() {
    return new Surroundings(sockets, Clock.MACHINE);
  }

  /** Cuts some of the open connections. */
  public void lose(Predicate<Integer> which) {
    each(which, MemoryWire::lose);
  }

  /** Lets nothing arrive in some of the open connections, until {@link #resume()}. */
  public void stall(Predicate<Integer> which) {
    each(which, wire -> wire.stall(true));
  }

  /** The same for good: their peers have died. */
  public void silence(Predicate<Integer> which) {
    each(
        which,
        wire -> {
          dead.add(portOf(wire));
          wire.stall(true);
        });
  }

  /** Lets arrive what has come since, but from those that are dead. */
  public void resume() {
    sockets.forEach(wire -> wire.stall(dead.contains(portOf(wire))));
  }

  private void each(Predicate<Integer> which, Consumer<MemoryWire> what) {
    sockets.forEach(wire -> {
      int port = portOf(wire);
      if (which.test(port)) {
        faulty.add(port);
        what.accept(wire);
      }
    });
  }

  private static int portOf(MemoryWire wire) {
    try {
      return wire.client.getLocalAddress() instanceof InetSocketAddress inet ? inet.getPort() : 0;
    } catch (IOException closedMeanwhile) {
      return 0;
    }
  }

  /** Whether a fault has met the connection whose client has this port. */
  public boolean isFaulty(int clientPort) {
    return faulty.contains(clientPort);
  }

  /** Lets the next accept fail. */
  public void failAccept(IOException failure) {
    sockets.failAccept(failure);
  }

  /** How many connections have an end that is open. */
  public int openConnections() {
    return sockets.open();
  }

  /** Closes what is left of pollers that have ended. */
  public void forgetEnded() {
    sockets.forgetEnded();
  }
}
