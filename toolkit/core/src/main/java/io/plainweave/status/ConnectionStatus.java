package io.plainweave.status;

import io.plainweave.admission.Network;
import io.plainweave.text.Addresses;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Optional;

/**
 * How one connection stood at a moment. Its parts were looked at one after the other, while the
 * connection went on. Times are in steps of 100 ms.
 *
 * @param id its number, as {@link io.plainweave.Connection#id()}
 * @param outbound whether a handler has opened it, and no peer
 * @param listener which listener has accepted it; empty if it is outbound
 * @param localAddress its address at this side, behind a proxy as the client has used it
 * @param remoteAddress that of the peer, behind a proxy that of the client
 * @param state what it is doing
 * @param inState for how long, counted as the state says
 * @param waitsFor what of the peer it waits for
 * @param age how long it is open
 * @param received bytes from the peer for the handler, over TLS those that were decrypted
 * @param sent bytes to the peer, over TLS before they are encrypted
 */
public record ConnectionStatus(
    long id,
    boolean outbound,
    Optional<ListenerName> listener,
    SocketAddress localAddress,
    SocketAddress remoteAddress,
    ConnectionState state,
    Duration inState,
    WaitsFor waitsFor,
    Duration age,
    long received,
    long sent) {
  /**
   * Returns whether a listener of this name has accepted it.
   *
   * @param name as {@link ListenerName#name()}
   * @return false, too, if the connection is outbound
   */
  public boolean isOf(String name) {
    return listener.filter(it -> it.name().equals(name)).isPresent();
  }

  /**
   * Returns whether the peer is in a network.
   *
   * @param network of either family
   * @return false, too, if the peer has no IP address
   */
  public boolean isPeerIn(Network network) {
    return remoteAddress instanceof InetSocketAddress inet && network.contains(inet.getAddress());
  }

  /**
   * Returns whether it has been in this state for at least so long.
   *
   * @param state the state
   * @param least how long, counted as the state says
   * @return whether it has
   */
  public boolean isIn(ConnectionState state, Duration least) {
    return this.state == state && inState.compareTo(least) >= 0;
  }

  /**
   * Returns whether it has been open for at least so long.
   *
   * @param least how long
   * @return whether it has
   */
  public boolean isOpenFor(Duration least) {
    return age.compareTo(least) >= 0;
  }

  /** Returns one line for people, which may change. */
  @Override
  public String toString() {
    return "%s%s: %s for %d ms, waits for %s; open for %d ms, %d bytes received, %d sent"
        .formatted(
            Addresses.describe(id, localAddress, remoteAddress, outbound),
            listener.map(it -> " of " + it).orElse(""),
            state,
            inState.toMillis(),
            waitsFor,
            age.toMillis(),
            received,
            sent);
  }
}
