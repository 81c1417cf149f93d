/** Runs the commands of the chapter in {@code samples/models}. */
package io.plainweave.loadtests.chapter;
