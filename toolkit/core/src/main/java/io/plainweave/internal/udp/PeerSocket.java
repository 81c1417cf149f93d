package io.plainweave.internal.udp;

import io.plainweave.internal.log.Log;
import io.plainweave.text.Addresses;
import java.io.Closeable;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A UDP socket with one peer: the kernel drops what comes from elsewhere, and reports what the
 * peer's host says of datagrams that nobody takes (udp(7)).
 *
 * <p>It never blocks, for the same reason as {@link UdpSocket}: an interrupt is to end a wait, and
 * not the socket. So it waits by a selector of its own, which costs two descriptors more.
 */
public final class PeerSocket implements Closeable {
  /** How often a datagram looks for room in the socket, and how long it waits in between. */
  private static final int SEND_ATTEMPTS = 100;

  private static final long SEND_PAUSE = TimeUnit.MILLISECONDS.toNanos(1);

  /** 65,535 bytes less the headers of IPv4 and UDP; IPv6 does not count its own. */
  private static final int LONGEST_IPV4 = 65_535 - 20 - 8;

  private static final int LONGEST_IPV6 = 65_535 - 8;

  private final DatagramChannel channel;
  private final Selector selector;
  private final InetSocketAddress remoteAddress;
  private final InetSocketAddress localAddress;
  private final ReentrantLock receiving = new ReentrantLock();

  /** One byte more than is wanted, to tell what is too long; guarded by the lock. */
  private final ByteBuffer buffer;

  private PeerSocket(DatagramChannel channel, Selector selector, int maxDatagram)
      throws IOException {
    this.channel = channel;
    this.selector = selector;
    this.remoteAddress = (InetSocketAddress) channel.getRemoteAddress();
    this.localAddress = (InetSocketAddress) channel.getLocalAddress();
    this.buffer = ByteBuffer.allocate(maxDatagram + 1);
  }

  /**
   * Opens one; when it fails, nothing stays open.
   *
   * @param local where it is to be, or null for what the system chooses
   */
  public static PeerSocket open(
      InetSocketAddress remote, @Nullable InetAddress local, int maxDatagram) throws IOException {
    DatagramChannel channel = open(remote.getAddress());
    Selector selector = null;
    boolean complete = false;
    try {
      channel.configureBlocking(false);
      if (local != null) {
        channel.bind(new InetSocketAddress(local, 0));
      }
      channel.connect(remote);
      selector = Selector.open();
      channel.register(selector, SelectionKey.OP_READ);
      var socket = new PeerSocket(channel, selector, maxDatagram);
      complete = true;
      return socket;
    } finally {
      if (!complete) {
        channel.close();
        if (selector != null) {
          selector.close();
        }
      }
    }
  }

  private static DatagramChannel open(InetAddress remote) throws IOException {
    try {
      return DatagramChannel.open(
          remote instanceof Inet4Address
              ? StandardProtocolFamily.INET
              : StandardProtocolFamily.INET6);
    } catch (UnsupportedOperationException e) {
      throw new IOException(Addresses.NO_IPV6, e);
    }
  }

  public InetSocketAddress remoteAddress() {
    return remoteAddress;
  }

  public InetSocketAddress localAddress() {
    return localAddress;
  }

  public boolean isOpen() {
    return channel.isOpen();
  }

  /**
   * Waits for a datagram.
   *
   * @param nanos how long at most; {@link Long#MAX_VALUE} for no end
   * @return null if none has come
   */
  public byte @Nullable [] receive(long nanos) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    if (!receiving.tryLock(Math.max(nanos, 0), TimeUnit.NANOSECONDS)) {
      return null;
    }
    try {
      while (true) {
        buffer.clear();
        if (channel.receive(buffer) == null) {
          long left = nanos == Long.MAX_VALUE ? nanos : nanos - (System.nanoTime() - begin);
          if (!await(left)) {
            return null;
          }
        } else if (buffer.hasRemaining()) {
          buffer.flip();
          byte[] bytes = new byte[buffer.remaining()];
          buffer.get(bytes);
          return bytes;
        }
      }
    } catch (ClosedChannelException | ClosedSelectorException e) {
      throw closed(e);
    } catch (IOException e) {
      throw failed("receive from", e);
    } finally {
      receiving.unlock();
    }
  }

  /** Waits until there may be something; false if there is no time left. */
  private boolean await(long nanos) throws IOException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (nanos <= 0) {
      return false;
    }
    // Zero would be no end.
    long millis = nanos == Long.MAX_VALUE ? 0 : Math.ceilDiv(nanos, 1_000_000L);
    selector.select(_ -> {}, millis);
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    return true;
  }

  /**
   * Sends what is left in the buffer. When there is no room, which is a matter of moments, it tries
   * again for a tenth of a second.
   */
  public void send(ByteBuffer datagram) throws IOException, InterruptedException {
    int length = datagram.remaining();
    int longest = remoteAddress.getAddress() instanceof Inet4Address ? LONGEST_IPV4 : LONGEST_IPV6;
    if (length == 0 || length > longest) {
      // DatagramChannel leaves out an empty one if it is connected, and says that it has sent it.
      throw new IllegalArgumentException(
          "a datagram to %s has from 1 to %d bytes: %d"
              .formatted(Addresses.format(remoteAddress), longest, length));
    }
    try {
      for (int i = 0; i < SEND_ATTEMPTS; i++) {
        if (channel.write(datagram) > 0) {
          return;
        }
        LockSupport.parkNanos(SEND_PAUSE);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    } catch (ClosedChannelException e) {
      throw closed(e);
    } catch (IOException e) {
      throw failed("send to", e);
    }
    throw new SocketException(
        "cannot send to " + this + ": the socket had no room for a tenth of a second");
  }

  private SocketException closed(Exception cause) {
    var failure = new SocketException("the connection to " + this + " is closed");
    failure.initCause(cause);
    return failure;
  }

  private IOException failed(String what, IOException cause) {
    if (cause instanceof PortUnreachableException) {
      var failure =
          new PortUnreachableException(
              "nobody listens at " + this + ": its host says that the port is unreachable");
      failure.initCause(cause);
      return failure;
    }
    return new IOException("cannot " + what + " " + this + ": " + cause.getMessage(), cause);
  }

  /** Ends every wait for it, too. */
  @Override
  public void close() {
    try {
      channel.close();
      // The descriptor of a registered channel is closed with the registration.
      selector.close();
    } catch (IOException e) {
      Log.closeFailed(this, e);
    }
  }

  /** Returns {@code udp:ADDRESS:PORT} of the peer. */
  @Override
  public String toString() {
    return "udp:" + Addresses.format(remoteAddress);
  }
}
