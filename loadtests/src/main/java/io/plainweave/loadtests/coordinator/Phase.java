package io.plainweave.loadtests.coordinator;

import java.util.Locale;

/** A part of a run; each ends before the next begins. */
public enum Phase {
  START("processes ready", false),
  /** For the start signal. */
  WAIT("generators here", false),
  RAMP("connected", true),
  HOLD("open", false),
  SWEEP("answered", true),
  LOAD("answered", true),
  CHURN("ended", true),
  STORM("back", true),
  SLOW("answered", true),
  BROADCAST("received", true),
  RESTART("servers replaced", false),
  DRAIN("ended", true),
  /** The end of connections to servers that are not the run's. */
  CLOSE("ended", true);

  private final String unit;
  private final boolean rated;

  Phase(String unit, boolean rated) {
    this.unit = unit;
    this.rated = rated;
  }

  /** What is counted while the phase runs. */
  String unit() {
    return unit;
  }

  /** Whether it says something how fast the count grows. */
  boolean isRated() {
    return rated;
  }

  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
