/** The command {@code proofs/run interleavings}: the tests, with many more runs of each. */
package io.plainweave.interleavings.command;
