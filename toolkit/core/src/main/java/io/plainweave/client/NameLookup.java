package io.plainweave.client;

import io.plainweave.internal.time.Countdown;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Looks up the addresses of a host.
 *
 * <p>The system's look-up (getaddrinfo(3)) keeps its thread for as long as it takes, half a minute
 * with a name server that does not answer, and nothing ends it. So it has threads of its own: on a
 * carrier it would keep others from running, on an event loop all connections of it. They belong to
 * the process, since no scope could wait for them, and end when they are not needed.
 */
final class NameLookup {
  /** Look-ups at a time: enough to go on when the names of one name server do not answer. */
  private static final int MOST = 64;

  private static final ThreadPoolExecutor THREADS = threads();

  private NameLookup() {}

  private static ThreadPoolExecutor threads() {
    var threads =
        new ThreadPoolExecutor(
            MOST,
            MOST,
            1,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform()
                .daemon()
                // They outlive the handler that comes first.
                .inheritInheritableThreadLocals(false)
                .name("plainweave look-up ", 0)
                .factory());
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  /**
   * Returns the addresses of a host, at least one, in the order of the resolver.
   *
   * @param host a name or a literal address
   * @throws UnknownHostException if there are none
   * @throws SocketTimeoutException if the time is over before
   */
  static List<InetAddress> addresses(String host, Countdown deadline)
      throws UnknownHostException, SocketTimeoutException, InterruptedException {
    try {
      return List.of(InetAddress.ofLiteral(host));
    } catch (IllegalArgumentException name) {
      return lookUp(host, deadline);
    }
  }

  private static List<InetAddress> lookUp(String host, Countdown deadline)
      throws UnknownHostException, SocketTimeoutException, InterruptedException {
    Future<List<InetAddress>> found = THREADS.submit(() -> List.of(InetAddress.getAllByName(host)));
    try {
      return found.get(deadline.left(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new SocketTimeoutException("no answer from the name server for " + host);
    } catch (ExecutionException e) {
      var unknown = new UnknownHostException(host);
      unknown.initCause(e.getCause());
      throw unknown;
    } finally {
      // One that has not begun is not needed any more.
      found.cancel(false);
    }
  }
}
