package io.plainweave.loadtests.report;

/**
 * A number that a run found.
 *
 * @param name what was measured, such as "server heap"
 * @param value for programs
 * @param unit of the value, such as "B"; empty for a count
 * @param text for people, such as "1,599 B a connection, live"
 */
public record Figure(String name, double value, String unit, String text) {}
