/**
 * What has to be found before anything else is believed. The scenarios lie in the packages of the
 * machines that they try; {@code proofs/README.md} says how they are written.
 */
package io.plainweave.interleavings;
