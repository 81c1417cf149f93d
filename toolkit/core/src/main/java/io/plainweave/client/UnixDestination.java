package io.plainweave.client;

import io.plainweave.internal.socket.Surroundings;
import io.plainweave.internal.time.Countdown;
import io.plainweave.kernel.SocketPath;
import io.plainweave.kernel.UnixSockets;
import io.plainweave.text.Addresses;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
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
   * and nothing tells when it has. The JDK does not tell that failure from most others: what stands
   * at the path does.
   */
  @Override
  public SocketChannel connect(Countdown deadline) throws ConnectException, InterruptedException {
    var backoff = new Backoff(SHORTEST_PAUSE, LONGEST_PAUSE, ThreadLocalRandom.current());
    while (true) {
      try {
        return open();
      } catch (IOException e) {
        ensureMayPass(e);
        boolean mayBeFull = !(e instanceof ConnectException) && Files.exists(address.getPath());
        if (!mayBeFull || deadline.isOver()) {
          throw failed((mayBeFull ? "perhaps no room in its backlog: " : "") + e.getMessage(), e);
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
    SocketChannel channel = Surroundings.current().network().open(StandardProtocolFamily.UNIX);
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

  /** Fails if somebody has to do something before it can be connected. */
  private void ensureMayPass(IOException failure) throws ConnectException {
    try {
      ensureStream(failure);
    } catch (NoSuchFileException notYet) {
      // Its server makes it.
    } catch (FileSystemException obstacle) {
      ConnectException failed =
          failed(Objects.requireNonNullElse(obstacle.getReason(), "no way to it"), obstacle);
      failed.addSuppressed(failure);
      throw failed;
    } catch (IOException cannotTell) {
      // Then time will.
    }
  }

  /**
   * Looks for what keeps a stream from the path.
   *
   * @throws FileSystemException with the reason for the user, if there is one
   */
  private void ensureStream(IOException failure) throws IOException {
    Path path = address.getPath();
    if (failure instanceof BindException) {
      // So the JDK calls a missing permission (EACCES, EPERM), for the socket or a folder.
      throw new AccessDeniedException(path.toString(), null, "no permission to connect");
    }
    Path folder = Objects.requireNonNull(path.toAbsolutePath().getParent(), "that of a file");
    if (!Files.isDirectory(folder)) {
      String why = Files.exists(folder) ? "this is no folder: " : "there is no folder ";
      throw new FileSystemException(path.toString(), null, why + folder);
    }
    if (!SocketPath.isSocket(path)) {
      throw new FileSystemException(path.toString(), null, "what is there is no socket");
    }
    if (!(failure instanceof ConnectException) && UnixSockets.isNoStream(path)) {
      throw new FileSystemException(
          path.toString(), null, "the socket there is of another type than SOCK_STREAM");
    }
  }

  @Override
  public boolean mayPass(ConnectException failure) {
    return !(failure.getCause() instanceof FileSystemException);
  }

  @Override
  public String toString() {
    return Addresses.format(address);
  }
}
