package io.plainweave.internal.udp;

import io.plainweave.internal.log.Log;
import io.plainweave.internal.socket.BindAdvice;
import io.plainweave.internal.socket.TcpSettings;
import io.plainweave.text.Addresses;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.UnsupportedAddressTypeException;
import org.jspecify.annotations.Nullable;

/**
 * A bound UDP socket, which one thread receives from and any thread sends by.
 *
 * <p>It never blocks, and that is what keeps it alive: a channel in blocking mode is closed, for
 * everybody, by the interrupt of a single thread that uses it, even one that only sends. In the
 * other mode an interrupt means nothing to it. The receiver waits by a selector ({@link
 * ReceiverSockets}), which an interrupt only wakes.
 */
public final class UdpSocket implements AutoCloseable {
  /** As NSD has it: more than 100 ms of 20,000 small datagrams a second. */
  private static final int USUAL_RECEIVE_BUFFER = 1024 * 1024;

  private final DatagramChannel channel;
  private final InetSocketAddress address;

  private UdpSocket(DatagramChannel channel) throws IOException {
    this.channel = channel;
    this.address = (InetSocketAddress) channel.getLocalAddress();
  }

  /**
   * Binds; when it fails, nothing stays open.
   *
   * @param joins whether another one of these receivers is bound there
   */
  static UdpSocket bind(Udp udp, InetSocketAddress wanted, boolean joins) throws IOException {
    // A socket of IPv6 would take 0.0.0.0 for "::", and both families.
    boolean any = udp.host() == null && !udp.isBesideTcp();
    boolean onlyIpv4 = !any && wanted.getAddress() instanceof Inet4Address;
    DatagramChannel channel = open(onlyIpv4);
    boolean complete = false;
    try {
      prepare(channel, udp);
      if (joins) {
        share(channel);
      }
      channel.bind(wanted);
      if (!joins && udp.receivers() > 1) {
        // Not before: the first one is to fail where any other program has the port, another server
        // of this kind, too, though that one may share it with its own receivers.
        share(channel);
      }
      for (Udp.Membership group : udp.groups()) {
        join(group, channel);
      }
      channel.configureBlocking(false);
      var bound = new UdpSocket(channel);
      complete = true;
      return bound;
    } catch (UnsupportedAddressTypeException e) {
      throw cannotListen(wanted, Addresses.NO_IPV6, e);
    } catch (IOException | UnsupportedOperationException e) {
      throw cannotListen(wanted, e.getMessage() + BindAdvice.of(wanted, e), e);
    } finally {
      if (!complete) {
        channel.close();
      }
    }
  }

  /**
   * Binds at one address, with the port of a socket that has it at every address. The kernel allows
   * it while both say that they share (SO_REUSEADDR, socket(7)), and asks no more later: so before
   * and afterwards no other program gets the port.
   */
  static UdpSocket bindBeside(UdpSocket every, Udp udp, InetSocketAddress wanted)
      throws IOException {
    DatagramChannel channel = open(wanted.getAddress() instanceof Inet4Address);
    boolean complete = false;
    try {
      prepare(channel, udp);
      if (udp.receivers() > 1) {
        share(channel);
      }
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      every.channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      try {
        channel.bind(wanted);
      } finally {
        every.channel.setOption(StandardSocketOptions.SO_REUSEADDR, false);
      }
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, false);
      channel.configureBlocking(false);
      var bound = new UdpSocket(channel);
      complete = true;
      return bound;
    } finally {
      if (!complete) {
        channel.close();
      }
    }
  }

  private static DatagramChannel open(boolean onlyIpv4) throws IOException {
    return onlyIpv4 ? DatagramChannel.open(StandardProtocolFamily.INET) : DatagramChannel.open();
  }

  private static void share(DatagramChannel channel) throws IOException {
    if (!channel.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT)) {
      throw new IOException("this system has no SO_REUSEPORT, by which receivers share a port");
    }
    channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
  }

  private static void prepare(DatagramChannel channel, Udp udp) throws IOException {
    if (!udp.groups().isEmpty()) {
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    }
    if (udp.receiveBuffer() > 0) {
      TcpSettings.set(channel, StandardSocketOptions.SO_RCVBUF, udp.receiveBuffer());
    } else if (channel.getOption(StandardSocketOptions.SO_RCVBUF) < USUAL_RECEIVE_BUFFER) {
      // Linux alone gives 256 small datagrams, which come while a collector or a compiler is at
      // work. It gives as much of this as it allows.
      channel.setOption(StandardSocketOptions.SO_RCVBUF, USUAL_RECEIVE_BUFFER);
    }
    // The kernel then refuses to send to the broadcast address of a network, which only it knows.
    channel.setOption(StandardSocketOptions.SO_BROADCAST, false);
  }

  private static void join(Udp.Membership group, DatagramChannel channel) throws IOException {
    try {
      channel.join(group.address(), group.networkInterface());
    } catch (IOException | IllegalArgumentException | UnsupportedOperationException e) {
      throw new IOException(
          "cannot join the group %s on %s: %s"
              .formatted(
                  Addresses.format(group.address()),
                  group.networkInterface().getName(),
                  e.getMessage()),
          e);
    }
  }

  private static BindException cannotListen(InetSocketAddress wanted, String why, Exception cause) {
    var failure =
        new BindException("cannot listen on udp:%s: %s".formatted(Addresses.format(wanted), why));
    failure.initCause(cause);
    return failure;
  }

  InetSocketAddress address() {
    return address;
  }

  /** Lets a receiver wait for it, as the attachment of the key. */
  void register(Selector selector) throws ClosedChannelException {
    channel.register(selector, SelectionKey.OP_READ, this);
  }

  /**
   * Takes a datagram, cut to the size of the buffer.
   *
   * @return where it comes from; null if there is none
   */
  @Nullable InetSocketAddress receive(ByteBuffer target) throws IOException {
    return (InetSocketAddress) channel.receive(target);
  }

  /** Sends a datagram; false if there is no room now. */
  boolean send(ByteBuffer datagram, InetSocketAddress target) throws IOException {
    // An empty one is sent or lost without a difference that could be seen here.
    return channel.send(datagram, target) > 0 || !datagram.hasRemaining();
  }

  boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      Log.closeFailed(this, e);
    }
  }

  /** Returns {@code udp:ADDRESS:PORT}. */
  @Override
  public String toString() {
    return "udp:" + Addresses.format(address);
  }
}
