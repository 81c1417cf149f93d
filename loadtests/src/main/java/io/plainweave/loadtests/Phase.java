package io.plainweave.loadtests;

/** A part of a run; each ends before the next begins. */
enum Phase {
  START("processes ready"),
  RAMP("connected and answered"),
  HOLD("open"),
  SWEEP("answered"),
  DRAIN("ended");

  private final String unit;

  Phase(String unit) {
    this.unit = unit;
  }

  /** What is counted while the phase runs. */
  String unit() {
    return unit;
  }

  String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
