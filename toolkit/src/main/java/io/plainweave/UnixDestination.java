package io.plainweave;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * A path on this machine, reached by a Unix-domain socket.
 *
 * @param address of the path
 */
record UnixDestination(UnixDomainSocketAddress address) implements Destination {
  /** The pauses between attempts to get into a full backlog. */
  private static final long SHORTEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(2);

  private static final long LONGEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(100);

  /**
   * Connects. A server that has no room in its backlog refuses for the moment (connect(2), EAGAIN),
   * and nothing tells when it has; the JDK does not tell that failure from others either.
   */
  @Override
  public SocketChannel connect(Deadline deadline) throws ConnectException, InterruptedException {
    var backoff = new Backoff(SHORTEST_PAUSE, LONGEST_PAUSE, ThreadLocalRandom.current());
    while (true) {
      try {
        return open();
      } catch (IOException e) {
        if (!mayPass(e) || deadline.hasPassed()) {
          throw failed("" + e.getMessage(), e);
        }
      }
      try {
        backoff.pause(deadline.left());
      } catch (InterruptedException e) {
        throw interrupted();
      }
    }
  }

  /** Connects at once, or fails and leaves nothing open. */
  private SocketChannel open() throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    boolean connected = false;
    try {
      channel.configureBlocking(false);
      connected = channel.connect(address);
      if (!connected) {
        throw new SocketException("the connection is not complete");
      }
      return channel;
    } finally {
      if (!connected) {
        channel.close();
      }
    }
  }

  /** Whether the server is there, has not refused, and the system has not denied access to it. */
  private boolean mayPass(IOException failure) {
    Path path = address.getPath();
    return failure instanceof SocketException
        && !(failure instanceof ConnectException || failure instanceof BindException)
        && Files.exists(path);
  }

  @Override
  public String toString() {
    return Addresses.format(address);
  }
}
