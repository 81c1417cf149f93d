/** The command {@code proofs/run simulation}. */
package io.plainweave.simulation.command;
