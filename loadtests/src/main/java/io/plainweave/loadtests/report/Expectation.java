package io.plainweave.loadtests.report;

/**
 * What has to hold for a run to be fine.
 *
 * @param text what was expected, such as "every connection is answered"
 * @param held whether it came true
 * @param seen what was seen, such as "999,998 of 1,000,000"
 */
public record Expectation(String text, boolean held, String seen) {}
