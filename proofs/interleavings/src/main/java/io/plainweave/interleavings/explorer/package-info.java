/** Tries the orders in which threads can take their steps, one after the other, in one process. */
package io.plainweave.interleavings.explorer;
