package io.plainweave.internal.transport;

import org.jspecify.annotations.Nullable;

/**
 * What an event loop is to run, first in, first out. In place of an ArrayDeque, which loses all
 * that it holds if there is no memory to grow. Only the loop changes it.
 */
final class RunQueue {
  private @Nullable Runnable[] tasks = new @Nullable Runnable[64];
  private int first;
  private int size;

  /** Adds a task, or fails for want of memory, and nothing has changed. */
  void add(Runnable task) {
    if (size == tasks.length) {
      grow();
    }
    tasks[(first + size) & (tasks.length - 1)] = task;
    size++;
  }

  private void grow() {
    var longer = new @Nullable Runnable[tasks.length * 2];
    int toEnd = tasks.length - first;
    System.arraycopy(tasks, first, longer, 0, toEnd);
    System.arraycopy(tasks, 0, longer, toEnd, first);
    tasks = longer;
    first = 0;
  }

  /** Takes the first task; null if there is none. */
  @Nullable Runnable poll() {
    if (size == 0) {
      return null;
    }
    Runnable task = tasks[first];
    tasks[first] = null;
    first = (first + 1) & (tasks.length - 1);
    size--;
    return task;
  }

  /** For other threads than the loop's a guess. */
  int size() {
    return size;
  }
}
