package io.plainweave.client;

import io.plainweave.Connection;
import io.plainweave.TimeLimits;
import io.plainweave.internal.thread.JdkCheck;
import io.plainweave.internal.thread.LostWakeUps;
import java.io.IOException;
import java.net.ConnectException;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Owns connections that a program opens: with time limits of their own, and none of them outlives
 * the block. A program that needs neither just connects ({@link Connector#connect()}), and a
 * handler always does.
 *
 * {@snippet file="io/plainweave/client/ClientTest.java" region="client"}
 *
 * <p><b>Ownership.</b> Who opens a connection closes it, as elsewhere. What is still open when the
 * client is closed is reset, so close connections and pools first, as nested blocks do.
 *
 * <p><b>Threads.</b> A client has one platform thread, which watches the time limits, and a virtual
 * thread for each processor, which wait for the connections: open one for many connections, not one
 * for each. They keep no program from its end. At the end of the process, connections of a client
 * that was not closed end as the system closes sockets: with FIN, or with a reset if there is
 * something that was not read.
 *
 * <p>All methods are safe for use by several threads. None of them takes null.
 */
public final class Client implements AutoCloseable {
  private static final ReentrantLock SHARING = new ReentrantLock();

  /** Guarded by the lock. */
  private static @Nullable Client shared;

  private final ClientHome home;
  private final ClientThread thread;

  private Client(ClientHome home) {
    this.home = home;
    this.thread = new ClientThread(home);
  }

  /**
   * Opens a client with the time limits of {@link TimeLimits#DEFAULT}.
   *
   * @return the client, the caller's to close
   * @throws IOException if the system has no descriptors or no thread for it
   * @throws IllegalStateException if the structured concurrency of this JDK is not known
   */
  public static Client open() throws IOException {
    return open(TimeLimits.DEFAULT);
  }

  /**
   * Opens a client.
   *
   * @param timeLimits how long its connections may take for what; those of the first byte and the
   *     lifetime do not apply
   * @return the client, the caller's to close
   * @throws IOException if the system has no descriptors or no thread for it
   * @throws IllegalStateException if the structured concurrency of this JDK is not known
   */
  public static Client open(TimeLimits timeLimits) throws IOException {
    Objects.requireNonNull(timeLimits, "timeLimits");
    JdkCheck.run();
    LostWakeUps.tell();
    var client = new Client(ClientHome.of(timeLimits));
    client.thread.start();
    return client;
  }

  /**
   * The client of all threads that belong to no other, and to no server. Nobody closes it; should
   * one of its threads fail, against all expectation, the next call has another one.
   */
  static Client shared() throws IOException {
    SHARING.lock();
    try {
      Client client = shared;
      if (client == null || client.isClosed()) {
        client = open();
        shared = client;
      }
      return client;
    } finally {
      SHARING.unlock();
    }
  }

  /** Where its connections live. */
  ClientHome home() {
    return home;
  }

  private boolean isClosed() {
    return home.calls().areEnded();
  }

  /**
   * Connects as {@link Connector#connect()} does.
   *
   * @param connector where to, and how
   * @return the connection, open, and the caller's to close
   * @throws ConnectException if that was not possible
   * @throws IOException if the connection was lost as soon as it was made
   * @throws InterruptedException if the calling thread is interrupted
   * @throws IllegalStateException if this client is closed, before or meanwhile
   */
  public Connection connect(Connector connector) throws IOException, InterruptedException {
    return home.open(connector);
  }

  /**
   * Opens a socket by UDP as {@link DatagramConnector#connect()} does.
   *
   * @param connector where to, and how
   * @return the connection, open, and the caller's to close
   * @throws ConnectException if the host is unknown, or cannot be reached from here
   * @throws IOException if the system has no descriptors for it
   * @throws InterruptedException if the calling thread is interrupted
   * @throws IllegalStateException if this client is closed, before or meanwhile
   */
  public DatagramConnection connect(DatagramConnector connector)
      throws IOException, InterruptedException {
    return home.open(connector);
  }

  /**
   * Borrows a connection as {@link ConnectionPool#borrow()} does. A thread that waits for its turn
   * when this client is closed fails as soon as it has it.
   *
   * @param pool lends it
   * @return the lease, the caller's to close
   * @throws ConnectException if all connections were in use for too long, or a new one was not
   *     possible
   * @throws IOException if the connection was lost as soon as it was made
   * @throws InterruptedException if the calling thread is interrupted
   * @throws IllegalStateException if the pool or this client is closed, before or meanwhile
   */
  public ConnectionPool.Lease borrow(ConnectionPool pool) throws IOException, InterruptedException {
    return pool.borrowIn(home);
  }

  /**
   * Resets the connections that are still open, closes sockets by UDP, and waits until nothing of
   * the client is left. Whoever reads, writes or {@linkplain #connect(Connector) connects}
   * meanwhile fails. An interrupt does not keep it from its end, which is near, and the thread's
   * interrupt flag stays set. A second call waits as the first one does.
   */
  @Override
  public void close() {
    thread.stop();
  }
}
