package io.plainweave.loadtests.report;

/**
 * A part of a run.
 *
 * @param name such as "ramp"
 * @param from its begin, in seconds since the run began
 * @param to its end, in seconds since the run began
 */
public record TimedPhase(String name, double from, double to) {}
