package io.plainweave.simulation.machine;

/** A thread of the simulation. Its number says as which it has come to run. */
final class SimulatedThread {
  private static final int MOST_FRAMES = 14;

  final int number;
  final Thread thread;
  final Runnable continuation;

  /** The less, the sooner it has its turn, where the seed goes by that. */
  final long priority;

  SimulatedThread(int number, Thread thread, Runnable continuation, long priority) {
    this.number = number;
    this.thread = thread;
    this.continuation = continuation;
    this.priority = priority;
  }

  /** Whether it waits for a monitor. */
  boolean isBlocked() {
    return thread.getState() == Thread.State.BLOCKED;
  }

  String describe() {
    var text = new StringBuilder("\n  " + number + " \"" + thread.getName() + "\"");
    StackTraceElement[] stack = thread.getStackTrace();
    for (int i = 0, shown = 0; i < stack.length && shown < MOST_FRAMES; i++) {
      if (!stack[i].getClassName().startsWith("java.lang.VirtualThread")) {
        text.append("\n      at ").append(stack[i]);
        shown++;
      }
    }
    return text.toString();
  }
}
