package io.plainweave.internal.udp;

import io.plainweave.CloseReason;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.time.Ticks;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.util.concurrent.ThreadFactory;

/** What the receivers of datagrams need of their server. */
public interface DatagramHome {
  Ticks ticks();

  /** Is told of what happens. */
  ServerObserver observer();

  /** Makes the thread of a handler, on the scheduler of connections, whichever that is. */
  ThreadFactory threads();

  /** Whether nobody from there is to be served. */
  boolean isDenied(InetAddress source);

  /** Whether a handler that is about to begin would come too late to be cancelled. */
  boolean cancelsDatagrams();

  /** Counts a handler that has ended. */
  void ended(CloseReason reason);

  /** Ends the server, since it cannot receive at this address any more. */
  void failed(SocketAddress listener, Throwable cause);

  /** Notes that a receiver has ended, and with it all that it has begun. */
  void receiverEnded();

  /** Waits; whether the server is cancelled, which ends the wait. */
  boolean isCancelledWithin(long nanos) throws InterruptedException;
}
