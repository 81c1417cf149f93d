/**
 * The targets: each is a test of the inputs that are kept, and what the fuzzer runs with new ones.
 * {@code proofs/README.md} says how.
 */
package io.plainweave.fuzz;
