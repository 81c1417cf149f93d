/**
 * Connections to other servers: opened, pooled, and joined to those that were accepted.
 *
 * <p>A {@link io.plainweave.client.Connector} describes where to connect and opens connections, a
 * {@link io.plainweave.client.ConnectionPool} lends them again, and a {@link
 * io.plainweave.client.Relay} makes one of two.
 */
@NullMarked
package io.plainweave.client;

import org.jspecify.annotations.NullMarked;
