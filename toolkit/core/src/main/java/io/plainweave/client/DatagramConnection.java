package io.plainweave.client;

import io.plainweave.Deadline;
import io.plainweave.DeadlineExceededException;
import io.plainweave.internal.connection.ConnectionRegistry;
import io.plainweave.internal.time.Countdown;
import io.plainweave.internal.udp.PeerSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What this program and one server send each other by UDP, from {@link DatagramConnector#connect()}
 * until it is closed. It takes datagrams from that server's address and port only; who is on the
 * way can forge them.
 *
 * <p>The order and the arrival of datagrams are as uncertain as the network makes them (RFC 8085).
 * What comes while nobody receives waits in the kernel's buffer, and what finds that full is lost.
 *
 * <p><b>Nobody there.</b> If a datagram comes to a port at which nobody listens, the host of that
 * port may say so (ICMP or ICMPv6 port unreachable; firewalls often do not). The next call then
 * fails with a {@link PortUnreachableException}, and a {@code send} that fails so has not sent. The
 * connection stays open: the server may be back a moment later.
 *
 * <p><b>Threads.</b> All methods are safe for use by several threads, and {@link #close()} ends
 * their waits. A datagram goes to one thread that receives; {@link #ask} drops what is no answer,
 * so only one thread at a time should ask. <b>Interruption</b> ends a wait with an {@link
 * InterruptedException} and leaves the connection open.
 *
 * <p>It costs three descriptors, and no thread.
 */
public final class DatagramConnection implements AutoCloseable {
  private final PeerSocket socket;
  private final @Nullable ConnectionRegistry registry;
  private final Duration repeatAfter;

  /**
   * Takes over a socket.
   *
   * @param registry closes what nobody closes; null where the process does
   */
  DatagramConnection(
      PeerSocket socket, @Nullable ConnectionRegistry registry, Duration repeatAfter) {
    this.socket = socket;
    this.registry = registry;
    this.repeatAfter = repeatAfter;
    if (registry != null) {
      registry.adopt(socket);
    }
  }

  /**
   * Sends a datagram. It may wait for room in the socket, for a tenth of a second at most.
   *
   * @param datagram from 1 to 65,507 bytes, or 65,527 by IPv6; beyond about 1,200 the network may
   *     have to break it into pieces, of which all must arrive (RFC 8085, section 3.2). Java cannot
   *     send an empty one from a socket that has one peer
   * @throws PortUnreachableException if nobody listens where an earlier datagram went
   * @throws IOException if the system cannot send it, or the connection is closed
   * @throws InterruptedException if the calling thread is interrupted while it waits for room
   * @throws IllegalArgumentException if it is empty, or longer than any datagram
   */
  public void send(byte[] datagram) throws IOException, InterruptedException {
    socket.send(ByteBuffer.wrap(datagram));
  }

  /**
   * Sends what is left in a buffer, as {@link #send(byte[])}.
   *
   * @param datagram the datagram, which is unchanged, its position included
   * @throws PortUnreachableException if nobody listens where an earlier datagram went
   * @throws IOException if the system cannot send it, or the connection is closed
   * @throws InterruptedException if the calling thread is interrupted while it waits for room
   * @throws IllegalArgumentException if it is empty, or longer than any datagram
   */
  public void send(ByteBuffer datagram) throws IOException, InterruptedException {
    socket.send(datagram.duplicate());
  }

  /**
   * Waits for a datagram, until the {@link Deadline} of the thread if it has one.
   *
   * @return the datagram, which may be empty
   * @throws DeadlineExceededException if none has come until then
   * @throws PortUnreachableException if nobody listens where an earlier datagram went
   * @throws IOException if the connection is closed, before or meanwhile
   * @throws InterruptedException if the calling thread is interrupted
   */
  public byte[] receive() throws IOException, InterruptedException {
    var end = Countdown.of(Duration.ZERO);
    byte[] datagram;
    while ((datagram = socket.receive(end.left())) == null) {
      if (end.isOver()) {
        throw new DeadlineExceededException("a receive from " + socket);
      }
    }
    return datagram;
  }

  /**
   * Waits for a datagram.
   *
   * @param timeout how long at most, if the {@link Deadline} of the thread does not come first;
   *     zero or less only looks
   * @return the datagram, which may be empty; null if none has come
   * @throws PortUnreachableException if nobody listens where an earlier datagram went
   * @throws IOException if the connection is closed, before or meanwhile
   * @throws InterruptedException if the calling thread is interrupted
   */
  public byte @Nullable [] receive(Duration timeout) throws IOException, InterruptedException {
    return timeout.isPositive() ? socket.receive(Countdown.of(timeout).left()) : socket.receive(0);
  }

  /**
   * Sends a request and waits for its answer, and repeats the request as often as the time allows:
   * after {@link DatagramConnector#repeatAfter}, and then after twice as long each time. The server
   * may get it twice, in any order with others, and answer twice.
   *
   * @param request see {@link #send(byte[])}
   * @param timeout how long to wait for an answer, all repetitions together, if the {@link
   *     Deadline} of the thread does not come first; more than zero
   * @param isAnswer whether a datagram answers this request, by a number that both have: it may be
   *     a late answer to another one. What is none is dropped
   * @return the answer
   * @throws SocketTimeoutException if none has come
   * @throws PortUnreachableException if nobody listens there, at once
   * @throws IOException if the system cannot send, or the connection is closed
   * @throws InterruptedException if the calling thread is interrupted
   * @throws IllegalArgumentException if the request is empty or longer than any datagram, or the
   *     timeout not more than zero
   */
  public byte[] ask(byte[] request, Duration timeout, Predicate<? super byte[]> isAnswer)
      throws IOException, InterruptedException {
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException("the timeout must be more than zero: " + timeout);
    }
    var end = Countdown.of(timeout);
    long wait = TimeUnit.NANOSECONDS.convert(repeatAfter);
    for (int sent = 1; ; sent++) {
      send(request);
      var repeat = Countdown.within(Math.min(wait, end.left()));
      byte[] answer;
      while ((answer = socket.receive(repeat.left())) != null) {
        if (isAnswer.test(answer)) {
          return answer;
        }
      }
      if (end.isOver()) {
        throw new SocketTimeoutException(
            "no answer from %s within %s; it was asked %d times".formatted(socket, timeout, sent));
      }
      wait = longer(wait);
    }
  }

  /** Twice as long, and up to half as much again; far from an overflow. */
  private static long longer(long wait) {
    long twice = Math.min(wait, Long.MAX_VALUE / 8) * 2;
    return twice + ThreadLocalRandom.current().nextLong(twice / 2 + 1);
  }

  /**
   * Returns whether nobody has closed it.
   *
   * @return false if somebody has, as at the end of its server or {@link Client}
   */
  public boolean isOpen() {
    return socket.isOpen();
  }

  /**
   * Returns the address of the server, of those that its name has.
   *
   * @return an IPv4 or IPv6 address, and a port
   */
  public InetSocketAddress remoteAddress() {
    return socket.remoteAddress();
  }

  /**
   * Returns the address of this side.
   *
   * @return an IPv4 or IPv6 address, and the port that the system has chosen
   */
  public InetSocketAddress localAddress() {
    return socket.localAddress();
  }

  /**
   * Closes it: whoever waits for it fails with an {@link IOException}. Nothing is sent to the peer.
   * A second call has no effect.
   */
  @Override
  public void close() {
    socket.close();
    if (registry != null) {
      registry.forget(socket);
    }
  }

  /** Returns {@code udp:ADDRESS:PORT} of the server. */
  @Override
  public String toString() {
    return socket.toString();
  }
}
