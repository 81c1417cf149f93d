package io.plainweave;

/**
 * Work of a server's own, which belongs to none of its connections and lives and dies with the
 * server: a tick loop, a cleaner, a cache. {@link io.plainweave.server.ServerBuilder#background}
 * says when it begins and ends.
 */
@FunctionalInterface
public interface BackgroundTask {
  /**
   * Runs until it is interrupted, which says that the last connection has ended, or until its work
   * is done.
   *
   * @throws Exception to end the server in order; after the interrupt it has no such effect
   */
  void run() throws Exception;
}
