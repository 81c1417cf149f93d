package io.plainweave;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;
import org.jspecify.annotations.Nullable;

/**
 * A socket channel whose reader and writer wait by means of a {@link Poller}. The channel itself
 * never blocks: a transfer moves what can be moved now, and a wait is a call of its own, during
 * which a thread holds no buffer.
 *
 * <p>One thread may read while another writes, and any thread may close it: both then fail as the
 * channel says. An interrupt closes it, as it closes every channel of the JDK.
 */
final class PolledChannel implements Transport {
  private final SocketChannel channel;
  private final Poller poller;

  /** The thread that waits for input; set by itself, taken by whoever wakes it. */
  private volatile @Nullable Thread reader;

  /** The thread that waits for room in the output; as {@link #reader}. */
  private volatile @Nullable Thread writer;

  /** What the poller looks out for, in bits of {@link SelectionKey}; only the poller writes it. */
  private volatile int interest;

  /** The registration, from the first wait on; only the poller touches it. */
  private @Nullable SelectionKey key;

  PolledChannel(SocketChannel channel, Poller poller) {
    this.channel = channel;
    this.poller = poller;
  }

  /** Sets the channel's options; called once, before all else. */
  void prepare() throws IOException {
    channel.configureBlocking(false);
    // Output leaves in whole batches already: to wait for more of them (RFC 896) would only delay
    // the last one. Linux would inherit this from the listening socket, on which Java cannot set
    // it.
    if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }
  }

  // For the threads of the connection

  @Override
  public int read(ByteBuffer target) throws IOException {
    failIfInterrupted();
    return channel.read(target);
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    failIfInterrupted();
    return channel.write(source);
  }

  @Override
  public boolean hasUnsent() {
    return false;
  }

  @Override
  public void awaitReadable() throws IOException {
    Thread self = Thread.currentThread();
    reader = self;
    askFor(SelectionKey.OP_READ);
    while (reader != null && channel.isOpen()) {
      LockSupport.park();
      if (self.isInterrupted()) {
        break;
      }
    }
    reader = null;
    failIfInterrupted();
  }

  @Override
  public void awaitWritable() throws IOException {
    Thread self = Thread.currentThread();
    writer = self;
    askFor(SelectionKey.OP_WRITE);
    while (writer != null && channel.isOpen()) {
      LockSupport.park();
      if (self.isInterrupted()) {
        break;
      }
    }
    writer = null;
    failIfInterrupted();
  }

  /** Ends the wait of the reader, if there is one: it looks again at what there is to do. */
  void wakeReader() {
    Thread waiting = reader;
    if (waiting != null) {
      reader = null;
      LockSupport.unpark(waiting);
    }
  }

  private void wakeWriter() {
    Thread waiting = writer;
    if (waiting != null) {
      writer = null;
      LockSupport.unpark(waiting);
    }
  }

  /**
   * Sees to it that the poller looks out for this. It goes on looking when the wait is over, so
   * that the next one costs nothing.
   */
  private void askFor(int operation) throws IOException {
    if ((interest & operation) == 0) {
      poller.attend(this);
    }
  }

  private void failIfInterrupted() throws IOException {
    if (Thread.currentThread().isInterrupted()) {
      close();
      throw new ClosedByInterruptException();
    }
  }

  @Override
  public void finishOutput() throws IOException {
    channel.shutdownOutput();
  }

  @Override
  public int available() throws IOException {
    // The only public way to ask the kernel (FIONREAD) for a channel of any kind.
    return channel.isOpen() ? Channels.newInputStream(channel).available() : 0;
  }

  /** Closes the channel and ends the waits for it. Has no effect if it is closed. */
  void close() throws IOException {
    if (!channel.isOpen()) {
      return;
    }
    try {
      channel.close();
    } finally {
      wakeReader();
      wakeWriter();
      // The descriptor of a registered channel is closed by the poller.
      poller.forget(channel);
    }
  }

  /** Whether a thread waits for the peer, to send or to make room. */
  boolean isAwaited() {
    return reader != null || writer != null;
  }

  /** Makes threads that the poller can wake best. */
  ThreadFactory threads() {
    return poller.threads();
  }

  boolean isOpen() {
    return channel.isOpen();
  }

  /** Sets whether a close, which an interrupt brings about, too, is a reset. */
  void resetOnClose(boolean reset) {
    if (channel.isOpen()) {
      try {
        channel.setOption(StandardSocketOptions.SO_LINGER, reset ? 0 : -1);
      } catch (IOException closedMeanwhile) {
        // There is nobody to reset any more.
      }
    }
  }

  /** Who the peer is, if it is a process of this machine and the system can tell. */
  Optional<UnixDomainPrincipal> peerCredentials() throws IOException {
    return channel.supportedOptions().contains(ExtendedSocketOptions.SO_PEERCRED)
        ? Optional.of(channel.getOption(ExtendedSocketOptions.SO_PEERCRED))
        : Optional.empty();
  }

  SocketAddress remoteAddress() throws IOException {
    return channel.getRemoteAddress();
  }

  SocketAddress localAddress() throws IOException {
    return channel.getLocalAddress();
  }

  // For the poller's thread

  /** Looks out for what the threads wait for by now, besides what it looked out for before. */
  void updateInterest(Poller by) throws ClosedChannelException {
    int wanted = interest;
    if (reader != null) {
      wanted |= SelectionKey.OP_READ;
    }
    if (writer != null) {
      wanted |= SelectionKey.OP_WRITE;
    }
    if (key == null) {
      key = by.register(channel, wanted, this);
    } else {
      key.interestOps(wanted);
    }
    interest = wanted;
  }

  /**
   * Wakes who waits for this. What nobody waits for is no longer looked out for: the selector would
   * find it again and again.
   */
  void ready(int operations) {
    int unwanted = 0;
    if ((operations & SelectionKey.OP_READ) != 0) {
      if (reader == null) {
        unwanted |= SelectionKey.OP_READ;
      }
      wakeReader();
    }
    if ((operations & SelectionKey.OP_WRITE) != 0) {
      // There is nearly always room: only who has met a full socket wants to hear of it.
      unwanted |= SelectionKey.OP_WRITE;
      wakeWriter();
    }
    if (unwanted != 0 && key != null) {
      interest &= ~unwanted;
      key.interestOps(interest);
      // Who began to wait before it could see that nobody looks out for it looks again.
      wakeReader();
      wakeWriter();
    }
  }
}
