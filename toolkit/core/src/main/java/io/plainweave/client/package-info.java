/**
 * Connections to servers: opened, pooled, and joined to those that were accepted; and UDP.
 *
 * <p>A {@link io.plainweave.client.Connector} describes where to connect and opens connections, a
 * {@link io.plainweave.client.ConnectionPool} lends them again, and a {@link
 * io.plainweave.client.Relay} makes one of two. A connector may go by a {@link
 * io.plainweave.client.ProxyServer}. A {@link io.plainweave.client.DatagramConnector} opens a
 * {@link io.plainweave.client.DatagramConnection} to one server by UDP. A {@link
 * io.plainweave.client.Client} is for a program that wants connections with time limits of its own,
 * and all of them to end with a block.
 */
@NullMarked
package io.plainweave.client;

import org.jspecify.annotations.NullMarked;
