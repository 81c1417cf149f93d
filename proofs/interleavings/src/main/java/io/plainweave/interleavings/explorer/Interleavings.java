package io.plainweave.interleavings.explorer;

import java.util.List;
import java.util.Optional;

/**
 * Tries a {@link Scenario} in many orders of its threads: first all in which no thread loses its
 * turn, then all in which one does once, then twice, as far as the number of runs allows; and as
 * many by chance.
 */
public final class Interleavings {
  /** How many runs of each scenario, unless the command says more: what a build can bear. */
  private static final int RUNS = Integer.getInteger("interleavings.runs", 2_000);

  /** For the runs by chance: a build has always the same. */
  private static final long SEED = Long.getLong("interleavings.seed", 1);

  private static final int MOST_PREEMPTIONS = 3;
  private static final int MOST_LINES = 60;

  /**
   * What came of it.
   *
   * @param runs how many there were
   * @param steps in the longest of them
   * @param preemptions how often a thread may lose its turn in what was tried in full; -1 for none
   * @param found what has failed, and the order in which it does; empty for nothing
   */
  public record Result(int runs, int steps, int preemptions, Optional<String> found) {}

  private final Class<? extends Scenario> scenario;
  private int runs;
  private int steps;
  private int complete = -1;

  private Interleavings(Class<?> scenario) {
    this.scenario = scenario.asSubclass(Scenario.class);
  }

  /** Fails if a run fails, or comes to no end. */
  public static void explore(Class<? extends Scenario> scenario) {
    Result result = tried(scenario, Optional.empty());
    Report.add(scenario, result);
    if (result.found().isPresent()) {
      throw new AssertionError(result.found().get());
    }
  }

  /** Fails unless the fault is found with which the machine is made. */
  public static void finds(Class<? extends Scenario> scenario, Twin twin) {
    Result result = tried(scenario, Optional.of(twin));
    Report.add(scenario, twin, result);
    if (result.found().isEmpty()) {
      throw new AssertionError(
          "the fault is not found in %,d runs: %s".formatted(result.runs(), twin));
    }
  }

  /** Tries it, with a fault perhaps. */
  public static Result tried(Class<? extends Scenario> scenario, Optional<Twin> twin) {
    var loader = new Loader(twin);
    try {
      var interleavings = new Interleavings(loader.loadClass(scenario.getName()));
      Optional<String> found = interleavings.tryAll();
      if (twin.isPresent() && loader.faults() == 0) {
        throw new IllegalArgumentException("there is no such call: " + twin.get());
      }
      return new Result(interleavings.runs, interleavings.steps, interleavings.complete, found);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private Optional<String> tryAll() {
    for (int preemptions = 0; preemptions <= MOST_PREEMPTIONS && runs < RUNS / 2; preemptions++) {
      var order = new Order.Systematic(new int[0], preemptions);
      while (order != null && runs < RUNS / 2) {
        Optional<String> found = tryOne(order);
        if (found.isPresent()) {
          return found;
        }
        order = order.next();
      }
      if (order == null) {
        complete = preemptions;
      }
    }
    for (long seed = SEED; runs < RUNS; seed++) {
      Optional<String> found = tryOne(new Order.ByChance(seed));
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private Optional<String> tryOne(Order order) {
    runs++;
    var run = new Run(order, false);
    try {
      run.of(make());
      return Optional.empty();
    } catch (Throwable e) {
      return Optional.of(story(order.choices(), e));
    } finally {
      steps = Math.max(steps, run.steps());
    }
  }

  /** Has the same once more, and tells it. */
  private String story(int[] choices, Throwable failure) {
    var again = new Run(Order.again(choices), true);
    try {
      again.of(make());
    } catch (Throwable e) {
      // as before
    }
    List<String> story = again.story();
    int from = Math.max(0, story.size() - MOST_LINES);
    var text = new StringBuilder();
    text.append("run %,d: %s%n".formatted(runs, failure));
    story.subList(from, story.size()).forEach(line -> text.append("  ").append(line).append('\n'));
    for (StackTraceElement frame : failure.getStackTrace()) {
      if (frame.getClassName().startsWith("io.plainweave.")
          && !frame.getClassName().startsWith(Interleavings.class.getPackageName())) {
        text.append("    at ").append(frame).append('\n');
      }
    }
    return text.toString();
  }

  private Scenario make() throws ReflectiveOperationException {
    var constructor = scenario.getDeclaredConstructor();
    constructor.setAccessible(true);
    return constructor.newInstance();
  }
}
