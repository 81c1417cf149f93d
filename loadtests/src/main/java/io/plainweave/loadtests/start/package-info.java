/**
 * The start signal, with which the generators of several machines begin at the same moment.
 *
 * <p>A generator connects and sends the line {@code ready}. It gets {@code waiting 2 of 3} every
 * second, then {@code start 3 of 3}, or {@code failed} with a sentence if not all have come in
 * time. A connection that sends nothing is no generator: that is how Kubernetes asks whether the
 * signal is ready.
 */
package io.plainweave.loadtests.start;
