package io.plainweave.loadtests.client;

import io.plainweave.loadtests.control.Failure;
import io.plainweave.loadtests.machine.SelfConnection;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
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
  /** How long a connect, an echo or an end may take, unless somebody sets another patience. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Selector selector;
  private final List<ClientConnection> connections = new ArrayList<>();
  private final Set<ClientConnection> inFlight = new LinkedHashSet<>();
  private final Failures failures = new Failures();
  private final Exchange exchange;

  private Histogram latencies = new Histogram(3);
  private Consumer<ClientConnection> idleObserver = _ -> {};
  private BiConsumer<ClientConnection, ByteBuffer> bytesObserver = this::check;
  private Predicate<ClientConnection> mayEnd = _ -> false;
  private Duration patience = PATIENCE;
  private int open;
  private long answered;
  private int ended;
  private long nextPatienceCheck = System.nanoTime();

  ClientLoop() throws IOException {
    this(Dialogue.ECHO);
  }

  ClientLoop(Dialogue dialogue) throws IOException {
    exchange = new Exchange(dialogue);
    selector = Selector.open();
  }

  /** Opens a connection, which exchanges a message as soon as it is there. */
  void connect(int number, InetSocketAddress destination) {
    open(number, destination, System.nanoTime(), false).ifPresent(connections::add);
  }

  /**
   * The same for a connection whose first latency includes the connect.
   *
   * @param since when it was due, by {@link System#nanoTime}
   */
  void connect(int number, InetSocketAddress destination, long since) {
    open(number, destination, since, true).ifPresent(connections::add);
  }

  /** The same for a connection that is none of {@link #connections()}: it is soon to end. */
  void connectOnce(int number, InetSocketAddress destination, long since) {
    var _ = open(number, destination, since, true);
  }

  private Optional<ClientConnection> open(
      int number, InetSocketAddress destination, long since, boolean connectCounts) {
    SocketChannel channel;
    try {
      channel = SocketChannel.open(family(destination));
    } catch (IOException e) {
      // All that opening does is to take a descriptor.
      failures.add(Failure.NO_DESCRIPTOR, describe(number, "could not be opened", e));
      return Optional.empty();
    }
    ClientConnection connection = new ClientConnection(number, channel, since, connectCounts);
    inFlight.add(connection);
    open++;
    try {
      channel.configureBlocking(false);
      // On loopback a connect is over when the call returns, though it says that it goes on: a
      // second look saves an event and a change of the registration.
      boolean connected = channel.connect(destination) || channel.finishConnect();
      if (connected) {
        SelfConnection.refuse(channel);
      }
      int interest = connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT;
      connection.key = channel.register(selector, interest, connection);
      if (connected) {
        exchangeFirst(connection);
      }
    } catch (IOException e) {
      fail(connection, Failures.kindOfConnect(e), describe(number, "failed to connect", e));
    }
    return Optional.of(connection);
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

  /**
   * Finishes the output of an idle connection, whose stream the server then has to end: see {@link
   * #expectEnd}.
   */
  void finish(ClientConnection connection) {
    connection.state = ClientConnection.State.ENDING;
    connection.since = System.nanoTime();
    inFlight.add(connection);
    try {
      connection.channel.shutdownOutput();
    } catch (IOException e) {
      fail(connection, Failure.RESET, describe(connection.number, "failed to finish", e));
    }
  }

  /** Resets every connection; none is left, nor its descriptor. */
  void resetAll() throws IOException {
    for (ClientConnection connection : connections) {
      if (connection.state != ClientConnection.State.CLOSED) {
        try {
          connection.channel.setOption(StandardSocketOptions.SO_LINGER, 0); // close then sends RST
        } catch (IOException e) {
          failures.add(Failure.RESET, describe(connection.number, "failed before its reset", e));
        }
        close(connection);
      }
    }
    connections.clear();
    selector.selectNow(this::handle); // a registered channel is closed by its selector, later
  }

  /** From now on the end of an idle connection's stream is what it should do. */
  void expectEnd() {
    expectEnd(ClientConnection::isIdle);
  }

  /** From now on the end of a connection's stream is a failure unless it passes the test. */
  void expectEnd(Predicate<ClientConnection> mayEnd) {
    this.mayEnd = mayEnd;
  }

  /** How long a connect, an echo or an end may take from now on. */
  void setPatience(Duration patience) {
    this.patience = patience;
  }

  /** Fails every connection that has not ended. */
  void failRemaining() {
    for (ClientConnection connection : connections) {
      if (connection.state != ClientConnection.State.CLOSED) {
        fail(connection, Failure.NO_EOF, describe(connection.number, "was not ended", null));
      }
    }
  }

  /** Keeps no longer those of {@link #connections()} that are closed. */
  void forgetClosed() {
    connections.removeIf(connection -> connection.state == ClientConnection.State.CLOSED);
  }

  /** Tells of each connection that can take a message again. */
  void observeIdle(Consumer<ClientConnection> observer) {
    idleObserver = observer;
  }

  /** From now on what connections receive is no echo, and somebody else's to check. */
  void observeBytes(BiConsumer<ClientConnection, ByteBuffer> observer) {
    bytesObserver = observer;
  }

  /** Adds a latency of which somebody else knows, in nanoseconds. */
  void recordLatency(long nanos) {
    latencies.recordValue(nanos);
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
      SelfConnection.refuse(connection.channel);
    } catch (IOException e) {
      String text = describe(connection.number, "failed to connect", e);
      fail(connection, Failures.kindOfConnect(e), text);
      return;
    }
    connection.key.interestOps(SelectionKey.OP_READ);
    exchangeFirst(connection);
  }

  private void exchangeFirst(ClientConnection connection) {
    exchange(connection, connection.connectCounts ? connection.since : System.nanoTime());
  }

  private void send(ClientConnection connection) {
    try {
      boolean all = exchange.send(connection);
      connection.key.interestOps(
          all ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
    } catch (IOException e) {
      fail(connection, Failure.RESET, describe(connection.number, "failed to send", e));
    }
  }

  private void receive(ClientConnection connection) {
    int length;
    try {
      length = exchange.receive(connection);
    } catch (IOException e) {
      // An established connection has no other way to fail than the peer's reset.
      fail(connection, Failure.RESET, describe(connection.number, "failed to receive", e));
      return;
    }
    if (length < 0) {
      end(connection);
    } else if (length > 0) {
      bytesObserver.accept(connection, exchange.received());
    }
  }

  private void check(ClientConnection connection, ByteBuffer bytes) {
    int length = bytes.remaining();
    int from = connection.received;
    if (connection.state != ClientConnection.State.AWAITING_ECHO
        || !exchange.isExpected(connection, from)) {
      String what = "received " + length + " wrong bytes after " + from + " of message ";
      fail(
          connection,
          Failure.WRONG_BYTES,
          describe(connection.number, what + connection.sequence, null));
      return;
    }
    connection.received += length;
    if (exchange.isWhole(connection, connection.received)) {
      latencies.recordValue(System.nanoTime() - connection.since);
      inFlight.remove(connection);
      connection.state = ClientConnection.State.IDLE;
      connection.sequence++;
      answered++;
      idleObserver.accept(connection);
    }
  }

  private void end(ClientConnection connection) {
    if (mayEnd.test(connection)) {
      ended++;
      close(connection);
    } else {
      String what = "met the end of its stream in state " + connection.state;
      fail(connection, Failure.UNEXPECTED_EOF, describe(connection.number, what, null));
    }
  }

  private void failOverdue(long now) {
    List<ClientConnection> overdue =
        inFlight.stream().filter(it -> now - it.since > patience.toNanos()).toList();
    for (ClientConnection connection : overdue) {
      String what = "waited over " + patience.toSeconds() + " s in state " + connection.state;
      fail(connection, Failure.TIMED_OUT, describe(connection.number, what, null));
    }
  }

  /** Closes a connection that has failed. */
  void fail(ClientConnection connection, Failure kind, String text) {
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
