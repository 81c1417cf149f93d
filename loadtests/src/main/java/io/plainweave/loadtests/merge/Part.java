package io.plainweave.loadtests.merge;

import io.plainweave.loadtests.report.RunReport;

/**
 * What one generator reports.
 *
 * @param name of the generator, unique among those that are merged
 */
record Part(String name, RunReport report) {}
