/** Runs the toolkit, unchanged, as a seed wants it: see proofs/README.md. */
package io.plainweave.simulation;
