/**
 * The load generator: a coordinator that starts echo servers and clients in processes of their own,
 * leads them through the phases of a run, and reports what it cost.
 *
 * <p>The coordinator is {@link io.plainweave.loadtests.Million} with a {@link
 * io.plainweave.loadtests.Fleet} of {@link io.plainweave.loadtests.ChildProcess}es. A child is an
 * {@link io.plainweave.loadtests.EchoServer} or a {@link io.plainweave.loadtests.Client}. They talk
 * in lines: an {@link io.plainweave.loadtests.Order} goes down the child's stdin, a {@link
 * io.plainweave.loadtests.Notice} comes back on its stdout.
 */
package io.plainweave.loadtests;
