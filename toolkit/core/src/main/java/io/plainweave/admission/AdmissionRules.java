package io.plainweave.admission;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

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
 * @param maxConnections open at a time, over all listeners, one for administration included: it has
 *     room if the others have limits of their own below this ({@link
 *     io.plainweave.Listen#maxConnections(int)}). There are never more than the descriptors of the
 *     process allow ({@link io.plainweave.event.ServerEvent.ConnectionsLimited}). Default 0: only
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
 * @param exempt the networks whose sources {@code maxPerSource}, {@code maxPerNetwork} and {@code
 *     sourceRate} do not limit, nor are they counted: a monitor or a load balancer. All other rules
 *     apply to them, {@code deny} above all. Default: none
 * @param whenFull what becomes of connections beyond {@code maxConnections}, or beyond those of
 *     their listener; default {@link WhenFull#WAIT}
 * @param goodbye the bytes that a refused connection reads before its end, not encrypted. They have
 *     to fit the socket's buffer, which an error message does. If empty, the default, it is reset,
 *     which costs this side the least
 * @param alarmAt with so many connections open, observers hear of it ({@link
 *     io.plainweave.event.ServerEvent.ManyConnections}), every five seconds while it lasts; zero,
 *     the default, for {@code maxConnections}
 */
public record AdmissionRules(
    int maxConnections,
    int maxPerSource,
    int maxPerNetwork,
    Rate acceptRate,
    Rate sourceRate,
    Set<Network> allow,
    Set<Network> deny,
    Set<Network> exempt,
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
    exempt = Set.copyOf(exempt);
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
  public AdmissionRules maxConnections(int maxConnections) {
    return edit(edit -> edit.maxConnections = maxConnections);
  }

  /**
   * Returns these rules with another {@link #maxPerSource()}.
   *
   * @param maxPerSource the limit, or zero for none
   * @return the rules
   */
  public AdmissionRules maxPerSource(int maxPerSource) {
    return edit(edit -> edit.maxPerSource = maxPerSource);
  }

  /**
   * Returns these rules with another {@link #maxPerNetwork()}.
   *
   * @param maxPerNetwork the limit, or zero for none
   * @return the rules
   */
  public AdmissionRules maxPerNetwork(int maxPerNetwork) {
    return edit(edit -> edit.maxPerNetwork = maxPerNetwork);
  }

  /**
   * Returns these rules with another {@link #acceptRate()}.
   *
   * @param acceptRate the rate, or {@link Rate#UNLIMITED}
   * @return the rules
   */
  public AdmissionRules acceptRate(Rate acceptRate) {
    return edit(edit -> edit.acceptRate = acceptRate);
  }

  /**
   * Returns these rules with another {@link #sourceRate()}.
   *
   * @param sourceRate the rate, or {@link Rate#UNLIMITED}
   * @return the rules
   */
  public AdmissionRules sourceRate(Rate sourceRate) {
    return edit(edit -> edit.sourceRate = sourceRate);
  }

  /**
   * Returns these rules with another {@link #allow()}.
   *
   * @param allow the networks, or none for all
   * @return the rules
   */
  public AdmissionRules allow(Set<Network> allow) {
    return edit(edit -> edit.allow = allow);
  }

  /**
   * Returns these rules with another {@link #deny()}.
   *
   * @param deny the networks
   * @return the rules
   */
  public AdmissionRules deny(Set<Network> deny) {
    return edit(edit -> edit.deny = deny);
  }

  /**
   * Returns these rules with another {@link #exempt()}.
   *
   * {@snippet file="io/plainweave/internal/admission/AdmissionTest.java" region="exempt"}
   *
   * @param exempt the networks
   * @return the rules
   */
  public AdmissionRules exempt(Set<Network> exempt) {
    return edit(edit -> edit.exempt = exempt);
  }

  /**
   * Returns these rules with another {@link #whenFull()}.
   *
   * @param whenFull whether they wait or are refused
   * @return the rules
   */
  public AdmissionRules whenFull(WhenFull whenFull) {
    return edit(edit -> edit.whenFull = whenFull);
  }

  /**
   * Returns these rules with another {@link #goodbye()}.
   *
   * @param goodbye the bytes, which are copied, or none
   * @return the rules
   */
  public AdmissionRules goodbye(ByteBuffer goodbye) {
    return edit(edit -> edit.goodbye = goodbye);
  }

  /**
   * Returns these rules with another {@link #alarmAt()}.
   *
   * @param alarmAt how many connections, or zero for {@link #maxConnections()}
   * @return the rules
   */
  public AdmissionRules alarmAt(int alarmAt) {
    return edit(edit -> edit.alarmAt = alarmAt);
  }

  /** What changes one component and leaves the others. */
  private AdmissionRules edit(Consumer<Edit> change) {
    var edit = new Edit(this);
    change.accept(edit);
    return new AdmissionRules(
        edit.maxConnections,
        edit.maxPerSource,
        edit.maxPerNetwork,
        edit.acceptRate,
        edit.sourceRate,
        edit.allow,
        edit.deny,
        edit.exempt,
        edit.whenFull,
        edit.goodbye,
        edit.alarmAt);
  }

  /** The components while one of them is changed, by one thread. */
  private static final class Edit {
    private int maxConnections;
    private int maxPerSource;
    private int maxPerNetwork;
    private Rate acceptRate;
    private Rate sourceRate;
    private Set<Network> allow;
    private Set<Network> deny;
    private Set<Network> exempt;
    private WhenFull whenFull;
    private ByteBuffer goodbye;
    private int alarmAt;

    private Edit(AdmissionRules from) {
      this.maxConnections = from.maxConnections;
      this.maxPerSource = from.maxPerSource;
      this.maxPerNetwork = from.maxPerNetwork;
      this.acceptRate = from.acceptRate;
      this.sourceRate = from.sourceRate;
      this.allow = from.allow;
      this.deny = from.deny;
      this.exempt = from.exempt;
      this.whenFull = from.whenFull;
      this.goodbye = from.goodbye;
      this.alarmAt = from.alarmAt;
    }
  }
}
