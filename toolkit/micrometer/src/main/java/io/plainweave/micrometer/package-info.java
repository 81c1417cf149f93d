/**
 * The figures of a server for Micrometer, and by it for Prometheus, OpenTelemetry and others: see
 * {@link io.plainweave.micrometer.ServerMetrics}.
 */
package io.plainweave.micrometer;
