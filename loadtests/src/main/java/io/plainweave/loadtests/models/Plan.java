package io.plainweave.loadtests.models;

import java.time.Duration;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * What is to be measured.
 *
 * @param models in the order of the tables
 * @param connections that are open and busy, ascending
 * @param idle connections beside busy ones, ascending; empty to measure none
 * @param seconds for which each is measured
 * @param repeats how often to measure again what other processes have disturbed
 * @param pinned whether the server has one core and the clients another
 * @param descriptors that a server may open; 0 if as many as it may by itself
 */
record Plan(
    List<Model> models,
    List<Integer> connections,
    List<Integer> idle,
    double seconds,
    int repeats,
    boolean pinned,
    int descriptors) {
  /** How many connections are busy beside the idle ones, and while system calls are counted. */
  static final int BUSY = 50;

  private static final double MANY = 10_000;
  private static final double WARM_UP = 0.3;

  // Seconds, as they were measured on two cores.
  private static final double START_AND_END = 5;
  private static final double START_OF_A_PROCESS = 0.2;
  private static final double OPENING = 1.0 / 5_000;
  private static final double BESIDE_A_WINDOW = 0.3;

  /** For how long load is made before it is measured. */
  long warmUpMillis(int busy) {
    return Math.max(1, Math.round(WARM_UP * seconds(busy) * 1_000));
  }

  long millis(int busy) {
    return Math.max(1, Math.round(seconds(busy) * 1_000));
  }

  /** Longer with thousands of connections, so that each has several turns. */
  private double seconds(int busy) {
    return seconds * (1 + busy / MANY);
  }

  /** The numbers of connections at which to measure a model, ascending. */
  NavigableSet<Integer> steps(Model model) {
    NavigableSet<Integer> steps = new TreeSet<>(connections);
    if (model.workers() > 0 && model.workers() < steps.last()) {
      steps.add(model.workers());
    }
    if (model.mostConnections() < steps.last()) {
      steps = new TreeSet<>(steps.headSet(model.mostConnections(), true));
      steps.add(model.mostConnections());
    }
    return steps;
  }

  /** How long it will take, roughly. */
  Duration estimate() {
    return models.stream().map(this::estimate).reduce(Duration.ZERO, Duration::plus);
  }

  Duration estimate(Model model) {
    double window = (1 + WARM_UP) * seconds + BESIDE_A_WINDOW;
    NavigableSet<Integer> steps = steps(model);
    double all = START_AND_END;
    if (model.workers() > 0) {
      all += window * (1 + steps.headSet(model.workers(), true).size());
    } else if (model == Model.PROCESS_PER_CONNECTION) {
      all += window * steps.size() + steps.last() * START_OF_A_PROCESS;
    } else {
      all += window * steps.size() + steps.last() * OPENING;
    }
    if (model.holdsIdle() && !idle.isEmpty()) {
      all += window * idle.size() + idle.getLast() * OPENING;
    }
    return Duration.ofMillis(Math.round(all * 1_000));
  }
}
