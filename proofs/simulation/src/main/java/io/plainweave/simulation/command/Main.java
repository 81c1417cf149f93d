package io.plainweave.simulation.command;

import io.plainweave.simulation.Simulation;
import io.plainweave.simulation.Simulation.Outcome;
import java.io.IOException;
import java.time.Duration;

/** The command {@code proofs/run simulation}. */
public final class Main {
  private static final int MOST_SHOWN = 5;
  private static final long PROGRESS = Duration.ofSeconds(10).toNanos();

  private Main() {}

  /** Runs what is asked for, and ends the process. */
  public static void main(String[] args) throws IOException, InterruptedException {
    System.exit(run(args));
  }

  private static int run(String[] args) throws IOException, InterruptedException {
    Options options;
    try {
      options = Options.parse(args);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.err.print(Options.USAGE);
      return 2;
    }
    if (options.help()) {
      System.out.print(Options.USAGE);
      return 0;
    }
    if (options.defects()) {
      return new Defects(options.seeds()).find() ? 0 : 3;
    }
    return options.only().isPresent()
        ? repeat(options.only().getAsLong())
        : new Main().runMany(options);
  }

  private static int repeat(long seed) {
    Outcome outcome = Simulation.run(seed, true);
    outcome.trace().notes().forEach(System.out::println);
    System.out.printf(
        "seed %d: %,d turns, %,d ms of its time, trace %016x%n",
        seed, outcome.steps(), outcome.nanos() / 1_000_000, outcome.trace().hash());
    show(outcome);
    return outcome.isGood() ? 0 : 1;
  }

  private static void show(Outcome outcome) {
    for (String failure : outcome.failures().stream().limit(MOST_SHOWN).toList()) {
      System.out.println("  WRONG: " + failure);
    }
  }

  // Many seeds

  private final long begun = System.nanoTime();
  private long told = begun;
  private long seeds;
  private long bad;
  private long steps;
  private long simulated;

  private int runMany(Options options) {
    long last = options.seeds() > 0 ? options.from() + options.seeds() - 1 : Long.MAX_VALUE;
    long end = options.time().isZero() ? Long.MAX_VALUE : options.time().toNanos();
    long firstHash = 0;
    for (long seed = options.from(); seed <= last && System.nanoTime() - begun < end; seed++) {
      Outcome outcome = Simulation.run(seed, false);
      if (seed == options.from()) {
        firstHash = outcome.trace().hash();
      }
      count(outcome);
    }
    summarize();
    if (Simulation.run(options.from(), false).trace().hash() != firstHash) {
      System.out.println(
          "seed " + options.from() + " is another run at the end: not deterministic");
      return 4;
    }
    return bad > 0 ? 1 : 0;
  }

  private void count(Outcome outcome) {
    seeds++;
    steps += outcome.steps();
    simulated += outcome.nanos();
    if (!outcome.isGood()) {
      bad++;
      System.out.printf("seed %d, again with: proofs/run simulation --seed %1$d%n", outcome.seed());
      show(outcome);
    }
    if (outcome.trace().disturbances() > 0) {
      System.out.println("seed " + outcome.seed() + " was disturbed by a thread of the process");
    }
    if (System.nanoTime() - told >= PROGRESS) {
      told = System.nanoTime();
      System.err.printf("%,d seeds, %d bad, %.1f a second%n", seeds, bad, rate());
    }
  }

  private double rate() {
    return seeds * 1e9 / (System.nanoTime() - begun);
  }

  private void summarize() {
    System.out.printf(
        "%,d seeds, %d bad, %.1f a second; %,d turns, %,d s of simulated time%n",
        seeds, bad, rate(), steps, Duration.ofNanos(simulated).toSeconds());
  }
}
