package io.plainweave.event;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a background task stands.
 *
 * @param name how it was called ({@link io.plainweave.server.ServerBuilder#background})
 * @param stack the stack of its thread, innermost call first; empty if the thread has just ended
 */
public record TaskPosition(String name, List<StackTraceElement> stack) {
  /** Copies the stack. */
  public TaskPosition {
    stack = List.copyOf(stack);
  }

  /**
   * Returns where a thread stands.
   *
   * @param name how its task was called
   * @param thread the thread, if there is one
   * @return the position, or null if it does not run
   */
  public static @Nullable TaskPosition of(String name, @Nullable Thread thread) {
    return thread == null || !thread.isAlive()
        ? null
        : new TaskPosition(name, List.of(thread.getStackTrace()));
  }

  /**
   * Returns the innermost line that is neither the JDK's nor Plainweave's: the task's own.
   *
   * @return for example {@code app.Game.tick(Game.java:42)}
   */
  public String line() {
    return HandlerPosition.lineOf(stack);
  }

  /** Returns the name and the line. */
  @Override
  public String toString() {
    return name + " at " + line();
  }
}
