package io.plainweave.internal.thread;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The threads of the JDK by which virtual threads live, as a thread dump names them. A lack of
 * memory may harm them, and the JDK does not notice. Only the reaper uses it.
 */
public final class JdkThreads {
  private static final String CARRIERS = "CarrierThreads";

  /**
   * Each of them there once: who wakes virtual threads that have waited for a monitor; who wakes
   * those that wait for a descriptor, our pollers among them; who clears what the collector has
   * found dead.
   */
  static final Set<String> IRREPLACEABLE =
      Set.of("VirtualThread-unblocker", "MasterPoller", "Reference Handler");

  private final List<Thread> irreplaceable;

  private JdkThreads(List<Thread> irreplaceable) {
    this.irreplaceable = irreplaceable;
  }

  /** Finds those that there are, which is all of them after the warm-up. */
  public static JdkThreads find() {
    return new JdkThreads(
        platformThreads().filter(thread -> IRREPLACEABLE.contains(thread.getName())).toList());
  }

  /** What it has found. */
  Set<String> names() {
    return irreplaceable.stream().map(Thread::getName).collect(Collectors.toSet());
  }

  /** One that has died, which nobody starts again; null if none has. */
  public @Nullable Thread dead() {
    for (Thread thread : irreplaceable) {
      if (!thread.isAlive()) {
        return thread;
      }
    }
    return null;
  }

  /**
   * Ends the waits of virtual threads that keep their carriers: without memory the JDK cannot take
   * them off, and waits with the carrier instead (VirtualThread.parkOnCarrierThread). If that has
   * become of all carriers, nobody can run who would wake them. Who waits looks again, as after any
   * spurious wake-up, and is taken off now.
   */
  public static void wakeCarriers() {
    carriers().forEach(LockSupport::unpark);
  }

  static Stream<Thread> carriers() {
    return platformThreads().filter(JdkThreads::isCarrier);
  }

  private static boolean isCarrier(Thread thread) {
    ThreadGroup group = thread.getThreadGroup();
    return group != null && group.getName().equals(CARRIERS);
  }

  private static Stream<Thread> platformThreads() {
    ThreadGroup root = Objects.requireNonNull(Thread.currentThread().getThreadGroup());
    for (ThreadGroup parent; (parent = root.getParent()) != null; ) {
      root = parent;
    }
    // What has started meanwhile may be left out.
    var threads = new @Nullable Thread[root.activeCount() + 64];
    int count = root.enumerate(threads, true);
    return Arrays.stream(threads, 0, count).map(Objects::requireNonNull);
  }
}
