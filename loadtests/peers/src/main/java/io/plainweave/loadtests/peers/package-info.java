/**
 * The servers that the toolkit is compared with: echo and HTTP servers without it, each written as
 * its own documentation recommends.
 *
 * <p>All have the same features: TCP_NODELAY, an idle timeout on every connection, and a registry
 * of the open ones, which a server needs to end them.
 */
package io.plainweave.loadtests.peers;
