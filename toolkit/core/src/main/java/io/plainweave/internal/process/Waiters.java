package io.plainweave.internal.process;

import io.plainweave.internal.log.Log;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The threads that wait for servers to end, as a main method does. What follows in them is a part
 * of the program's end, a {@code finally} that flushes a cache for example, and the JVM would cut
 * it: it waits for its shutdown hooks only. So the end of the process waits for these threads,
 * within a limit, when their servers have ended.
 *
 * <p>A thread is waited for until it ends. One that calls {@link System#exit} waits for the end of
 * the process itself, and a worker of a {@link ThreadPoolExecutor} ends when its pool likes, so
 * that it is done when it waits for another task. Nobody waits for the end of a daemon thread, by
 * its definition, unless it is a virtual one: all of those are daemons, and each ends with its
 * task.
 */
public final class Waiters {
  /**
   * How long all of them have together. An idle server has drained in less than a second: with this
   * the process ends within the ten seconds of {@code docker stop}. Tests make it shorter.
   */
  static volatile Duration limit = Duration.ofSeconds(5);

  /** How often the end looks whether a thread that goes on is done, or is to be left behind. */
  private static final Duration LOOK = Duration.ofMillis(20);

  /** The server for which each thread waits, or has waited when the process began to end. */
  private static final Map<Thread, Stoppable> WAITERS = new ConcurrentHashMap<>();

  /** Set once, by the thread of a signal: nobody is waited for any longer. */
  private static volatile boolean left;

  /** One wait, from its beginning to its end. */
  public record Wait(Thread thread, Stoppable server) implements AutoCloseable {
    @Override
    public void close() {
      // What follows a wait that ends later is what the process waits for.
      if (!StopSignals.isEnding()) {
        WAITERS.remove(thread, server);
      }
    }
  }

  private Waiters() {}

  /** Notes that the calling thread waits from now on; null if nobody waits for its end. */
  public static @Nullable Wait begin(Stoppable server) {
    Thread caller = Thread.currentThread();
    if (caller.isDaemon() && !caller.isVirtual()) {
      return null;
    }
    WAITERS.put(caller, server);
    return new Wait(caller, server);
  }

  /**
   * Waits until all are done whose servers have terminated, for a limited time. The others do not
   * get any further.
   *
   * @return whether one of them ends the process
   */
  static boolean awaitEnd() {
    long deadline = System.nanoTime() + limit.toNanos();
    boolean exits = false;
    for (var waiter : Map.copyOf(WAITERS).entrySet()) {
      Thread thread = waiter.getKey();
      Stoppable server = waiter.getValue();
      if (server.hasTerminated() && !thread.equals(Thread.currentThread())) {
        boolean done = awaitEnd(thread, deadline);
        exits |= isExiting(thread);
        // A signal and System.exit may both wait, and one of them says so.
        if (WAITERS.remove(thread, server) && !done) {
          Log.leftBehind(name(thread), line(thread));
        }
      }
    }
    return exits;
  }

  /** Lets {@link #awaitEnd()} return at once, now or later. */
  static void leave() {
    left = true;
  }

  private static boolean awaitEnd(Thread thread, long deadline) {
    try {
      while (!thread.join(LOOK)) {
        if (isDone(thread)) {
          return true;
        }
        if (left || System.nanoTime() - deadline >= 0) {
          return false;
        }
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static boolean isDone(Thread thread) {
    return isExiting(thread) || isIn(thread, ThreadPoolExecutor.class, "getTask");
  }

  private static boolean isExiting(Thread thread) {
    return isIn(thread, Runtime.class, "exit");
  }

  private static boolean isIn(Thread thread, Class<?> type, String method) {
    return Stream.of(thread.getStackTrace())
        .anyMatch(frame ->
            frame.getClassName().equals(type.getName()) && frame.getMethodName().equals(method));
  }

  private static String name(Thread thread) {
    return thread.getName().isEmpty() ? thread.toString() : thread.getName();
  }

  /** The innermost line that is not the JDK's. */
  private static String line(Thread thread) {
    return Stream.of(thread.getStackTrace())
        .filter(frame -> frame.getModuleName() == null || !isOfJdk(frame.getModuleName()))
        .map(StackTraceElement::toString)
        .findFirst()
        .orElse("its end");
  }

  private static boolean isOfJdk(String module) {
    return module.startsWith("java.") || module.startsWith("jdk.");
  }
}
