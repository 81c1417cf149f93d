package io.plainweave.loadtests.havoc;

import java.util.function.Predicate;

/** A time in which something was done that may harm certain conversations, whichever. */
final class Window {
  /** For so long somebody may have waited to be accepted. */
  private static final long BACKLOG_NANOS = 3_000_000_000L;

  private final long begin = System.nanoTime();
  private final boolean onlyBegun;
  private final Predicate<Work> works;
  private volatile long end = Long.MAX_VALUE;

  /**
   * Opens one.
   *
   * @param onlyBegun whether it harms only those that begin in it
   */
  Window(boolean onlyBegun, Predicate<Work> works) {
    this.onlyBegun = onlyBegun;
    this.works = works;
  }

  void close() {
    end = System.nanoTime();
  }

  /** Whether it may have harmed one that ends now. */
  boolean excuses(Conversation conversation) {
    if (!works.test(conversation.work)) {
      return false;
    }
    long last = end;
    boolean begunBeforeItsEnd = last == Long.MAX_VALUE || conversation.begin - last < 0;
    return begunBeforeItsEnd && (!onlyBegun || conversation.begin - begin > -BACKLOG_NANOS);
  }
}
