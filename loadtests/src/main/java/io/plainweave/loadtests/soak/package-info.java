/**
 * The proof that a server loses nothing, however many connections have come and gone.
 *
 * <p>{@link io.plainweave.loadtests.soak.Soak} is the command line. One {@link
 * io.plainweave.loadtests.soak.SoakServer} in a process of its own serves millions of short {@link
 * io.plainweave.loadtests.soak.Visit}s; between them it is asked what it holds, and a {@link
 * io.plainweave.loadtests.soak.Slope} is fitted through the answers.
 */
package io.plainweave.loadtests.soak;
