/** What the servers of a run are in TLS, and clients that take whoever answers. */
package io.plainweave.loadtests.tls;
