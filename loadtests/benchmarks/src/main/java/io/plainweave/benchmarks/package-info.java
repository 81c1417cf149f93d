/**
 * Benchmarks of the toolkit's inner pieces, by JMH. They lie in the toolkit's own package to reach
 * what is package-private, and so run on the class path.
 */
package io.plainweave.benchmarks;
