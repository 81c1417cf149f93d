/**
 * The client of a run, in a process of its own: one thread, one selector, many connections, so that
 * it is not what breaks and does not hide what the server costs.
 */
package io.plainweave.loadtests.client;
