package io.plainweave.internal.thread;

import io.plainweave.Connection;

/**
 * For which connection a thread runs, where {@link io.plainweave.context.CurrentConnection} looks
 * for it: a connection is the handler of what nobody catches in its threads. The JDK has that
 * reference in every thread, and drops it when the thread ends, so that it costs nothing; a scoped
 * value would be an object and several frames of each connection that waits.
 */
public final class Belonging {
  private Belonging() {}

  /**
   * Lets the calling thread run for the same connection as another one, if that runs for any.
   *
   * @param parent outlives the call
   */
  public static void inherit(Thread parent) {
    Thread.UncaughtExceptionHandler handler = parent.getUncaughtExceptionHandler();
    if (handler instanceof Connection) {
      Thread.currentThread().setUncaughtExceptionHandler(handler);
    }
  }
}
