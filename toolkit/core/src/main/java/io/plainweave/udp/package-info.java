/**
 * Datagrams: one at a time, or in a session with each peer.
 *
 * <p>A {@link io.plainweave.udp.Udp} says where. A {@link io.plainweave.udp.DatagramHandler} serves
 * each datagram on its own, a {@link io.plainweave.udp.SessionHandler} all those of a peer. The
 * client's side is {@link io.plainweave.client.DatagramConnector}.
 */
@NullMarked
package io.plainweave.udp;

import org.jspecify.annotations.NullMarked;
