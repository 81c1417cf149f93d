package io.plainweave.internal.udp;

import io.plainweave.internal.log.Log;
import io.plainweave.text.Addresses;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The sockets that one receiver waits for: that of the place that was described, and, if that is
 * every address of this machine, one more for each address.
 *
 * <p>A reply has to come from the address that was asked (RFC 1122, section 4.1.3.5). Java cannot
 * tell which one that was, nor choose the sender of a datagram (IP_PKTINFO, ip(7)); but of several
 * sockets with one port the kernel gives a datagram to the one that has its address, and sends by
 * it from there.
 *
 * <p>The first socket takes the rest: broadcasts, and what is sent to an address that no interface
 * has. Link-local addresses of IPv6 are left to it, too: a reply to one goes out on its interface,
 * from the address there.
 */
public final class ReceiverSockets implements AutoCloseable {
  private final Udp udp;
  private final UdpSocket first;
  private final Selector selector;

  /** Changed by the receiver, or before it runs. */
  private final Map<InetAddress, UdpSocket> others = new ConcurrentHashMap<>();

  /** Whether the addresses may have changed; set by the reaper, reset by the receiver. */
  private volatile boolean outdated = true;

  private ReceiverSockets(Udp udp, UdpSocket first, Selector selector) {
    this.udp = udp;
    this.first = first;
    this.selector = selector;
  }

  /**
   * Binds the first socket; when it fails, nothing stays open.
   *
   * @param joins whether another one of these receivers is bound there
   */
  static ReceiverSockets bind(Udp udp, InetSocketAddress wanted, boolean joins) throws IOException {
    UdpSocket first = UdpSocket.bind(udp, wanted, joins);
    Selector selector = null;
    boolean complete = false;
    try {
      selector = Selector.open();
      first.register(selector);
      var sockets = new ReceiverSockets(udp, first, selector);
      complete = true;
      return sockets;
    } finally {
      if (!complete) {
        first.close();
        if (selector != null) {
          selector.close();
        }
      }
    }
  }

  UdpSocket first() {
    return first;
  }

  InetSocketAddress address() {
    return first.address();
  }

  Stream<InetSocketAddress> addresses() {
    return all().stream().map(UdpSocket::address);
  }

  Collection<UdpSocket> all() {
    return Stream.concat(Stream.of(first), others.values().stream()).toList();
  }

  /** Lets the receiver follow the addresses of this machine, if there is anything to do. */
  void compare(Set<InetAddress> hosts) {
    if (!others.keySet().equals(wanted(hosts))) {
      outdated = true;
      wake();
    }
  }

  /** Those of them that are to have a socket. */
  private Set<InetAddress> wanted(Set<InetAddress> hosts) {
    InetAddress place = first.address().getAddress();
    // Where there are groups, the port may be others', too.
    if (!place.isAnyLocalAddress() || !udp.groups().isEmpty()) {
      return Set.of();
    }
    boolean bothFamilies = place instanceof Inet6Address;
    return hosts.stream()
        .filter(
            host -> host instanceof Inet4Address || (bothFamilies && !host.isLinkLocalAddress()))
        .collect(Collectors.toSet());
  }

  /**
   * Binds a socket at each of these addresses of this machine that has none, if it can be, and
   * closes those at others. Where it cannot be, as at an IPv6 address that is still looked for on
   * the network, the first socket serves until the next call.
   *
   * @return what was closed
   */
  List<UdpSocket> follow(Set<InetAddress> hosts) {
    if (!outdated) {
      return List.of();
    }
    outdated = false;
    Set<InetAddress> wanted = wanted(hosts);
    List<UdpSocket> gone = new ArrayList<>();
    others.forEach((host, socket) -> {
      if (!wanted.contains(host)) {
        others.remove(host);
        socket.close();
        gone.add(socket);
      }
    });
    for (InetAddress host : wanted) {
      if (!others.containsKey(host)) {
        bindAt(host);
      }
    }
    return gone;
  }

  private void bindAt(InetAddress host) {
    var address = new InetSocketAddress(host, first.address().getPort());
    try {
      UdpSocket socket = UdpSocket.bindBeside(first, udp, address);
      others.put(host, socket);
      socket.register(selector);
    } catch (IOException e) {
      Log.repliesFromElsewhere(Addresses.format(address), e);
    }
  }

  /**
   * Waits until there is a datagram, or somebody wakes the receiver; returns where there is one.
   */
  List<UdpSocket> awaitDatagram() throws IOException {
    List<UdpSocket> ready = new ArrayList<>();
    selector.select(key -> ready.add((UdpSocket) key.attachment()));
    return ready;
  }

  /** Ends the wait of the receiver, the next one if it does not wait now. */
  void wake() {
    selector.wakeup();
  }

  boolean isOpen() {
    return first.isOpen();
  }

  @Override
  public void close() {
    all().forEach(UdpSocket::close);
    try {
      // The descriptor of a registered channel is closed with the registration.
      selector.close();
    } catch (IOException e) {
      Log.closeFailed(this, e);
    }
  }

  /** Returns {@code udp:ADDRESS:PORT}. */
  @Override
  public String toString() {
    return first.toString();
  }
}
