package io.plainweave.proxyprotocol;

import io.plainweave.admission.Network;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * From whom a listener takes a PROXY header, in which a proxy or load balancer says whose
 * connection it passes on: version 1 or 2 of <a
 * href="https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt">the protocol</a>.
 *
 * <p>{@link io.plainweave.Connection#remoteAddress()} and {@link
 * io.plainweave.Connection#localAddress()} are those of the client's connection to the proxy then,
 * and {@link io.plainweave.Connection#proxyHeader()} has all that the proxy tells. Of the proxy's
 * own connections, such as health checks, and where the header tells no addresses, they stay those
 * of the connection itself.
 *
 * <p>Where a header is due it has to come: nobody looks whether one is there, since then a client
 * could pretend to be another (section 5 of the specification). It has {@link
 * io.plainweave.TimeLimits#handshake()}, and at most 4,096 bytes. A connection that begins with
 * anything else is reset ({@link io.plainweave.CloseReason.Malformed}); one that ends without a
 * byte, as some health checks do, ends in order, and the handler does not see it.
 */
public final class ProxyProtocol {
  private static final ProxyProtocol FROM_EVERYONE = new ProxyProtocol(null, false);

  /** Null for everyone. */
  private final @Nullable List<Network> proxies;

  private final boolean othersDirect;

  private ProxyProtocol(@Nullable List<Network> proxies, boolean othersDirect) {
    this.proxies = proxies;
    this.othersDirect = othersDirect;
  }

  /**
   * Takes a header from everyone. Nobody but the proxies must be able to connect: whoever is, says
   * which client it is.
   *
   * @return the setting
   */
  public static ProxyProtocol required() {
    return FROM_EVERYONE;
  }

  /**
   * Takes a header from proxies in certain networks. The connections of all others are reset before
   * a byte is read, unless {@link #othersDirect(boolean)}.
   *
   * @param proxies where the proxies are; at least one. A Unix-domain socket is in no network
   * @return the setting
   * @throws IllegalArgumentException if there is none
   */
  public static ProxyProtocol requiredFrom(Network... proxies) {
    if (proxies.length == 0) {
      throw new IllegalArgumentException("there is no network to take a PROXY header from");
    }
    return new ProxyProtocol(List.of(proxies), false);
  }

  /**
   * Returns this setting with another answer to who is not in its networks.
   *
   * @param othersDirect whether they are served as clients that connect directly, without a header:
   *     what they send goes to the handler as it is; otherwise they are refused
   * @return the setting
   */
  public ProxyProtocol othersDirect(boolean othersDirect) {
    return new ProxyProtocol(proxies, othersDirect);
  }

  /**
   * Returns whether others than the proxies are served, too.
   *
   * @return whether they are; false unless set
   */
  public boolean othersDirect() {
    return othersDirect;
  }

  /**
   * Returns whether a header is due from a peer.
   *
   * @param peer the address of the socket at the other end
   * @return true if it has to begin with a header
   */
  public boolean isProxy(SocketAddress peer) {
    if (proxies == null) {
      return true;
    }
    if (!(peer instanceof InetSocketAddress inet)) {
      return false;
    }
    InetAddress address = inet.getAddress();
    return proxies.stream().anyMatch(network -> network.contains(address));
  }

  /** Returns for example {@code PROXY header from 10.0.0.0/8, others direct}. */
  @Override
  public String toString() {
    String from = proxies == null ? "everyone" : String.join(", ", names(proxies));
    return "PROXY header from " + from + (othersDirect ? ", others direct" : "");
  }

  private static List<String> names(List<Network> networks) {
    return networks.stream().map(Network::toString).toList();
  }
}
