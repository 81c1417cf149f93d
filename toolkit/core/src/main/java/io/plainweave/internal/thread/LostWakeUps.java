package io.plainweave.internal.thread;

import io.plainweave.internal.log.Log;
import java.lang.Runtime.Version;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Two faults of the JDK by which a virtual thread may wait for ever although it was woken. Both are
 * rare races, and neither can be mended from outside: to the JDK such a thread has had its wake-up,
 * so a second one or an interrupt has no effect.
 *
 * <ul>
 *   <li>JDK-8369227: a thread parks soon after a park with a timeout, while another unparks it and
 *       the timeout expires. Corrected in 25.0.3 and 26.0.1.
 *   <li>JDK-8373120: a thread waits for a monitor ({@code synchronized}, {@code Object.wait}). The
 *       toolkit has none but those within the JDK's maps and channels; handlers and what they call
 *       may have. Corrected in 25.0.4 and 26.0.1.
 * </ul>
 */
public final class LostWakeUps {
  private static final Version RUNNING = Runtime.version();

  /** Whether a park with a timeout is better avoided where there is a choice. */
  public static final boolean AFTER_TIMED_PARKS = afterTimedParks(RUNNING);

  private static final AtomicBoolean TOLD = new AtomicBoolean();

  private LostWakeUps() {}

  /** Tells the log, once in a process, if this JDK has one of them. */
  public static void tell() {
    if (atMonitors(RUNNING) && !TOLD.getAndSet(true)) {
      Log.wakeUpsMayBeLost(RUNNING);
    }
  }

  /** Whether a JDK has the first. */
  static boolean afterTimedParks(Version jdk) {
    return isUpdateBefore(jdk, 3, 1);
  }

  /** Whether a JDK has the second, and perhaps the first as well. */
  static boolean atMonitors(Version jdk) {
    return isUpdateBefore(jdk, 4, 1);
  }

  private static boolean isUpdateBefore(Version jdk, int of25, int of26) {
    return switch (jdk.feature()) {
      case 25 -> jdk.update() < of25;
      case 26 -> jdk.update() < of26;
      default -> false;
    };
  }
}
