package io.plainweave.simulation.machine;

import java.util.ArrayList;
import java.util.List;

/**
 * What has happened in a run: as a number that two runs share if they are the same, and as text.
 */
public final class Trace {
  private final boolean keeps;
  private final List<String> notes = new ArrayList<>();
  private long hash = 1;
  private int disturbances;

  /**
   * Makes an empty one.
   *
   * @param keeps whether notes are kept as text
   */
  public Trace(boolean keeps) {
    this.keeps = keeps;
  }

  void step(int thread, long now) {
    mix(thread * 0x9E3779B97F4A7C15L + now);
  }

  void note(String what, long now) {
    mix(now); // and not the text: connections have numbers that go on from run to run
    if (keeps) {
      notes.add("%,15d %s".formatted(now / 1_000, what));
    }
  }

  private void mix(long value) {
    hash = (hash ^ value) * 0xBF58476D1CE4E5B9L;
    hash ^= hash >>> 31;
  }

  /** A thread of the process that is not simulated has had a part in the order of turns. */
  void disturbed() {
    disturbances++;
  }

  public long hash() {
    return hash;
  }

  public int disturbances() {
    return disturbances;
  }

  /** What was noted, with the microseconds of the machine. */
  public List<String> notes() {
    return notes;
  }
}
