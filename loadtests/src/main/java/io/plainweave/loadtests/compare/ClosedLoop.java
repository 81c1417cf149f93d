package io.plainweave.loadtests.compare;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Connections that each send their next messages when the last ones have been answered.
 *
 * <p>Nothing is allocated for a message, and the clock is read once for it.
 */
class ClosedLoop extends Load {
  /** What a connection has in flight: {@code depth} messages, which are sent as one. */
  static final class State {
    final int index;
    final Transport transport;
    SelectionKey key;
    int sent;
    int received;
    boolean inFlight;

    /** When the messages in flight were sent. */
    long since;

    /** How many messages it has begun to send; for the open loop. */
    long begun;

    /** How many it should have sent by now; for the open loop. */
    long due;

    State(int index, Transport transport) {
      this.index = index;
      this.transport = transport;
    }
  }

  /** How long an answer may take after the end. */
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);

  static final int MOST_READ = 256 << 10;

  /** More than a read may bring than was asked for, to notice it. */
  private static final int MOST_OVERHEAD = 1 << 10;

  final List<State> states = new ArrayList<>();
  final Selector selector;
  final Consumer<SelectionKey> handler = this::handle;

  private final LoadOrder order;
  private final ByteBuffer incoming;
  private Messages messages;

  Window window;
  boolean measuring;
  boolean over;
  int inFlight;

  ClosedLoop(LoadOrder order) throws IOException {
    this.order = order;
    int flight = order.bytes() * order.depth();
    messages = new MessageBytes(flight);
    incoming =
        ByteBuffer.allocateDirect(
            Math.clamp(flight + MOST_OVERHEAD, Transport.LEAST_TARGET, MOST_READ));
    selector = Selector.open();
  }

  @Override
  final void connect() throws IOException {
    Connections connections = new Connections(order);
    if (order.protocol() == Protocol.HTTP) {
      try (Transport first = connections.open()) {
        messages = HttpMessages.of(first, order.port(), order.depth());
      }
    }
    for (int i = 0; i < order.connections(); i++) {
      Transport transport = connections.open();
      State state = add(transport);
      transport.establish();
      register(state);
    }
  }

  /** A connection more, which is not yet registered: its handshake needs the blocking mode. */
  final State add(Transport transport) {
    State state = new State(states.size(), transport);
    states.add(state);
    return state;
  }

  final void register(State state) throws IOException {
    SocketChannel channel = state.transport.channel();
    channel.configureBlocking(false);
    state.key = channel.register(selector, SelectionKey.OP_READ, state);
  }

  @Override
  void run(Window window) throws IOException {
    this.window = window;
    long now = System.nanoTime();
    for (State state : states) {
      send(state, now);
    }
    while (!over) {
      select(window.end());
      see(System.nanoTime());
    }
    finish();
  }

  /** Waits until all that is in flight has been answered. */
  final void finish() throws IOException {
    long end = System.nanoTime();
    long longest = 0;
    for (State state : states) {
      if (state.inFlight) {
        longest = Math.max(longest, end - state.since);
      }
    }
    countUnanswered(longest);
    while (inFlight > 0) {
      if (System.nanoTime() - end > PATIENCE) {
        throw new IOException(inFlight + " connections had no answer for 10 s");
      }
      select(end + PATIENCE);
    }
  }

  /** Handles what is ready, after waiting for it no longer than until then. */
  private void select(long until) throws IOException {
    long millis = (until - System.nanoTime()) / 1_000_000 + 1;
    try {
      selector.select(handler, Math.max(1, millis));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    if (Thread.interrupted()) {
      throw new IOException("no answer in time");
    }
  }

  /** Notices where in the window it is. */
  final void see(long now) throws IOException {
    measuring = measuring || window.isMeasuring(now);
    over = over || window.isOver(now);
  }

  final void send(State state, long since) throws IOException {
    state.since = since;
    state.sent = 0;
    state.received = 0;
    state.inFlight = true;
    inFlight++;
    write(state);
  }

  private void write(State state) throws IOException {
    state.sent += state.transport.write(messages.from(state.sent));
    if (state.sent < messages.outgoing() || state.transport.hasUnsent()) {
      state.key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
    }
  }

  private void handle(SelectionKey key) {
    State state = (State) key.attachment();
    try {
      int ready = key.readyOps();
      if ((ready & SelectionKey.OP_WRITE) != 0) {
        state.key.interestOps(SelectionKey.OP_READ);
        write(state);
      }
      if ((ready & SelectionKey.OP_READ) != 0) {
        read(state);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read(State state) throws IOException {
    incoming.clear();
    int length = state.transport.read(incoming);
    if (length < 0) {
      throw new EOFException("the server closed a connection");
    }
    if (!state.inFlight && length > 0) {
      throw new IOException("received " + length + " bytes more than were sent");
    }
    messages.check(incoming, state.received, !measuring);
    state.received += length;
    if (state.received == messages.incoming()) {
      state.inFlight = false;
      inFlight--;
      answered(state, System.nanoTime());
    }
  }

  /** All that the connection had in flight has come back. */
  void answered(State state, long now) throws IOException {
    see(now);
    if (!over) {
      if (measuring) {
        count(order.depth(), now - state.since);
      }
      send(state, now);
    }
  }

  @Override
  public void close() throws IOException {
    for (State state : states) {
      state.transport.close();
    }
    selector.close();
  }
}
