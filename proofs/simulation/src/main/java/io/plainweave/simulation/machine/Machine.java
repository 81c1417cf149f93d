package io.plainweave.simulation.machine;

import io.plainweave.simulation.boot.SimulatedTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * A machine with one processor, whose threads have their turns as a seed wants it, and whose time
 * passes only when it says so: the same seed is the same run. All threads are virtual threads of
 * the JDK, carried by the thread that calls {@link #run}. There is one machine at a time in a
 * process, since the time and the scheduler are the JDK's.
 *
 * <p>A thread loses its turn where it waits, where it gives way, and at some of the {@linkplain
 * Seams#point() steps that others may see}: there the seed takes it away, for a turn of the others
 * or for longer, as a kernel may. When no thread can run, time goes on to the next moment at which
 * one can.
 */
public final class Machine {
  /** Where all simulated threads are told that they can run. */
  static final Executor SCHEDULER = Machine::submit;

  private static final Timers.Service TIMERS = new Timers.Service();

  /** What a turn costs, so that whoever spins until a time has passed comes to its end. */
  private static final long TURN = TimeUnit.MICROSECONDS.toNanos(1);

  /** Every run begins at the same time: not at 0, which code may take for "never". */
  private static final long BEGIN = TimeUnit.DAYS.toNanos(1);

  /** How long threads that are left when the work is done get to end. */
  private static final long GRACE = TimeUnit.MINUTES.toNanos(2);

  private static volatile Machine current;

  private final Thread carrier = Thread.currentThread();
  private final Turns turns;
  private final Random random;
  private final Timers timers = new Timers();
  private final Trace trace;

  /** What can run, in the order in which it came to be so. */
  private final List<SimulatedThread> runnable = new ArrayList<>();

  /** Those that have not ended, by what continues them. */
  private final Map<Runnable, SimulatedThread> threads = new IdentityHashMap<>();

  /** What threads of the process have submitted that are not simulated. */
  private final Queue<Runnable> foreign = new ConcurrentLinkedQueue<>();

  private int lastNumber;
  private long now = BEGIN;
  private long steps;
  private SimulatedThread running;

  /** How long the running thread is to lose its turn when it gives way now; 0 for one turn. */
  private long frozenFor;

  private Machine(long seed, Trace trace) {
    turns = new Turns(seed);
    random = new Random(seed ^ 0x5DEECE66DL);
    this.trace = trace;
  }

  /** The one that runs; null if none does. */
  public static Machine current() {
    return current;
  }

  /** What a run has been. */
  public record Result(long steps, long nanos, long traceHash, int threads) {}

  /** The work does not come to its end. */
  public static final class HungException extends RuntimeException {
    HungException(String message) {
      super(message);
    }
  }

  /**
   * Runs work, in a simulated thread, until it and all threads that it has started have ended.
   *
   * @param most how much simulated time it may take, in nanoseconds
   * @throws HungException if it has not ended by then, nobody can run any more, or threads are left
   */
  public static Result run(long seed, long most, Trace trace, Runnable work) {
    if (current != null) {
      throw new IllegalStateException("a machine runs in this process already");
    }
    JdkInternals.replaceTimers(TIMERS);
    var machine = new Machine(seed, trace);
    current = machine;
    SimulatedTime.nanos = machine.now;
    SimulatedTime.runs = true;
    try {
      return machine.runAll(work, most);
    } finally {
      SimulatedTime.runs = false;
      current = null;
    }
  }

  private Result runAll(Runnable work, long most) {
    Thread root = Seams.ofVirtual().name("simulation").start(work);
    long end = now + most;
    while (!threads.isEmpty()) {
      if (now > end) {
        String what = root.isAlive() ? "it goes on and on" : "threads are left behind";
        throw new HungException(what + dump());
      }
      step(root);
      if (!root.isAlive()) {
        end = Math.min(end, now + GRACE);
      }
    }
    return new Result(steps, now - BEGIN, trace.hash(), lastNumber);
  }

  private void step(Thread root) {
    takeForeign();
    timers.run(now);
    if (runnable.isEmpty()) {
      long next = timers.nextDue();
      if (isBlocked()) {
        Thread.onSpinWait(); // a thread of the JDK is about to wake one that waited for a monitor
      } else if (next == Long.MAX_VALUE) {
        String what = root.isAlive() ? "nobody can run" : "threads are left behind";
        throw new HungException(what + dump());
      } else {
        setTime(next);
      }
      return;
    }
    SimulatedThread next = runnable.remove(turns.choose(runnable));
    trace.step(next.number, now);
    steps++;
    running = next;
    next.continuation.run();
    running = null;
    if (!next.thread.isAlive()) {
      threads.remove(next.continuation);
    }
    setTime(now + TURN);
  }

  private void setTime(long nanos) {
    now = Math.max(now, nanos);
    SimulatedTime.nanos = now;
  }

  private void takeForeign() {
    for (Runnable task; (task = foreign.poll()) != null; ) {
      trace.disturbed();
      add(task);
    }
  }

  private boolean isBlocked() {
    return threads.values().stream().anyMatch(SimulatedThread::isBlocked);
  }

  // For the JDK

  private static void submit(Runnable continuation) {
    Machine machine = current;
    if (machine == null) {
      throw new IllegalStateException("a virtual thread is to run without a simulation");
    }
    Thread caller = Thread.currentThread();
    if (caller.isVirtual() || caller == machine.carrier) {
      machine.add(continuation);
    } else {
      machine.foreign.add(continuation);
    }
  }

  private void add(Runnable continuation) {
    SimulatedThread thread = threads.get(continuation);
    if (thread == null) {
      thread =
          new SimulatedThread(
              ++lastNumber, JdkInternals.threadOf(continuation), continuation, turns.priority());
      threads.put(continuation, thread);
    }
    if (thread == running && frozenFor > 0) {
      SimulatedThread frozen = thread;
      timers.add(now + frozenFor, () -> runnable.add(frozen));
      frozenFor = 0;
    } else {
      runnable.add(thread);
    }
  }

  // For simulated threads, and for what they wait for

  /** Does something when so much time has passed, in the thread that runs the simulation. */
  public ScheduledFuture<?> after(long nanos, Runnable work) {
    return timers.add(now + Math.min(Math.max(0, nanos), Long.MAX_VALUE / 2), work);
  }

  @SuppressWarnings("ThreadPriorityCheck") // it is about the order of turns, not about time
  void point() {
    if (turns.takesTurnAway()) {
      frozenFor = turns.freeze();
      Thread.yield();
      frozenFor = 0; // where it could not leave the carrier
    }
  }

  public long nanoTime() {
    return now;
  }

  /** Lets the time jump, as after a pause of the whole machine. */
  public void jump(long nanos) {
    setTime(now + nanos);
  }

  /** Chance for the work, apart from that of the turns. */
  public Random random() {
    return random;
  }

  /** Adds to the trace what has happened in the work. */
  public void note(String what) {
    trace.note(what, now);
  }

  private String dump() {
    var text = new StringBuilder(" after " + (now - BEGIN) / 1_000_000 + " ms:");
    threads.values().stream()
        .sorted(Comparator.comparingInt(each -> each.number))
        .limit(40)
        .forEach(each -> text.append(each.describe()));
    return text.toString();
  }
}
