package io.plainweave.udp;

import io.plainweave.admission.Rate;
import io.plainweave.text.Addresses;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where and how a server takes UDP datagrams (RFC 768): a description, not yet a socket. Give it to
 * {@link io.plainweave.server.ServerBuilder#datagrams} or {@link
 * io.plainweave.server.ServerBuilder#sessions}.
 *
 * <p>Whoever sends a datagram may write any address into it as the sender's. So nothing that a
 * datagram brings about is without a bound: there are {@link #maxHandlers()}, {@link #mailbox()},
 * {@link #sourceRate()} and {@link #sessionRate()}, and replies are no more than {@link
 * #amplification()} allows (RFC 8085, section 6). What is beyond a bound is dropped and counted,
 * and the server reports it ({@link io.plainweave.event.ServerEvent.DatagramsDropped}, {@link
 * io.plainweave.server.Server#datagrams()}).
 *
 * <p>A reply comes from the address that was asked (RFC 1122, section 4.1.3.5), also where that is
 * every address of a machine with several: there is a socket for each, within about a second for
 * one that comes later; nobody else gets the port. Only if an address is none of an interface, as
 * 127.0.0.2 on most machines, which has but 127.0.0.1 of its network, and where there are multicast
 * groups, the system chooses where the reply comes from.
 *
 * @param host a name or a literal address; null for every address of this machine, IPv4 and IPv6. A
 *     name with several addresses stands for all of them, each with limits and figures of its own
 * @param port from 1 to 65535, 0 for one that is free, or -1 for where the server listens by TCP
 *     ({@link #besideTcp()})
 * @param maxDatagram the longest datagram that is taken, in bytes from 1 to 65,527; default 2,048.
 *     A longer one is dropped whole, never cut
 * @param receivers how many sockets share the port, each with a receiving thread and with its share
 *     of the peers (SO_REUSEPORT, socket(7)); default 1. A second server cannot listen on the port
 *     all the same
 * @param receiveBuffer bytes that the kernel holds until the receiver takes them (SO_RCVBUF); more
 *     than the system gives is an error at the start. Default 0: a megabyte, or as much of it as
 *     the system gives (net.core.rmem_max on Linux), or more where that is its default
 * @param groups the multicast groups of which it is a member; with one receiver only, since each
 *     would get what is sent to them
 * @param maxHandlers how many handlers are at work at a time, and so how many sessions there are;
 *     default 10,000. They do not count as connections. A datagram that needs one more is dropped.
 *     For each that is, a session ends that waits, and has been quiet for a second: so forged
 *     senders do not keep all places for the idle time. {@link DatagramSession#validate()} exempts
 *     one from that, as does an amplification of 0
 * @param mailbox how many datagrams wait for the handler of a session; default 16. The next one is
 *     dropped. Whoever forges senders can fill those of all sessions: with the defaults about 330
 *     MB
 * @param sourceRate how many datagrams are taken from one source, as {@link
 *     io.plainweave.admission.AdmissionRules} defines it; the most recent 16,384 sources are known,
 *     and another one starts anew. Default: no limit
 * @param sessionRate how many datagrams are taken from the peer of one session; each session begins
 *     with a full measure. So one of many peers behind one address, as behind a router with NAT,
 *     cannot use up the {@code sourceRate} of all. For sessions only. Default: no limit
 * @param amplification how many times as many bytes may be sent to a peer as were received from it,
 *     headers included, until {@link DatagramSession#validate()}; default 3, as in QUIC (RFC 9000,
 *     section 8.1). 0: no limit, and the server will be used against others
 */
public record Udp(
    @Nullable String host,
    int port,
    int maxDatagram,
    int receivers,
    int receiveBuffer,
    List<Membership> groups,
    int maxHandlers,
    int mailbox,
    Rate sourceRate,
    Rate sessionRate,
    int amplification) {
  /** What an IPv6 datagram can carry without jumbo payloads: 65,535 less the header of UDP. */
  private static final int LONGEST = 65_527;

  private static final int BESIDE_TCP = -1;

  /**
   * A multicast group, as heard on one network interface.
   *
   * @param address of the group, IPv4 or IPv6
   * @param networkInterface on which the datagrams come
   */
  public record Membership(InetAddress address, NetworkInterface networkInterface) {
    /** Checks the values. */
    public Membership {
      Objects.requireNonNull(networkInterface, "networkInterface");
      if (!address.isMulticastAddress()) {
        throw new IllegalArgumentException(
            "not the address of a multicast group: " + address.getHostAddress());
      }
    }
  }

  /** Checks the values. */
  public Udp {
    if (port < BESIDE_TCP || port > 65_535) {
      throw new IllegalArgumentException("a port is from 0 to 65535: " + port);
    }
    if (host != null && host.isBlank()) {
      throw new IllegalArgumentException("the host is empty: '" + host + "'");
    }
    inRange("maxDatagram", maxDatagram, 1, LONGEST);
    inRange("receivers", receivers, 1, 1_024);
    inRange("receiveBuffer", receiveBuffer, 0, Integer.MAX_VALUE);
    inRange("maxHandlers", maxHandlers, 1, Integer.MAX_VALUE);
    inRange("mailbox", mailbox, 1, Integer.MAX_VALUE);
    inRange("amplification", amplification, 0, Integer.MAX_VALUE);
    Objects.requireNonNull(sourceRate, "sourceRate");
    Objects.requireNonNull(sessionRate, "sessionRate");
    groups = List.copyOf(groups);
    if (receivers > 1 && !groups.isEmpty()) {
      throw new IllegalArgumentException(
          "each receiver would get what is sent to a group, so there can be one only: "
              + receivers);
    }
  }

  private static void inRange(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name
              + (most == Integer.MAX_VALUE
                  ? " must be at least " + least
                  : " must be from " + least + " to " + most)
              + ": "
              + value);
    }
  }

  private static Udp place(@Nullable String host, int port) {
    return new Udp(
        host, port, 2_048, 1, 0, List.of(), 10_000, 16, Rate.UNLIMITED, Rate.UNLIMITED, 3);
  }

  /**
   * Takes datagrams to every address of this machine, IPv4 and IPv6.
   *
   * @param port from 1 to 65535, or 0 for one that is free
   * @return the description
   * @throws IllegalArgumentException if the port is out of range
   */
  public static Udp at(int port) {
    inRange("a port", port, 0, 65_535);
    return place(null, port);
  }

  /**
   * Takes datagrams to one address of this machine.
   *
   * @param host a name or a literal address, IPv4 or IPv6; a name with several addresses stands for
   *     all of them
   * @param port from 1 to 65535, or 0 for one that is free
   * @return the description
   * @throws IllegalArgumentException if the port is out of range or the host is empty
   */
  public static Udp at(String host, int port) {
    inRange("a port", port, 0, 65_535);
    return place(Objects.requireNonNull(host, "host"), port);
  }

  /**
   * Takes datagrams wherever the server listens by TCP, for a protocol that speaks both, as DNS
   * does.
   *
   * @return the description
   */
  public static Udp besideTcp() {
    return place(null, BESIDE_TCP);
  }

  /**
   * Returns this description with another {@link #maxDatagram()}.
   *
   * @param bytes from 1 to 65,527
   * @return the description
   */
  public Udp maxDatagram(int bytes) {
    return edit(edit -> edit.maxDatagram = bytes);
  }

  /**
   * Returns this description with another number of {@link #receivers()}.
   *
   * @param receivers from 1 to 1,024
   * @return the description
   */
  public Udp receivers(int receivers) {
    return edit(edit -> edit.receivers = receivers);
  }

  /**
   * Returns this description with another {@link #receiveBuffer()}.
   *
   * @param bytes not negative
   * @return the description
   */
  public Udp receiveBuffer(int bytes) {
    return edit(edit -> edit.receiveBuffer = bytes);
  }

  /**
   * Returns this description with one more multicast group. What is sent to the port itself comes,
   * too, and so may what is sent to groups that other programs have joined on Linux (ip(7),
   * IP_MULTICAST_ALL). The port may be shared with other members on this machine.
   *
   * @param group the address of the group
   * @param networkInterface on which its datagrams come
   * @return the description
   * @throws IllegalArgumentException if the address is not that of a group, or there are several
   *     receivers
   */
  public Udp multicast(InetAddress group, NetworkInterface networkInterface) {
    List<Membership> more = new ArrayList<>(groups);
    more.add(new Membership(group, networkInterface));
    return edit(edit -> edit.groups = more);
  }

  /**
   * Returns this description with another limit of handlers, {@link #maxHandlers()}.
   *
   * @param maxHandlers at least 1
   * @return the description
   */
  public Udp maxHandlers(int maxHandlers) {
    return edit(edit -> edit.maxHandlers = maxHandlers);
  }

  /**
   * Returns this description with another size of the {@link #mailbox()} of a session.
   *
   * @param datagrams at least 1
   * @return the description
   */
  public Udp mailbox(int datagrams) {
    return edit(edit -> edit.mailbox = datagrams);
  }

  /**
   * Returns this description with another limit for each source, {@link #sourceRate()}.
   *
   * @param rate datagrams in a time
   * @return the description
   */
  public Udp sourceRate(Rate rate) {
    return edit(edit -> edit.sourceRate = rate);
  }

  /**
   * Returns this description with another limit for each session, {@link #sessionRate()}.
   *
   * {@snippet file="io/plainweave/internal/udp/SessionRateTest.java" region="rates"}
   *
   * @param rate datagrams in a time
   * @return the description
   */
  public Udp sessionRate(Rate rate) {
    return edit(edit -> edit.sessionRate = rate);
  }

  /**
   * Returns this description with another limit of what is sent to a peer, {@link
   * #amplification()}.
   *
   * @param factor how many times as many bytes as were received, or 0 for no limit
   * @return the description
   */
  public Udp amplification(int factor) {
    return edit(edit -> edit.amplification = factor);
  }

  /**
   * Returns whether this is the place of each TCP listener of the server, instead of one of its
   * own.
   *
   * @return true if it was made by {@link #besideTcp()}
   */
  public boolean isBesideTcp() {
    return port == BESIDE_TCP;
  }

  /** Returns {@code udp:HOST:PORT}, with {@code *} for every address. */
  @Override
  public String toString() {
    return isBesideTcp()
        ? "udp: beside TCP"
        : "udp:" + Addresses.format(host == null ? "*" : host, port);
  }

  /** What changes one component and leaves the others. */
  private Udp edit(Consumer<Edit> change) {
    var edit = new Edit(this);
    change.accept(edit);
    return new Udp(
        edit.host,
        edit.port,
        edit.maxDatagram,
        edit.receivers,
        edit.receiveBuffer,
        edit.groups,
        edit.maxHandlers,
        edit.mailbox,
        edit.sourceRate,
        edit.sessionRate,
        edit.amplification);
  }

  /** The components while one of them is changed, by one thread. */
  private static final class Edit {
    private @Nullable String host;
    private int port;
    private int maxDatagram;
    private int receivers;
    private int receiveBuffer;
    private List<Membership> groups;
    private int maxHandlers;
    private int mailbox;
    private Rate sourceRate;
    private Rate sessionRate;
    private int amplification;

    private Edit(Udp from) {
      this.host = from.host;
      this.port = from.port;
      this.maxDatagram = from.maxDatagram;
      this.receivers = from.receivers;
      this.receiveBuffer = from.receiveBuffer;
      this.groups = from.groups;
      this.maxHandlers = from.maxHandlers;
      this.mailbox = from.mailbox;
      this.sourceRate = from.sourceRate;
      this.sessionRate = from.sessionRate;
      this.amplification = from.amplification;
    }
  }
}
