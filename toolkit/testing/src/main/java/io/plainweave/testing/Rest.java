package io.plainweave.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import jdk.management.VirtualThreadSchedulerMXBean;

/**
 * Tells whether the virtual threads of this process rest: none runs, and none has something to do.
 * Between a wake-up by a descriptor and the run of a thread the pollers of the JDK have their part,
 * which no figure shows: so a byte is sent after it through a pipe, by the same way.
 */
final class Rest {
  private static final VirtualThreadSchedulerMXBean SCHEDULER =
      ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);

  /** How often in a row they have to be found at rest, each time behind a byte. */
  private static final int OFTEN = 3;

  /**
   * How long to wait for those that do not; the first handler of a JVM on a busy machine loads
   * classes for seconds.
   */
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);

  private static final long PAUSE = TimeUnit.MICROSECONDS.toNanos(20);
  private static final int LOOKS = 10;

  /** A thread that reads bytes from a pipe; there is one in the process, as long as that lives. */
  private static final class Probe {
    private static final Probe ONLY = new Probe();

    private final Pipe pipe;
    private final AtomicLong answers = new AtomicLong();

    private Probe() {
      try {
        pipe = Pipe.open();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      Thread.ofVirtual().name("plainweave rest").start(this::answer);
    }

    private void answer() {
      ByteBuffer one = ByteBuffer.allocate(1);
      try {
        while (pipe.source().read(one.clear()) > 0) {
          answers.incrementAndGet();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Sends a byte, and waits until it has been read, or for too long. */
    private synchronized void ask(long until) {
      long before = answers.get();
      try {
        int _ = pipe.sink().write(ByteBuffer.allocate(1));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      while (answers.get() == before && System.nanoTime() - until < 0) {
        LockSupport.parkNanos(PAUSE);
      }
    }
  }

  /** Opens what stays open for good. */
  static void warmUp() {
    Probe.ONLY.ask(System.nanoTime() + PATIENCE);
  }

  /** Waits until they rest. */
  void await() {
    long until = System.nanoTime() + PATIENCE;
    for (int found = 0; found < OFTEN && System.nanoTime() - until < 0; ) {
      Probe.ONLY.ask(until);
      found = isBrokenForAWhile() ? 0 : found + 1;
    }
  }

  /** Whether they go on for longer than the answer to the byte takes. */
  private static boolean isBrokenForAWhile() {
    for (int i = 0; i < LOOKS; i++) {
      if (!isBroken()) {
        return false;
      }
      LockSupport.parkNanos(PAUSE);
    }
    return true;
  }

  /** The same, unless they rest at this very moment. */
  void awaitIfBroken() {
    if (isBroken()) {
      await();
    }
  }

  private static boolean isBroken() {
    int own = Thread.currentThread().isVirtual() ? 1 : 0;
    return SCHEDULER.getQueuedVirtualThreadCount() > 0
        || SCHEDULER.getMountedVirtualThreadCount() > own;
  }
}
