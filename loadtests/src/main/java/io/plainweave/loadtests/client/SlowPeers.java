package io.plainweave.loadtests.client;

import io.plainweave.loadtests.control.Order;
import io.plainweave.loadtests.machine.SelfConnection;
import io.plainweave.loadtests.server.Protocol;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;

/**
 * Connections that hold a server up: slow readers, which ask for much and read nothing, and slow
 * writers (slowloris), which send a message a byte at a time. One that the server has ended comes
 * back.
 *
 * <p>Belongs to the thread of the client.
 */
final class SlowPeers implements Behaviour, AutoCloseable {
  /** Time between two looks at a connection, which is when a slow writer sends a byte. */
  private static final Duration ROUND = Duration.ofSeconds(1);

  private final Queue<Peer> peers = new ArrayDeque<>(); // by the time of their next look
  private final long end;
  private long ended;

  /** One of them; its channel is replaced when the server has ended it. */
  private static final class Peer {
    final boolean reads;
    final InetSocketAddress target;
    final ByteBuffer message = ByteBuffer.allocate(Message.BYTES);

    // Confined to the client's thread.
    long nextLook;
    SocketChannel channel; // null while there is none

    Peer(boolean reads, InetSocketAddress target, long nextLook) {
      this.reads = reads;
      this.target = target;
      this.nextLook = nextLook;
    }
  }

  SlowPeers(Order.Slow order, List<InetSocketAddress> targets) {
    long start = System.nanoTime();
    int all = order.readers() + order.writers();
    for (int i = 0; i < all; i++) {
      // Both kinds come evenly over the arrival, and later evenly again.
      boolean reads = (long) (i + 1) * order.readers() / all > (long) i * order.readers() / all;
      long arrival = start + order.arrival().toNanos() * i / all;
      peers.add(new Peer(reads, targets.get(i % targets.size()), arrival));
    }
    this.end = start + order.duration().toNanos();
  }

  @Override
  public void act() throws IOException {
    for (Peer peer; (peer = peers.peek()) != null && peer.nextLook - System.nanoTime() <= 0; ) {
      peers.remove();
      if (peer.channel != null && isEnded(peer)) {
        ended++;
        peer.channel.close();
        peer.channel = null;
      }
      if (peer.channel == null) {
        connect(peer);
      }
      peer.nextLook = System.nanoTime() + ROUND.toNanos();
      peers.add(peer);
    }
  }

  private static void connect(Peer peer) throws IOException {
    peer.channel = SocketChannel.open();
    // Before the connect, so that the window that the server sees is as small.
    peer.channel.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
    peer.channel.connect(peer.target);
    SelfConnection.refuse(peer.channel);
    peer.channel.configureBlocking(false);
    peer.message.clear();
    if (peer.reads) {
      peer.message.put(0, Protocol.REQUEST_FOR_MUCH);
      peer.channel.write(peer.message);
    } else {
      sendByte(peer);
    }
  }

  /** Sends the next byte of a message of which the last one never comes. */
  private static void sendByte(Peer peer) throws IOException {
    int next = peer.message.position() % (Message.BYTES - 1);
    peer.channel.write(peer.message.slice(next, 1));
    peer.message.position(next + 1);
  }

  /** Goes on as slowly as it is to; whether the server has ended it. */
  private static boolean isEnded(Peer peer) {
    try {
      if (peer.reads) {
        // The end shows in a write, not in a read: that would take what was sent before. The
        // message is never read by the server, which waits for its answer to go.
        peer.channel.write(peer.message.position(Message.BYTES - 1));
        return false;
      }
      sendByte(peer);
      return peer.channel.read(ByteBuffer.allocate(Message.BYTES)) < 0;
    } catch (IOException reset) {
      return true;
    }
  }

  @Override
  public Duration untilNext() {
    long next = peers.isEmpty() ? end : Math.min(peers.element().nextLook, end);
    return Duration.ofNanos(Math.max(0, next - System.nanoTime()));
  }

  @Override
  public boolean isOver() {
    return System.nanoTime() - end >= 0;
  }

  /** Connections that the server has ended. */
  @Override
  public long done() {
    return ended;
  }

  @Override
  public void close() throws IOException {
    for (Peer peer : peers) {
      if (peer.channel != null) {
        peer.channel.close();
      }
    }
  }
}
