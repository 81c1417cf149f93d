/**
 * Threads and their scopes: the one door to structured concurrency, and what to do when a thread
 * finds no memory.
 */
@NullMarked
package io.plainweave.internal.thread;

import org.jspecify.annotations.NullMarked;
