package io.plainweave.internal.socket;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Listener} has from the kernel: a socket that was bound, or that another process has
 * bound for this one. Only acceptors call it, one at a time, but for {@link #close()} and what it
 * tells.
 */
public interface ListeningSocket {
  SocketAddress address();

  /**
   * Takes a connection.
   *
   * @param waits whether to wait for one, on a platform thread
   * @return null if there is none, or if none is to be waited for any more
   */
  @Nullable SocketChannel accept(boolean waits) throws IOException;

  /** The address at which the peer of an accepted channel has reached it. */
  default SocketAddress reachedAt(SocketChannel accepted) throws IOException {
    return accepted.getLocalAddress();
  }

  /** How many threads are to accept. */
  default int acceptors() {
    return 1;
  }

  /** Whether other sockets may listen at the same address. */
  default boolean isShared() {
    return false;
  }

  /** False once it was closed, by whomever. */
  boolean isOpen();

  /** Ends it; the kernel still listens until the acceptor has left {@link #accept(boolean)}. */
  void close() throws IOException;

  /**
   * Asks the kernel whether it still listens: a socket can be destroyed from outside ({@code ss
   * -K}), and accept fails for ever then. Nothing in the JDK tells. True if it cannot be found out.
   */
  default boolean isListening() {
    return true;
  }

  /** How long to try to bind one again that listens no more. */
  default Duration rebindFor() {
    return Duration.ZERO;
  }

  /**
   * Binds it again at the same address, after it was destroyed; one acceptor alone does.
   *
   * @return false if it was closed meanwhile
   */
  default boolean rebind() throws IOException {
    throw new UnsupportedOperationException(this + " cannot be bound again");
  }

  /** How many connections may wait in the backlog, if that can be told. */
  default OptionalInt backlog() {
    return OptionalInt.empty();
  }

  /** How many do wait, if that can be told. */
  default OptionalInt waiting() {
    return OptionalInt.empty();
  }
}
