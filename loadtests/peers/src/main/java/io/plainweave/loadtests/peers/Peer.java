package io.plainweave.loadtests.peers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;

/** An echo or an HTTP server: it accepts from {@link #start} until its process ends. */
interface Peer {
  /** Long enough that no run reaches it; what it costs to watch is what counts. */
  Duration IDLE_TIMEOUT = Duration.ofSeconds(60);

  /** As many as the kernel lets it be: the default of the JDK, 50, would lose connections. */
  int BACKLOG = 65_535;

  /** The buffer of a read, for all peers that have to name one. */
  int BUFFER_BYTES = 16 * 1024;

  /**
   * Starts it.
   *
   * @param port 0 takes a free one
   * @param threads event loops, where there are any
   * @return where it listens
   */
  InetSocketAddress start(int port, int threads) throws IOException, InterruptedException;
}
