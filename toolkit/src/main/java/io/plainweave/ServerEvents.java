package io.plainweave;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that a server has to tell, and the only place that logs. What a peer does is never
 * worth more than DEBUG: a reset is how the other side of the world says goodbye.
 */
final class ServerEvents {
  private static final Logger LOG = LoggerFactory.getLogger(Server.class);
  private static final long ACCEPT_FAILURE_INTERVAL = TimeUnit.SECONDS.toNanos(10);

  void listening(Listener listener) {
    LOG.debug("listening on {}", listener);
  }

  void draining(int connections) {
    LOG.info("draining: {} connections are open", connections);
  }

  void cancelling(int connections) {
    LOG.info("cancelling: {} connections are still open", connections);
  }

  /**
   * A connection of which nothing is to be reported but to those who look: it has ended because of
   * its peer.
   */
  void peerGone(SocketAddress peer, Throwable failure) {
    LOG.debug("{}: the peer is gone: {}", peer, failure.toString());
  }

  /** A handler that ended because the server was cancelling it. */
  void cancelled(SocketAddress peer) {
    LOG.debug("{}: cancelled", peer);
  }

  void handlerFailed(SocketAddress peer, Throwable failure) {
    LOG.error("{}: the handler has failed; the connection is reset", peer, failure);
  }

  static void closeFailed(Listener listener, IOException cause) {
    LOG.debug("{}: the listener did not close well", listener, cause);
  }

  static void secondSignalIgnored(ReflectiveOperationException cause) {
    LOG.debug("a second signal cannot be told from the first", cause);
  }

  void acceptorFailed(Listener listener, Throwable failure) {
    LOG.error("{}: the acceptor has failed; the server shuts down", listener, failure);
  }

  /** Counts failures to accept and tells of them now and then: there may be a thousand a second. */
  static final class AcceptFailures {
    /** Only the acceptor touches these. */
    private long untold;

    private long lastTold = System.nanoTime() - ACCEPT_FAILURE_INTERVAL;

    void failed(Listener listener, Throwable failure) {
      untold++;
      long now = System.nanoTime();
      if (now - lastTold >= ACCEPT_FAILURE_INTERVAL) {
        LOG.warn(
            "{}: cannot accept ({} times since last told): {}",
            listener,
            untold,
            failure.toString());
        untold = 0;
        lastTold = now;
      }
    }
  }
}
