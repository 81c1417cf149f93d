/**
 * The report of a run: what it found, as a table for a terminal, a page for a browser and files for
 * programs.
 *
 * <p>A run fills a {@link io.plainweave.loadtests.report.RunReport} and gives it to {@link
 * io.plainweave.loadtests.report.ReportFiles}. Nothing here knows what a run does.
 */
package io.plainweave.loadtests.report;
