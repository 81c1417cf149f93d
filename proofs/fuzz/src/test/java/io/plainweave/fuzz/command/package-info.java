/** The command {@code proofs/run fuzz}: target after target for a time, and what has come of it. */
package io.plainweave.fuzz.command;
