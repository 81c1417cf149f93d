package io.plainweave.internal.socket;

import io.plainweave.Listen;
import io.plainweave.event.ListenerStatus;
import io.plainweave.internal.log.Log;
import io.plainweave.text.Addresses;
import io.plainweave.text.OneLine;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A socket that takes connections, for its acceptors. Closed by the server at shutdown; an
 * interrupted acceptor closes it, too.
 *
 * <p>Several acceptors take turns at the one socket: each a socket of its own at the port
 * (SO_REUSEPORT) would let in any other program that asks for the same, without a word.
 */
public final class Listener implements AutoCloseable {
  private final Listen listen;
  private final ListeningSocket socket;

  /** Set once, by whoever begins the drain. */
  private volatile boolean finishing;

  /** Held by an acceptor while it is in accept(2). */
  private final ReentrantLock accepting = new ReentrantLock();

  /** How often it was to be bound again; written by the one acceptor that does so. */
  private volatile int rebinds;

  public Listener(Listen listen, ListeningSocket socket) {
    this.listen = listen;
    this.socket = socket;
  }

  /** As {@link Network#bind}, on this machine. */
  public static List<Listener> bind(Listen listen) throws IOException {
    return Network.KERNEL.bind(listen);
  }

  /**
   * Waits for a connection, on a platform thread in the system call itself. Once the listener
   * finishes it only takes what is there: null, and it is closed, when nothing is.
   */
  public @Nullable SocketChannel accept() throws IOException {
    accepting.lock();
    try {
      SocketChannel accepted = socket.accept(!finishing);
      if (accepted == null) {
        socket.close();
      }
      return accepted;
    } finally {
      accepting.unlock();
    }
  }

  public boolean isOpen() {
    return socket.isOpen();
  }

  /** As {@link ListeningSocket#isListening()}. */
  public boolean isListening() {
    return socket.isListening();
  }

  /** As {@link ListeningSocket#rebindFor()}. */
  public Duration rebindFor() {
    return socket.rebindFor();
  }

  /** As {@link ListeningSocket#acceptors()}. */
  public int acceptors() {
    return socket.acceptors();
  }

  /** As {@link ListeningSocket#rebind()}. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
  public boolean rebind() throws IOException {
    // First, so that whoever finds it listening again knows that it was lost.
    rebinds++;
    return socket.rebind();
  }

  /** How often it was to be bound again. */
  public int rebinds() {
    return rebinds;
  }

  /** What it was made from. */
  public Listen listen() {
    return listen;
  }

  public SocketAddress address() {
    return socket.address();
  }

  /** How it stands. */
  public ListenerStatus status() {
    return new ListenerStatus(name(), address(), socket.backlog(), socket.waiting());
  }

  /** The address at which the peer of an accepted channel has reached this listener. */
  public SocketAddress reachedAt(SocketChannel accepted) throws IOException {
    return socket.reachedAt(accepted);
  }

  /**
   * Ends the listener for a drain. If no other listens on the port, it is closed at once, and new
   * connections are refused from now on. Otherwise clients do not expect to be turned away, and the
   * kernel would reset those that wait in the backlog: the acceptor takes them first, and closes
   * the socket. One that waits for a connection in vain has to be released by {@link #close()}.
   */
  public void finish() {
    finishing = true;
    if (!socket.isShared()) {
      close();
    }
  }

  /** Closes the socket. When this returns, new connections are refused. */
  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // The descriptor is gone all the same (close(2)).
      Log.closeFailed(this, e);
    }
    accepting.lock();
    try {
      // The close has woken the acceptor, but the kernel listens until that one has left accept(2).
    } finally {
      accepting.unlock();
    }
  }

  /** How it is called, or where it is. */
  private String name() {
    String name = listen.name();
    return name == null ? Addresses.format(address()) : name;
  }

  /**
   * Returns {@code ADDRESS:PORT}, IPv6 in brackets, or {@code unix:PATH}; if it has a name, that
   * and the address in parentheses.
   */
  @Override
  public String toString() {
    // It is a part of the names of threads, and a dump of the JDK fails at control characters
    // there.
    String address = Addresses.format(address());
    return listen.name() == null ? address : OneLine.of(listen.name()) + " (" + address + ")";
  }
}
