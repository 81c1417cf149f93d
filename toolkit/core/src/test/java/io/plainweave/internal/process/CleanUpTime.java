package io.plainweave.internal.process;

import java.time.Duration;

/** The time for what follows a server at the end of the process, for tests in other packages. */
public final class CleanUpTime {
  private CleanUpTime() {}

  /** Sets for how long the end of the process waits for those who have waited for a server. */
  public static void set(Duration limit) {
    Waiters.limit = limit;
  }
}
