/**
 * The comparison: the same work against several servers in turn, in one run.
 *
 * <p>{@link io.plainweave.loadtests.compare.Compare} is the command line, {@link
 * io.plainweave.loadtests.compare.Comparison} leads the run. Servers and the client are processes
 * of their own, on a core each. The client ({@link io.plainweave.loadtests.compare.CompareClient})
 * takes one {@link io.plainweave.loadtests.compare.LoadOrder} at a time and answers with a {@link
 * io.plainweave.loadtests.compare.LoadResult}.
 */
package io.plainweave.loadtests.compare;
