package io.plainweave.testing;

import io.plainweave.internal.transport.Polled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An end of a connection in memory, which behaves as a socket of TCP does on Linux: as long as both
 * are open, bytes and the end of each direction travel in order; a close with bytes unread, or with
 * SO_LINGER at zero, is a reset, which the peer meets behind what has arrived before; so is what is
 * written to a peer that has closed.
 */
final class MemoryChannel extends SocketWithoutKernel implements Polled.Source {
  private final MemorySockets network;

  /** Guards what is set before the channel is connected. */
  private final ReentrantLock connecting = new ReentrantLock();

  /** Set once, when the channel is connected; the two lanes before. */
  private volatile @Nullable MemoryWire wire;

  private @Nullable Lane in;
  private @Nullable Lane out;

  // Guarded by the lock of the wire.

  private boolean inputShut;
  private boolean outputShut;
  private boolean gone;

  /** Set by the thread of the poller. */
  private volatile @Nullable MemoryKey key;

  MemoryChannel(MemorySockets network) {
    this.network = network;
  }

  // How it comes to be connected

  /** Called by the wire, which is not known to anybody else yet. */
  void join(MemoryWire to, Lane input, Lane output) {
    in = input;
    out = output;
    wire = to;
  }

  @Override
  public boolean connect(SocketAddress address) throws IOException {
    connecting.lock();
    try {
      if (wire != null) {
        throw new AlreadyConnectedException();
      }
      if (!isOpen()) {
        throw new ClosedChannelException();
      }
      network.connect(this, address);
      return true;
    } catch (ConnectException e) {
      close();
      throw e;
    } finally {
      connecting.unlock();
    }
  }

  @Override
  public boolean finishConnect() {
    wire();
    return true;
  }

  @Override
  public boolean isConnected() {
    return wire != null;
  }

  private MemoryWire wire() {
    MemoryWire joined = wire;
    if (joined == null) {
      throw new NotYetConnectedException();
    }
    return joined;
  }

  // Lanes are there when the wire is.

  @SuppressWarnings("NullAway") // see above
  private Lane in() {
    return in;
  }

  @SuppressWarnings("NullAway") // see above
  private Lane out() {
    return out;
  }

  // Bytes

  @Override
  public int read(ByteBuffer target) throws IOException {
    MemoryWire joined = wire();
    boolean complete = false;
    boolean blocks = isBlocking();
    if (blocks) {
      begin();
    }
    joined.lock.lock();
    try {
      ensureThere();
      int n = readNow(joined, target);
      while (n == 0 && blocks && target.hasRemaining() && isOpen()) {
        joined.changed.awaitUninterruptibly();
        ensureThere();
        n = readNow(joined, target);
      }
      complete = true;
      return n;
    } finally {
      joined.lock.unlock();
      if (blocks) {
        end(complete);
      }
    }
  }

  private int readNow(MemoryWire joined, ByteBuffer target) throws IOException {
    if (inputShut) {
      return -1;
    }
    try {
      int n = in().read(target);
      if (n > 0) {
        joined.tell();
      }
      return n;
    } catch (Lane.ResetAtReadException e) {
      joined.breakDown();
      throw e;
    }
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    MemoryWire joined = wire();
    boolean complete = false;
    boolean blocks = isBlocking();
    if (blocks) {
      begin();
    }
    joined.lock.lock();
    try {
      int total = writeNow(joined, source);
      while (blocks && source.hasRemaining() && isOpen()) {
        joined.changed.awaitUninterruptibly();
        total += writeNow(joined, source);
      }
      complete = true;
      return total;
    } finally {
      joined.lock.unlock();
      if (blocks) {
        end(complete);
      }
    }
  }

  private int writeNow(MemoryWire joined, ByteBuffer source) throws IOException {
    ensureThere();
    if (outputShut) {
      throw new ClosedChannelException();
    }
    if (in().isReset() || out().isReset()) {
      throw new SocketException("Broken pipe");
    }
    if (!source.hasRemaining()) {
      return 0;
    }
    if (out().isReaderGone()) {
      // The first one goes into the void, and the answer is a reset.
      int lost = source.remaining();
      source.position(source.limit());
      joined.breakDown();
      return lost;
    }
    int n = out().take(source);
    if (n > 0) {
      joined.sent(out());
    } else if (out().isToBreak()) {
      joined.breakDown();
      throw new SocketException("Connection reset");
    }
    return n;
  }

  private void ensureThere() throws ClosedChannelException {
    if (gone) {
      throw new ClosedChannelException();
    }
  }

  @Override
  public int available() {
    MemoryWire joined = wire();
    joined.lock.lock();
    try {
      return gone || inputShut ? 0 : in().available();
    } finally {
      joined.lock.unlock();
    }
  }

  // The ends

  @Override
  public SocketChannel shutdownInput() throws IOException {
    MemoryWire joined = wire();
    joined.lock.lock();
    try {
      ensureThere();
      inputShut = true;
      joined.tell();
    } finally {
      joined.lock.unlock();
    }
    return this;
  }

  @Override
  public SocketChannel shutdownOutput() throws IOException {
    MemoryWire joined = wire();
    joined.lock.lock();
    try {
      ensureThere();
      if (in().isReset()) {
        throw new SocketException("Socket is not connected");
      }
      if (!outputShut) {
        outputShut = true;
        out().finish();
        joined.sent(out());
      }
    } finally {
      joined.lock.unlock();
    }
    return this;
  }

  @Override
  protected void implCloseSelectableChannel() {
    MemoryWire joined = wire;
    if (joined == null) {
      return;
    }
    joined.lock.lock();
    try {
      gone = true;
      boolean resets = isToReset();
      if (resets || in().hasUnread()) {
        joined.breakDown();
      }
      in().readerGone();
      if (!outputShut) {
        outputShut = true;
        out().finish();
        joined.sent(out());
      }
      joined.tell();
    } finally {
      joined.lock.unlock();
    }
    MemoryKey registered = key;
    if (registered != null) {
      registered.cancel();
    }
    network.closed(joined);
  }

  /** Closes it by a reset, as nobody has taken it. */
  void reset() {
    try {
      setOption(StandardSocketOptions.SO_LINGER, 0);
      close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // For the poller

  @Override
  public SelectionKey register(Selector selector, int operations, Polled told)
      throws ClosedChannelException {
    MemoryKey made = new MemoryKey(this, network.doorbell(selector), selector, told);
    key = made;
    if (!isOpen()) {
      made.cancel();
      throw new ClosedChannelException();
    }
    return made.interestOps(operations);
  }

  /** What the channel is ready for. */
  int readiness() {
    MemoryWire joined = wire();
    joined.lock.lock();
    try {
      int ready = gone || inputShut || in().isReadable() ? SelectionKey.OP_READ : 0;
      return gone || out().isWritable() || in().isReset() ? ready | SelectionKey.OP_WRITE : ready;
    } finally {
      joined.lock.unlock();
    }
  }

  /** Called when something has changed. */
  void tell() {
    MemoryKey registered = key;
    if (registered != null) {
      registered.ringIfReady();
    }
  }

  @Override
  public Socket socket() {
    try {
      return new MemorySocket(this);
    } catch (SocketException e) {
      throw new UncheckedIOException(e);
    }
  }
}
