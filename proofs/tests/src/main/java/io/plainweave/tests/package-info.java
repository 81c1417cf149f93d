/**
 * What the tests of the toolkit are worth: the lines that they reach ({@code proofs/run coverage}),
 * and the changes that they notice ({@code proofs/run mutation}); and what they say where the
 * system is another one ({@code proofs/run systems}).
 */
package io.plainweave.tests;
