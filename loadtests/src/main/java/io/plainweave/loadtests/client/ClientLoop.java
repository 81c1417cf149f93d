package io.plainweave.loadtests.client;

import io.plainweave.loadtests.control.Failure;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * The event loop of a client: many connections on one selector and one thread.
 *
 * <p>It is deliberately not a thread per connection: the client must not be what breaks, and what
 * it costs must not hide what the server costs. It connects, exchanges messages, checks every byte
 * of the echo and sorts failures; when to do which is its caller's business.
 *
 * <p>Everything but {@link #wakeup()} belongs to the thread that made it.
 */
final class ClientLoop implements AutoCloseable {
  /** How long a connect or an echo may take. */
  static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Selector selector;
  private final List<ClientConnection> connections = new ArrayList<>();
  private final Set<ClientConnection> inFlight = new LinkedHashSet<>();
  private final Failures failures = new Failures();

  // One of each for all connections: an idle connection owns no buffer.
  private final ByteBuffer outgoing = ByteBuffer.allocateDirect(Message.BYTES);
  private final ByteBuffer incoming = ByteBuffer.allocateDirect(4 * Message.BYTES);
  private final ByteBuffer expected = ByteBuffer.allocateDirect(Message.BYTES);

  private Histogram latencies = new Histogram(3);
  private Consumer<ClientConnection> idleObserver = _ -> {};
  private boolean endExpected;
  private int open;
  private long answered;
  private int ended;
  private long nextPatienceCheck = System.nanoTime();

  ClientLoop() throws IOException {
    selector = Selector.open();
  }

  /** Opens a connection, which exchanges a message as soon as it is there. */
  void connect(int number, InetSocketAddress destination) {
    SocketChannel channel;
    try {
      channel = SocketChannel.open(family(destination));
    } catch (IOException e) {
      // All that opening does is to take a descriptor.
      failures.add(Failure.NO_DESCRIPTOR, describe(number, "could not be opened", e));
      return;
    }
    ClientConnection connection = new ClientConnection(number, channel);
    connections.add(connection);
    inFlight.add(connection);
    open++;
    try {
      channel.configureBlocking(false);
      boolean connected = channel.connect(destination);
      int interest = connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT;
      connection.key = channel.register(selector, interest, connection);
      if (connected) {
        exchange(connection);
      }
    } catch (IOException e) {
      failConnect(connection, e);
    }
  }

  /** Sends the connection's next message; its echo is awaited by {@link #poll}. */
  void exchange(ClientConnection connection) {
    exchange(connection, System.nanoTime());
  }

  /**
   * The same for a message whose latency counts from an earlier time.
   *
   * @param since when it was due, by {@link System#nanoTime}
   */
  void exchange(ClientConnection connection, long since) {
    connection.state = ClientConnection.State.AWAITING_ECHO;
    connection.sent = 0;
    connection.received = 0;
    connection.since = since;
    inFlight.add(connection);
    send(connection);
  }

  /** Handles what is ready, after waiting for it no longer than {@code timeout}. */
  void poll(Duration timeout) throws IOException {
    if (timeout.toMillis() > 0) {
      selector.select(this::handle, timeout.toMillis());
    } else {
      // The selector counts in milliseconds. Spinning instead would take the processor from a
      // server that shares it.
      LockSupport.parkNanos(timeout.toNanos());
      selector.selectNow(this::handle);
    }
    long now = System.nanoTime();
    if (now - nextPatienceCheck >= 0) {
      nextPatienceCheck = now + Duration.ofSeconds(1).toNanos();
      failOverdue(now);
    }
  }

  /** Ends a {@link #poll} that waits; any thread may call it. */
  void wakeup() {
    selector.wakeup();
  }

  /** From now on the end of an idle connection's stream is what it should do. */
  void expectEnd() {
    endExpected = true;
  }

  /** Fails every connection that has not ended. */
  void failRemaining() {
    for (ClientConnection connection : connections) {
      if (connection.state != ClientConnection.State.CLOSED) {
        fail(connection, Failure.NO_EOF, describe(connection.number, "was not ended", null));
      }
    }
  }

  /** Tells of each connection that can take a message again. */
  void observeIdle(Consumer<ClientConnection> observer) {
    idleObserver = observer;
  }

  List<ClientConnection> connections() {
    return connections;
  }

  Failures failures() {
    return failures;
  }

  int inFlight() {
    return inFlight.size();
  }

  int open() {
    return open;
  }

  /** Messages answered since the start. */
  long answered() {
    return answered;
  }

  /** Connections that ended as expected. */
  int ended() {
    return ended;
  }

  /**
   * The latencies since the last call, in nanoseconds from the write to the last byte of the echo.
   */
  Histogram takeLatencies() {
    Histogram taken = latencies;
    latencies = new Histogram(3);
    return taken;
  }

  @Override
  public void close() throws IOException {
    for (ClientConnection connection : connections) {
      connection.channel.close();
    }
    selector.close();
  }

  private void handle(SelectionKey key) {
    ClientConnection connection = (ClientConnection) key.attachment();
    if (connection.state == ClientConnection.State.CONNECTING) {
      finishConnect(connection);
    } else if (key.isWritable()) {
      send(connection);
    }
    // Sending may have failed and closed it; the key then no longer tells what is ready.
    if (key.isValid() && key.isReadable()) {
      receive(connection);
    }
  }

  private void finishConnect(ClientConnection connection) {
    try {
      connection.channel.finishConnect();
    } catch (IOException e) {
      failConnect(connection, e);
      return;
    }
    connection.key.interestOps(SelectionKey.OP_READ);
    exchange(connection);
  }

  private void send(ClientConnection connection) {
    Message.write(connection.number, connection.sequence, outgoing);
    outgoing.position(connection.sent);
    try {
      connection.sent += connection.channel.write(outgoing);
    } catch (IOException e) {
      fail(connection, Failure.RESET, describe(connection.number, "failed to send", e));
      return;
    }
    connection.key.interestOps(
        connection.sent < Message.BYTES
            ? SelectionKey.OP_READ | SelectionKey.OP_WRITE
            : SelectionKey.OP_READ);
  }

  private void receive(ClientConnection connection) {
    incoming.clear();
    int length;
    try {
      length = connection.channel.read(incoming);
    } catch (IOException e) {
      // An established connection has no other way to fail than the peer's reset.
      fail(connection, Failure.RESET, describe(connection.number, "failed to receive", e));
      return;
    }
    if (length < 0) {
      end(connection);
    } else if (length > 0) {
      check(connection, length);
    }
  }

  private void check(ClientConnection connection, int length) {
    int from = connection.received;
    boolean right =
        connection.state == ClientConnection.State.AWAITING_ECHO
            && from + length <= connection.sent;
    if (right) {
      Message.write(connection.number, connection.sequence, expected);
      right = incoming.flip().equals(expected.slice(from, length));
    }
    if (!right) {
      String what = "received " + length + " wrong bytes after " + from + " of message ";
      fail(
          connection,
          Failure.WRONG_BYTES,
          describe(connection.number, what + connection.sequence, null));
      return;
    }
    connection.received += length;
    if (connection.received == Message.BYTES) {
      latencies.recordValue(System.nanoTime() - connection.since);
      inFlight.remove(connection);
      connection.state = ClientConnection.State.IDLE;
      connection.sequence++;
      answered++;
      idleObserver.accept(connection);
    }
  }

  private void end(ClientConnection connection) {
    if (endExpected && connection.state == ClientConnection.State.IDLE) {
      ended++;
      close(connection);
    } else {
      String what = "met the end of its stream in state " + connection.state;
      fail(connection, Failure.UNEXPECTED_EOF, describe(connection.number, what, null));
    }
  }

  private void failConnect(ClientConnection connection, IOException e) {
    Failure kind =
        switch (e) {
          case ConnectException _ -> Failure.REFUSED;
          // EADDRNOTAVAIL: no ephemeral port is left for this destination.
          case BindException _ -> Failure.NO_LOCAL_PORT;
          default -> Failure.NOT_CONNECTED;
        };
    fail(connection, kind, describe(connection.number, "failed to connect", e));
  }

  private void failOverdue(long now) {
    List<ClientConnection> overdue =
        inFlight.stream().filter(it -> now - it.since > PATIENCE.toNanos()).toList();
    for (ClientConnection connection : overdue) {
      String what = "waited over " + PATIENCE.toSeconds() + " s in state " + connection.state;
      fail(connection, Failure.TIMED_OUT, describe(connection.number, what, null));
    }
  }

  private void fail(ClientConnection connection, Failure kind, String text) {
    failures.add(kind, text);
    close(connection);
  }

  private void close(ClientConnection connection) {
    connection.state = ClientConnection.State.CLOSED;
    inFlight.remove(connection);
    open--;
    try {
      connection.channel.close();
    } catch (IOException e) {
      failures.add(Failure.RESET, describe(connection.number, "failed to close", e));
    }
  }

  private static StandardProtocolFamily family(InetSocketAddress destination) {
    return destination.getAddress() instanceof Inet6Address
        ? StandardProtocolFamily.INET6
        : StandardProtocolFamily.INET;
  }

  private static String describe(int number, String what, IOException e) {
    return "connection " + number + " " + what + (e == null ? "" : ": " + e);
  }
}
