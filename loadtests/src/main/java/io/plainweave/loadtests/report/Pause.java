package io.plainweave.loadtests.report;

/**
 * A pause of a garbage collector.
 *
 * @param process whose, such as "server 1"
 * @param second when it began, in seconds since the run began
 * @param millis how long it took
 * @param cause in the collector's words
 */
public record Pause(String process, double second, double millis, String cause) {}
