package io.plainweave.udp;

/** Why a datagram was dropped: one that has come, or a reply. */
public enum DatagramDrop {
  /** The kernel had no room, because the receiver did not take them fast enough; Linux only. */
  KERNEL(false),
  /** It was longer than {@link Udp#maxDatagram()}. */
  OVERSIZE(false),
  /** As many handlers were at work as may be ({@link Udp#maxHandlers()}). */
  BUSY(false),
  /** The mailbox of its session was full ({@link Udp#mailbox()}). */
  MAILBOX_FULL(false),
  /**
   * It lay in the mailbox of its session when the handler had returned, or the session was closed.
   */
  UNREAD(true),
  /** Its source sends too many ({@link Udp#sourceRate()}). */
  SOURCE_RATE(true),
  /** The peer of its session sends too many ({@link Udp#sessionRate()}). */
  SESSION_RATE(true),
  /**
   * Its source is not to be served ({@link io.plainweave.admission.AdmissionRules#allow()}, {@link
   * io.plainweave.admission.AdmissionRules#deny()}).
   */
  DENIED(true),
  /** The server drains, and takes nothing new. */
  DRAINING(true),
  /** A reply was more than {@link Udp#amplification()} allows. */
  AMPLIFICATION(false),
  /**
   * A reply was to no single other host: to port 0, which means that none is wanted (RFC 768), to a
   * broadcast or multicast address, or to a socket of this server, which could reply for ever.
   */
  NO_REPLY_ADDRESS(true),
  /** A reply found no room in the socket for a tenth of a second. */
  SEND_BUFFER_FULL(false),
  /** The system could not receive or send: no route, a firewall, a device that is down. */
  FAILED(false);

  private final boolean expected;

  DatagramDrop(boolean expected) {
    this.expected = expected;
  }

  /**
   * Returns whether this is for nobody to see to: what peers do, or the end of something.
   *
   * @return false if a limit, the handlers or the machine deserve a look
   */
  public boolean isExpected() {
    return expected;
  }
}
