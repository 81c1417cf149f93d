package io.plainweave.udp;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a server and one peer send each other by UDP, from the peer's first datagram until the
 * handler returns, or somebody closes it. A peer is an address with a port.
 *
 * <p>The order and the arrival of datagrams are as uncertain as the network makes them (RFC 8085).
 * What comes while the handler is busy waits in a mailbox of {@link Udp#mailbox()} datagrams; what
 * finds it full is dropped and counted.
 *
 * <p>All methods are safe for use by several threads.
 */
public interface DatagramSession extends AutoCloseable {
  /**
   * Waits for the next datagram, between two exchanges: a handler that waits here can be ended.
   *
   * @return the datagram, which may be empty; null when the session is over: nothing has come or
   *     gone for the {@linkplain io.plainweave.TimeLimits#idle() idle time}, or for a second while
   *     others find no place ({@link Udp#maxHandlers()}), or the server drains ({@link
   *     #isDraining()}); the handler may still send, and then returns. It is null, too, when the
   *     session was closed ({@link #isOpen()})
   * @throws InterruptedException if the calling thread is interrupted, as when the server is
   *     cancelled
   */
  byte @Nullable [] receive() throws InterruptedException;

  /**
   * Waits for an answer in the middle of an exchange, for a time after which the handler repeats
   * what it has sent, or gives up. A drain lets it go on, until the time to drain has run out, and
   * the idle time does not count.
   *
   * @param timeout how long to wait at most, if the {@link io.plainweave.Deadline} of the thread
   *     does not come first; zero or less only looks
   * @return the datagram, which may be empty; null if none has come, or the session was closed
   * @throws InterruptedException if the calling thread is interrupted, as when the server is
   *     cancelled
   */
  byte @Nullable [] receive(Duration timeout) throws InterruptedException;

  /**
   * Sends a datagram to the peer. It may wait for room in the socket, for a tenth of a second at
   * most. Until {@link #validate()}, what is sent is limited by {@link Udp#amplification()}. An
   * interrupt is no hindrance.
   *
   * @param datagram at most 65,507 bytes, or 65,527 by IPv6; beyond about 1,200 the network may
   *     have to break it into pieces, of which all must arrive (RFC 8085, section 3.2)
   * @return whether the system has taken it, which does not say that it will arrive; if not, it is
   *     counted ({@link DatagramDrop}), unless the handler has returned or the session was closed
   * @throws IllegalArgumentException if it is longer than any datagram
   */
  boolean send(byte[] datagram);

  /**
   * Sends what is left in a buffer, as {@link #send(byte[])}.
   *
   * @param datagram the datagram, which is unchanged, its position included
   * @return whether the system has taken it
   * @throws IllegalArgumentException if it is longer than any datagram
   */
  boolean send(ByteBuffer datagram);

  /**
   * Lifts the limit of {@link Udp#amplification()}: the peer has shown that its address is not
   * forged, by sending what it can know from our datagrams only, such as a number that nobody could
   * guess (RFC 9000, section 8.1). From then on the session does not give way to others, either
   * ({@link Udp#maxHandlers()}).
   */
  void validate();

  /**
   * Ends the session, from any thread: an administrator puts a player out, or the player has come
   * by another way.
   *
   * {@snippet file="io/plainweave/internal/udp/SessionCloseTest.java" region="put-out"}
   *
   * <p>Whoever waits in {@link #receive()} gets null at once, and so does each later call. What was
   * in the mailbox is dropped ({@link DatagramDrop#UNREAD}), and what is sent from now on, too.
   * Nothing interrupts the handler, which keeps its place ({@link Udp#maxHandlers()}) until it
   * returns. {@link io.plainweave.event.ServerEvent.SessionClosed} comes then, with {@link
   * io.plainweave.CloseReason.Finished} unless the drain, the idle time or a failure was first.
   *
   * <p>The next datagram of the peer begins another session. It never blocks; a second call has no
   * effect.
   */
  @Override
  void close();

  /**
   * Returns whether the handler has not returned, and nobody has {@linkplain #close() closed} the
   * session.
   *
   * @return false if so; what is sent then is dropped
   */
  boolean isOpen();

  /**
   * Returns whether the server ends this session by its drain, or has cancelled it: so that a
   * handler at work can say goodbye, and one whose {@link #receive()} has given null knows the
   * drain from a peer that is silent.
   *
   * {@snippet file="io/plainweave/internal/udp/SessionCloseTest.java" region="draining"}
   *
   * <p>It becomes true when the drain begins for datagrams, behind {@link
   * io.plainweave.server.ServerBuilder#drainDelay}, even while datagrams are in the mailbox. It
   * stays false if something else has ended the session before: the idle time, or {@link #close()}.
   *
   * @return true if the server drains or cancels this session
   */
  boolean isDraining();

  /**
   * Returns the address of the peer. Until something proves it, anyone may have written it there.
   *
   * @return an IPv4 or IPv6 address, and a port, which may be 0
   */
  InetSocketAddress remoteAddress();

  /**
   * Returns the address of the socket that has received the datagrams.
   *
   * @return the address that was asked; where the server listens at every address and this is none
   *     of an interface, that one, as 0.0.0.0 or ::
   */
  InetSocketAddress localAddress();
}
