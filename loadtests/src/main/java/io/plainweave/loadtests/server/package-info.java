/** The server of a run, in a process of its own: an echo, and what it tells about its memory. */
package io.plainweave.loadtests.server;
