package io.plainweave.loadtests.models;

import io.plainweave.loadtests.machine.Destinations;
import io.plainweave.loadtests.machine.SelfConnection;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Connections that are opened with a message each, and stay open whether it is answered or not: a
 * server that serves as many as it has workers leaves the others waiting.
 *
 * <p>Belongs to one thread.
 */
final class OpenConnections implements AutoCloseable {
  static final int BYTES = 64;

  /** Each loopback address has ports of its own, and what has ended keeps its port for a while. */
  private static final int DESTINATIONS = 100;

  private static final long MOST_MILLIS_OF_A_WAIT = 100;

  private final List<SocketChannel> answered = new ArrayList<>();
  private final Set<SocketChannel> waiting = new LinkedHashSet<>();
  private final ByteBuffer message = ByteBuffer.allocateDirect(BYTES);
  private final ByteBuffer incoming = ByteBuffer.allocateDirect(BYTES);

  private int next;
  private String failure;

  /** Those whose first message was answered, in non-blocking mode. */
  List<SocketChannel> answered() {
    return answered;
  }

  /** Those that the kernel has connected, answered or not. */
  int connected() {
    return answered.size() + (int) waiting.stream().filter(SocketChannel::isConnected).count();
  }

  /** Why the last one could not be opened, or was not answered in order; null if nothing failed. */
  String failure() {
    return failure;
  }

  /**
   * Opens so many, those that are open among them, and waits for the answers.
   *
   * @param inFlight how many may wait while others are opened, unless those wait in vain
   * @param patience nanoseconds without an answer, after which the rest is not waited for
   */
  void open(int port, int connections, int inFlight, long patience) throws IOException {
    failure = null;
    Destinations destinations = new Destinations(DESTINATIONS, port);
    try (Selector selector = Selector.open()) {
      for (SocketChannel channel : waiting) {
        channel.register(
            selector, channel.isConnected() ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT);
      }
      int most = inFlight;
      long last = System.nanoTime();
      while (failure == null) {
        while (answered.size() + waiting.size() < connections && waiting.size() < most) {
          begin(destinations, selector);
        }
        if (waiting.isEmpty()) {
          return;
        }
        int before = answered.size();
        selector.select(this::advance, MOST_MILLIS_OF_A_WAIT);
        long now = System.nanoTime();
        if (answered.size() > before) {
          last = now;
        } else if (now - last > patience) {
          if (answered.size() + waiting.size() >= connections) {
            return;
          }
          most = Integer.MAX_VALUE; // the others are not answered either, but they are to wait too
          last = now;
        }
      }
    } catch (UncheckedIOException e) {
      failure = e.getCause().getMessage();
    } catch (IOException e) {
      failure = e.getMessage();
    }
  }

  private void begin(Destinations destinations, Selector selector) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.INET);
    waiting.add(channel);
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    if (channel.connect(destinations.of(next++))) {
      SelfConnection.refuse(channel);
      channel.write(message.clear());
      channel.register(selector, SelectionKey.OP_READ);
    } else {
      channel.register(selector, SelectionKey.OP_CONNECT);
    }
  }

  private void advance(SelectionKey key) {
    SocketChannel channel = (SocketChannel) key.channel();
    try {
      if (key.isConnectable()) {
        channel.finishConnect();
        SelfConnection.refuse(channel);
        channel.write(message.clear());
        key.interestOps(SelectionKey.OP_READ);
      } else if (read(channel, key)) {
        key.cancel();
        waiting.remove(channel);
        answered.add(channel);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether the whole answer is there; what has come of it is counted in the key. */
  private boolean read(SocketChannel channel, SelectionKey key) throws IOException {
    int length = channel.read(incoming.clear());
    if (length < 0) {
      throw new EOFException("the server closed a connection");
    }
    int received = (key.attachment() instanceof Integer before ? before : 0) + length;
    key.attach(received);
    return received == BYTES;
  }

  /** Closes all; may be opened again. */
  @Override
  public void close() throws IOException {
    for (SocketChannel channel : waiting) {
      channel.close();
    }
    for (SocketChannel channel : answered) {
      channel.close();
    }
    waiting.clear();
    answered.clear();
  }
}
