package io.plainweave.admin;

import io.plainweave.admin.threads.ThreadTree;
import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The threads of the process for whoever asks; one at a time, since the process stops for a part of
 * it, and what is read grows with the number of threads.
 */
final class Threads {
  /** How many threads of a scope are shown one by one. */
  private static final int MOST = 20;

  private static final int LARGEST_MOST = 10_000;

  private final ReentrantLock asking = new ReentrantLock();

  /**
   * Returns the tree as text.
   *
   * @param most how many threads of a scope are shown one by one, as it was asked for; or null
   */
  String text(@Nullable String most) throws Refused {
    int parsed = most == null ? MOST : parse(most);
    if (!asking.tryLock()) {
      throw new Refused(Status.UNAVAILABLE, "somebody else asks for the threads just now");
    }
    try {
      return ThreadTree.ofThisProcess().text(parsed);
    } catch (IOException e) {
      throw new Refused(Status.UNAVAILABLE, "the threads cannot be written: " + e.getMessage());
    } finally {
      asking.unlock();
    }
  }

  private static int parse(String most) throws Refused {
    try {
      int parsed = Integer.parseInt(most);
      if (parsed >= 0 && parsed <= LARGEST_MOST) {
        return parsed;
      }
    } catch (NumberFormatException e) {
      // As one that is out of range.
    }
    throw new Refused(Status.BAD_REQUEST, "most is a number up to " + LARGEST_MOST);
  }
}
