/**
 * The proof of what a server survives without memory: servers of 32 MB whose heap is really full
 * for a while, under load, with each garbage collector.
 *
 * <p>{@link io.plainweave.loadtests.fullheap.FullHeap} is the command line. Each {@link
 * io.plainweave.loadtests.fullheap.Round} has a {@link
 * io.plainweave.loadtests.fullheap.FullHeapServer} of its own, in another process.
 */
package io.plainweave.loadtests.fullheap;
