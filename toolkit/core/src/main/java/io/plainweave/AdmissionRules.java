package io.plainweave;

import io.plainweave.event.ServerEvent;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Set;

/**
 * Who is served, and how many at a time. Zero switches a limit off, and an empty set a list.
 *
 * <p>A source is an IPv4 address, or an IPv6 network with a prefix of 64 bits, since that is what a
 * single customer has (RFC 6177). The network of a source is that with a prefix of 24 bits, and of
 * 48 bits for IPv6. Behind a proxy that sends the PROXY protocol, the source is the address in its
 * header. A client on a Unix-domain socket has none, and only the limits of the server and of its
 * listener apply to it.
 *
 * <p>All limits are exact: a permit is taken before the handler runs, and given back when the
 * handler has returned and the socket is closed: one that closes its connection and works on keeps
 * the permit as long, so that there are no more handlers than connections. Sources are counted only
 * where one of their limits is set, and only while they have connections; of the most recent 16,384
 * it is known how often they came.
 *
 * @param maxConnections open at a time, over all listeners; there are never more than the
 *     descriptors of the process allow ({@link ServerEvent.ConnectionsLimited}). Default 0: only
 *     that limit
 * @param maxPerSource open at a time from one source; others are refused. Default 0: no limit
 * @param maxPerNetwork open at a time from the network of a source; others are refused. Default 0:
 *     no limit
 * @param acceptRate how often a connection is accepted; others wait in the kernel's backlog.
 *     Default: no limit
 * @param sourceRate how often a source may connect; others are refused. Default: no limit
 * @param allow the networks that are served, by UDP as well; if empty, the default, all are
 * @param deny the networks that are not served, by UDP as well, even if they are allowed. Default:
 *     none
 * @param whenFull what becomes of connections beyond {@code maxConnections}, or beyond those of
 *     their listener; default {@link WhenFull#WAIT}
 * @param goodbye the bytes that a refused connection reads before its end, not encrypted. They have
 *     to fit the socket's buffer, which an error message does. If empty, the default, it is reset,
 *     which costs this side the least
 * @param alarmAt with so many connections open, observers are told ({@link
 *     ServerEvent.ManyConnections}), every five seconds while it lasts; zero, the default, for
 *     {@code maxConnections}
 */
