package io.plainweave.client;

import io.plainweave.Connection;
import io.plainweave.internal.connection.Home;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.time.Countdown;
import java.io.IOException;
import java.net.ConnectException;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Keeps connections to a server open between their uses, for handlers or any other threads. Who
 * needs one borrows it, and gives it back when the conversation is at a point at which another one
 * may begin:
 *
 * {@snippet file="io/plainweave/client/ConnectionPoolTest.java" region="ask"}
 *
 * <p>A lease that ends without {@link Lease#giveBack()}, as with an exception, resets its
 * connection: nobody knows what is still on its way in it.
 *
 * <p><b>Health.</b> A connection is lent again only if it is open, the peer has neither sent
 * anything nor finished meanwhile, and it is within the {@link PoolLimits}; the look costs one
 * read. A peer may still close it in the moment after: a request that can be repeated is then best
 * repeated once, with another lease.
 *
 * <p>What the borrower was sent and has not read is seen when it gives the connection back. What a
 * reader has taken ahead of its needs, such as a {@link java.io.BufferedReader} around the input,
 * nobody sees but that reader: who uses one gives the connection back only when its reply has
 * certainly ended, or the rest of it would be the answer to the next borrower.
 *
 * <p><b>Time.</b> The {@link io.plainweave.TimeLimits} of a {@link Connector} apply while a
 * connection is lent, those of the pool while it is idle. Nothing runs in the background: idle
 * connections whose time is over are closed when the pool is used next.
 *
 * <p><b>Shutdown.</b> A connection lives where its borrower does, as {@link Connector} tells. Those
 * that are idle stay open during the drain of a server; they end with the server, or with the
 * {@link Client}. Closing the pool closes them in order before that. One pool may serve threads of
 * several servers or clients, but a connection that lives elsewhere than its next borrower is
 * closed and another one opened: a pool for each is better.
 *
 * <p>All methods are safe for use by several threads; a lease is for one.
 */
public final class ConnectionPool implements AutoCloseable {
  /** Asks whether an idle connection is still of use, for example by a message and its reply. */
  @FunctionalInterface
  public interface Check {
    /**
     * Asks; called before the connection is lent again, in the thread of the borrower.
     *
     * @param connection at rest, and to be left so
     * @return false if it is to be closed
     * @throws IOException if it is to be closed
     */
    boolean isUsable(Connection connection) throws IOException;
  }

  private final Connector connector;
  private final PoolLimits limits;
  private final Check check;
  private final IdleConnections idle;

  /**
   * One for each connection that is lent. Who has a permit takes an idle connection or, if there is
   * none, opens one: there are never more than permits.
   */
  private final Semaphore permits;

  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * Makes a pool without a connection; it opens them as they are needed.
   *
   * @param connector opens them
   * @param limits how many, and for how long
   */
  public ConnectionPool(Connector connector, PoolLimits limits) {
    this(connector, limits, _ -> true);
  }

  /**
   * Makes a pool that asks more about an idle connection before it lends it again.
   *
   * @param connector opens them
   * @param limits how many, and for how long
   * @param check decides whether one is still of use
   */
  public ConnectionPool(Connector connector, PoolLimits limits, Check check) {
    this.connector = Objects.requireNonNull(connector, "connector");
    this.limits = limits;
    this.check = Objects.requireNonNull(check, "check");
    this.idle = new IdleConnections(limits);
    this.permits = new Semaphore(limits.maxOpen(), true);
  }

  /**
   * Borrows a connection: one that is idle or, if there is none, a new one. While as many are in
   * use as there may be, it waits, and is served in the order in which threads have come.
   *
   * @return the lease, the caller's to close
   * @throws ConnectException if all connections were in use for too long, or a new one was not
   *     possible
   * @throws IOException if the connection was lost as soon as it was made
   * @throws InterruptedException if the calling thread is interrupted
   * @throws IllegalStateException if the pool is closed, or as {@link Connector#connect()}
   */
  public Lease borrow() throws IOException, InterruptedException {
    return borrowIn(connector.home());
  }

  /** The same for a borrower that lives there. */
  Lease borrowIn(Home home) throws IOException, InterruptedException {
    long wait = Math.max(0, Countdown.of(limits.borrowTimeout()).left());
    if (!home.surroundings().clock().await(wait, permits::tryAcquire)) {
      throw new ConnectException(
          "cannot connect to %s: all %d connections of the pool were in use for %d ms"
              .formatted(
                  connector,
                  limits.maxOpen(),
                  Math.ceilDiv(wait, TimeUnit.MILLISECONDS.toNanos(1))));
    }
    Lease lease = null;
    try {
      if (closed.get()) {
        throw new IllegalStateException("the pool of connections to " + connector + " is closed");
      }
      SocketConnection connection = takeIdle(home);
      lease = new Lease(connection != null ? connection : connector.openIn(home), home);
      return lease;
    } finally {
      if (lease == null) {
        permits.release();
      }
    }
  }

  private @Nullable SocketConnection takeIdle(Home home) {
    while (true) {
      SocketConnection connection = idle.take(home);
      if (connection == null || passes(connection)) {
        return connection;
      }
    }
  }

  private boolean passes(SocketConnection connection) {
    boolean passes = false;
    try {
      passes = check.isUsable(connection) && IdleConnections.isAtRest(connection);
    } catch (IOException lost) {
      // Another one is lent.
    } finally {
      if (!passes) {
        connection.abort();
      }
    }
    return passes;
  }

  /**
   * Closes the idle connections, and those that are lent as soon as they are given back. Who waits
   * for one fails.
   */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      idle.close();
      permits.release(Integer.MAX_VALUE - limits.maxOpen());
    }
  }

  /**
   * Returns how many connections wait to be lent.
   *
   * @return the number, which may be another one already
   */
  public int idle() {
    return idle.size();
  }

  /**
   * Returns how many threads wait to borrow one.
   *
   * @return the number, which may be another one already
   */
  public int waiting() {
    return permits.getQueueLength();
  }

  /** Returns where the connections lead. */
  @Override
  public String toString() {
    return "pool of connections to " + connector;
  }

  /** A connection of the pool, in the hands of one borrower. */
  public final class Lease implements AutoCloseable {
    private final Home home;

    /** Taken once, by whoever ends the lease. */
    private final AtomicReference<@Nullable SocketConnection> held;

    private Lease(SocketConnection connection, Home home) {
      this.held = new AtomicReference<>(connection);
      this.home = home;
    }

    /**
     * Returns the connection, which must not be used any more when the lease has ended.
     *
     * @return the connection
     * @throws IllegalStateException if the lease has ended
     */
    public Connection connection() {
      Connection connection = held.get();
      if (connection == null) {
        throw new IllegalStateException("the lease has ended: its connection may be another's");
      }
      return connection;
    }

    /**
     * Sends what was written and gives the connection back, for others. If it is in the middle of a
     * message, has bytes that were not read, is half-closed or has an open scope, it is reset
     * instead. Has no effect if the lease has ended.
     *
     * @throws IOException if what was written cannot be sent; the connection is closed then
     */
    public void giveBack() throws IOException {
      SocketConnection connection = held.getAndSet(null);
      if (connection == null) {
        return;
      }
      boolean kept = false;
      try {
        connection.socketOutput().flush();
        kept = idle.keep(connection, home);
      } finally {
        try {
          if (!kept) {
            end(connection);
          }
        } finally {
          permits.release();
        }
      }
    }

    /** Ends the lease: resets the connection, unless it was given back. Never blocks. */
    @Override
    public void close() {
      SocketConnection connection = held.getAndSet(null);
      if (connection != null) {
        connection.abort();
        permits.release();
      }
    }

    private static void end(SocketConnection connection) {
      if (IdleConnections.isAtRest(connection)) {
        IdleConnections.close(connection);
      } else {
        connection.abort();
      }
    }
  }
}
