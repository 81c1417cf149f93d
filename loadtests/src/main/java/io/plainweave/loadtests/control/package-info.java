/**
 * What the coordinator and its children say to each other.
 *
 * <p>An {@link io.plainweave.loadtests.control.Order} goes down the child's stdin, a {@link
 * io.plainweave.loadtests.control.Notice} comes back on its stdout; {@link
 * io.plainweave.loadtests.control.ControlLines} knows what they look like, and {@link
 * io.plainweave.loadtests.control.Control} is the child's end.
 */
package io.plainweave.loadtests.control;
