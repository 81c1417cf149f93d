package io.plainweave.interleavings.explorer;

import java.lang.reflect.Constructor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * One run of a scenario, in one order. Its threads are virtual ones on a scheduler of our own,
 * which the exploring thread is: one of them runs at a time, and whoever waits, by whatever means
 * of the JDK, is not in the queue. If nobody is, and some have not ended, a wake-up was lost.
 */
final class Run implements Executor {
  /** More steps than any scenario needs: they wait for each other, and go on and on. */
  private static final int MOST_STEPS = 20_000;

  /** After so many steps in one turn another thread has its own: it may be what is waited for. */
  private static final int LONGEST_TURN = 1_000;

  private static final Constructor<?> BUILDER = builder();

  /** A thread of the scenario. */
  private static final class Actor implements Runnable {
    private final int number;
    private final Scenario.Step step;
    private Thread thread;

    /** What the scheduler runs for it, always the same object. */
    private Runnable turn;

    private boolean ended;
    private Throwable failure;

    Actor(int number, Scenario.Step step) {
      this.number = number;
      this.step = step;
    }

    @Override
    public void run() {
      try {
        step.run();
      } catch (Throwable e) {
        failure = e;
      } finally {
        ended = true;
      }
    }
  }

  private final Order order;
  private final List<Actor> actors = new ArrayList<>();
  private final List<Actor> queue = new ArrayList<>();

  /** What happens, for people; null if nobody wants to know. */
  private final List<String> story;

  private Actor starting;
  private Actor running;

  /** Who is to have the next turn; null if that is to be decided. */
  private Actor next;

  private int steps;
  private int stepsInTurn;
  private int lastPoint = -1;

  Run(Order order, boolean tells) {
    this.order = order;
    this.story = tells ? new ArrayList<>() : null;
  }

  private static Constructor<?> builder() {
    try {
      Constructor<?> constructor =
          Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
              .getDeclaredConstructor(Executor.class);
      constructor.setAccessible(true);
      return constructor;
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  List<String> story() {
    return story;
  }

  int steps() {
    return steps;
  }

  /** Runs it; fails as the scenario does, or if it does not come to its end. */
  void of(Scenario scenario) throws Throwable {
    scenario.prepare();
    for (Scenario.Step step : scenario.threads()) {
      start(new Actor(actors.size() + 1, step));
    }
    Points.use(this);
    try {
      while (!queue.isEmpty()) {
        runNext();
        if (steps > MOST_STEPS) {
          throw new AssertionError("it goes on and on: " + positions());
        }
      }
    } finally {
      Points.use(null);
    }
    for (Actor actor : actors) {
      if (actor.failure != null) {
        throw actor.failure;
      }
    }
    for (Actor actor : actors) {
      if (!actor.ended) {
        throw new AssertionError("nobody can go on: " + positions());
      }
    }
    scenario.check();
  }

  private void start(Actor actor) throws ReflectiveOperationException {
    actors.add(actor);
    actor.thread = ((Thread.Builder) BUILDER.newInstance(this)).unstarted(actor);
    starting = actor;
    actor.thread.start();
    starting = null;
  }

  private void runNext() {
    Actor actor = next;
    next = null;
    if (actor == null) {
      int choice = queue.size() == 1 ? 0 : order.choose(queue.size(), false);
      actor = queue.get(choice);
    }
    queue.remove(actor);
    if (story != null && actor != running) {
      tell(actor);
    }
    running = actor;
    stepsInTurn = 0;
    actor.turn.run();
    if (story != null && actor.ended) {
      story.add("thread " + actor.number + " has ended");
    }
  }

  private void tell(Actor actor) {
    if (running != null && !running.ended && lastPoint >= 0) {
      story.add("thread " + running.number + " stands at " + Points.place(lastPoint));
    }
    story.add("thread " + actor.number + " goes on");
  }

  private String positions() {
    var text = new StringBuilder();
    for (Actor actor : actors) {
      if (!actor.ended) {
        text.append("thread ").append(actor.number).append(" at");
        for (StackTraceElement frame : actor.thread.getStackTrace()) {
          if (frame.getClassName().startsWith("io.plainweave.")) {
            text.append(' ').append(frame.getFileName()).append(':').append(frame.getLineNumber());
          }
        }
        text.append("; ");
      }
    }
    return text.toString();
  }

  /** Called by JDK code: the thread is to have a turn. */
  @Override
  public void execute(Runnable turn) {
    if (starting != null) {
      starting.turn = turn;
    }
    for (Actor actor : actors) {
      if (actor.turn == turn) {
        queue.add(actor);
        return;
      }
    }
    throw new IllegalStateException("it is the turn of a thread that nobody knows");
  }

  /** Called by a thread of the scenario, which may lose its turn here. */
  void reached(int point) {
    Actor self = running;
    if (self == null || Thread.currentThread() != self.thread) {
      return; // it belongs to what is made before the threads
    }
    steps++;
    stepsInTurn++;
    if (!queue.isEmpty()) {
      int choice = order.choose(queue.size() + 1, true);
      if (choice == 0 && stepsInTurn > LONGEST_TURN) {
        choice = 1;
      }
      if (choice > 0) {
        lastPoint = point;
        next = queue.get(choice - 1);
        Thread.yield();
      }
    } else if (steps > MOST_STEPS) {
      throw new AssertionError("thread " + self.number + " goes on and on");
    }
  }
}
