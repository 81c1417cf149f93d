package io.plainweave.context;

import io.plainweave.ConnectionScope;

/**
 * What a task takes along from the thread that forks it, beside scoped values, which are inherited
 * anyway: the context of a library that keeps it in thread-locals, as OpenTelemetry does,
 * Micrometer or the MDC of SLF4J. {@link io.plainweave.server.ServerBuilder#forkContext} sets it
 * for all connections of a server. It is a lambda in most cases:
 *
 * {@snippet file="io/plainweave/context/ForkContextTest.java" region="context"}
 *
 * <p>Whatever is forked in a {@link ConnectionScope}, in front and in the background, then has the
 * context of its forking thread as it was at the fork; so has {@link
 * io.plainweave.server.Shield#call}. The thread of a connection is forked by no thread of the user,
 * and begins with none.
 */
@FunctionalInterface
public interface ForkContext {
  /**
   * Takes what there is. It is called in the thread that forks, for each fork, and may be called by
   * several threads at the same time. It should not block.
   *
   * @return what it has taken. What is thrown instead fails the fork, of which nothing is started.
   */
  Captured capture();

  /** What was taken of a thread. */
  @FunctionalInterface
  interface Captured {
    /**
     * Makes it the context of the calling thread, which is about to run the task that was forked.
     *
     * @return takes it back, in the same thread, when the task has ended, however it has
     * @throws Exception as if the task had thrown it, which does not run then
     */
    AutoCloseable attach() throws Exception;
  }
}
