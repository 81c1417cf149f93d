package io.plainweave.internal.trace;

import java.net.SocketAddress;

/** A connection, as far as a trace must know it. Any thread may call it. */
public interface Traceable {
  long id();

  SocketAddress localAddress();

  SocketAddress remoteAddress();

  boolean isOutbound();

  /** For how long it is open, in milliseconds. */
  long openMillis();

  /** Whether its socket is closed. */
  boolean isOver();

  /** Lets the tap see what passes from the next read and write on. */
  void add(Tap tap);

  /** Lets it see no more; has no effect if it does not. */
  void remove(Tap tap);
}