public record AdmissionRules(
    int maxConnections,
    int maxPerSource,
    int maxPerNetwork,
    Rate acceptRate,
    Rate sourceRate,
    Set<Network> allow,
    Set<Network> deny,
    WhenFull whenFull,
    ByteBuffer goodbye,
    int alarmAt) {
  /** What becomes of connections beyond the limit. */
  public enum WhenFull {
    /** They wait in the kernel's backlog until another connection ends. */
    WAIT,

    /** They are refused, with the goodbye. */
    REFUSE
  }

  /** No limit but that of the process's descriptors, where connections wait. */
  public static final AdmissionRules DEFAULT =
      new AdmissionRules(
          0,
          0,
          0,
          Rate.UNLIMITED,
          Rate.UNLIMITED,
          Set.of(),
          Set.of(),
          WhenFull.WAIT,
          ByteBuffer.allocate(0),
          0);

  /** Checks the values. */
  public AdmissionRules {
    notNegative("maxConnections", maxConnections);
    notNegative("maxPerSource", maxPerSource);
    notNegative("maxPerNetwork", maxPerNetwork);
    Objects.requireNonNull(acceptRate, "acceptRate");
    Objects.requireNonNull(sourceRate, "sourceRate");
    allow = Set.copyOf(allow);
    deny = Set.copyOf(deny);
    Objects.requireNonNull(whenFull, "whenFull");
    goodbye = copy(goodbye);
    notNegative("alarmAt", alarmAt);
  }

  private static void notNegative(String name, int limit) {
    if (limit < 0) {
      throw new IllegalArgumentException(name + " must not be negative: " + limit);
    }
  }

  private static ByteBuffer copy(ByteBuffer bytes) {
    return ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip().asReadOnlyBuffer();
  }

  /**
   * Returns what a refused connection reads before its end.
   *
   * @return the bytes, read-only, with a position of their own
   */
  @Override
  public ByteBuffer goodbye() {
    return goodbye.duplicate();
  }

  /**
   * Returns these rules with another {@link #maxConnections()}.
   *
   * @param maxConnections the limit, or zero for none
   * @return the rules
   */
  public AdmissionRules withMaxConnections(int maxConnections) {
    return new AdmissionRules(
        maxConnections,
        maxPerSource,
        maxPerNetwork,
        acceptRate,
        sourceRate,
        allow,
        deny,
        whenFull,
        goodbye,
        alarmAt);
  }

  /**
   * Returns these rules with another {@link #maxPerSource()}.
   *
   * @param maxPerSource the limit, or zero for none
   * @return the rules
   */
  public AdmissionRules withMaxPerSource(int maxPerSource) {
    return new AdmissionRules(
        maxConnections,
        maxPerSource,
        maxPerNetwork,
        acceptRate,
        sourceRate,
        allow,
        deny,
        whenFull,
        goodbye,
        alarmAt);
  }

  /**
   * Returns these rules with another {@link #maxPerNetwork()}.
   *
   * @param maxPerNetwork the limit, or zero for none
   * @return the rules
   */
  public AdmissionRules withMaxPerNetwork(int maxPerNetwork) {
    return new AdmissionRules(
        maxConnections,
        maxPerSource,
        maxPerNetwork,
        acceptRate,
        sourceRate,
        allow,
        deny,
        whenFull,
        goodbye,
        alarmAt);
  }

  /**
   * Returns these rules with another {@link #acceptRate()}.
   *
   * @param acceptRate the rate, or {@link Rate#UNLIMITED}
   * @return the rules
   */
  public AdmissionRules withAcceptRate(Rate acceptRate) {
    return new AdmissionRules(
        maxConnections,
        maxPerSource,
        maxPerNetwork,
        acceptRate,
        sourceRate,
        allow,
        deny,
        whenFull,
        goodbye,
        alarmAt);
  }

  /**
   * Returns these rules with another {@link #sourceRate()}.
   *
   * @param sourceRate the rate, or {@link Rate#UNLIMITED}
   * @return the rules
   */
  public AdmissionRules withSourceRate(Rate sourceRate) {
    return new AdmissionRules(
        maxConnections,
        maxPerSource,
        maxPerNetwork,
        acceptRate,
        sourceRate,
        allow,
        deny,
        whenFull,
        goodbye,
        alarmAt);
  }

  /**
   * Returns these rules with another {@link #allow()}.
   *
   * @param allow the networks, or none for all
   * @return the rules
   */
  public AdmissionRules withAllow(Set<Network> allow) {
    return new AdmissionRules(
        maxConnections,
        maxPerSource,
        maxPerNetwork,
        acceptRate,
        sourceRate,
        allow,
        deny,
        whenFull,
        goodbye,
        alarmAt);
  }

  /**
   * Returns these rules with another {@link #deny()}.
   *
   * @param deny the networks
   * @return the rules
   */
  public AdmissionRules withDeny(Set<Network> deny) {
    return new AdmissionRules(
        maxConnections,
        maxPerSource,
        maxPerNetwork,
        acceptRate,
        sourceRate,
        allow,
        deny,
        whenFull,
        goodbye,
        alarmAt);
  }

  /**
   * Returns these rules with another {@link #whenFull()}.
   *
   * @param whenFull whether they wait or are refused
   * @return the rules
   */
  public AdmissionRules withWhenFull(WhenFull whenFull) {
    return new AdmissionRules(
        maxConnections,
        maxPerSource,
        maxPerNetwork,
        acceptRate,
        sourceRate,
        allow,
        deny,
        whenFull,
        goodbye,
        alarmAt);
  }

  /**
   * Returns these rules with another {@link #goodbye()}.
   *
   * @param goodbye the bytes, which are copied, or none
   * @return the rules
   */
  public AdmissionRules withGoodbye(ByteBuffer goodbye) {
    return new AdmissionRules(
        maxConnections,
        maxPerSource,
        maxPerNetwork,
        acceptRate,
        sourceRate,
        allow,
        deny,
        whenFull,
        goodbye,
        alarmAt);
  }

  /**
   * Returns these rules with another {@link #alarmAt()}.
   *
   * @param alarmAt how many connections, or zero for {@link #maxConnections()}
   * @return the rules
   */
  public AdmissionRules withAlarmAt(int alarmAt) {
    return new AdmissionRules(
        maxConnections,
        maxPerSource,
        maxPerNetwork,
        acceptRate,
        sourceRate,
        allow,
        deny,
        whenFull,
        goodbye,
        alarmAt);
  }
}
