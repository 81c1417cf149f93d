package io.plainweave.internal.socket;

import io.plainweave.TcpListen;
import io.plainweave.kernel.ListenQueues;
import io.plainweave.text.Addresses;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Binds the sockets of a TCP listener: one for each address of its host. */
final class TcpListeners {
  /** How often a port that is free at one address is tried at the others. */
  private static final int PORTS_TO_TRY = 20;

  private TcpListeners() {}

  /** Binds all or none. */
  static List<Listener> bind(TcpListen listen) throws IOException {
    List<InetSocketAddress> addresses = resolve(listen);
    for (int left = PORTS_TO_TRY; ; left--) {
      List<Listener> bound = new ArrayList<>();
      boolean complete = false;
      try {
        for (InetSocketAddress address : addresses) {
          bound.add(new Listener(listen, new BoundTcpSocket(listen, withPort(address, bound))));
        }
        complete = true;
        return bound;
      } catch (BindException e) {
        boolean portWasGiven = listen.port() == 0 && !bound.isEmpty();
        if (!portWasGiven || left == 1) {
          throw e;
        }
      } finally {
        if (!complete) {
          bound.forEach(Listener::close);
        }
      }
    }
  }

  /** Resolves the host, which may block. */
  private static List<InetSocketAddress> resolve(TcpListen listen) throws BindException {
    if (listen.host() == null) {
      return List.of(new InetSocketAddress(listen.port()));
    }
    try {
      return Stream.of(InetAddress.getAllByName(listen.host()))
          .distinct()
          .map(address -> new InetSocketAddress(address, listen.port()))
          .toList();
    } catch (UnknownHostException e) {
      throw failure(listen, "the host is unknown: " + listen.host(), e);
    }
  }

  /** The address with the port that the first listener has. */
  private static InetSocketAddress withPort(InetSocketAddress address, List<Listener> bound) {
    return bound.isEmpty()
        ? address
        : new InetSocketAddress(
            address.getAddress(), ((InetSocketAddress) bound.getFirst().address()).getPort());
  }

  /** Binds one socket; when it fails, nothing stays open. */
  static ServerSocketChannel open(TcpListen listen, InetSocketAddress address)
      throws BindException {
    try {
      // A socket of IPv6 would take 0.0.0.0 for "::", and both families.
      boolean onlyIpv4 = listen.host() != null && address.getAddress() instanceof Inet4Address;
      ServerSocketChannel channel =
          onlyIpv4
              ? ServerSocketChannel.open(StandardProtocolFamily.INET)
              : ServerSocketChannel.open();
      boolean complete = false;
      try {
        bind(channel, listen, address);
        complete = true;
        return channel;
      } finally {
        if (!complete) {
          channel.close();
        }
      }
    } catch (BindException e) {
      throw e;
    } catch (IOException e) {
      throw failure(listen, String.valueOf(e.getMessage()), e);
    }
  }

  private static void bind(ServerSocketChannel channel, TcpListen listen, InetSocketAddress address)
      throws IOException {
    if (listen.reusePort()) {
      share(channel);
    }
    new TcpSettings(listen.options()).applyTo(channel);
    try {
      channel.bind(address, ListenQueues.BACKLOG);
    } catch (UnsupportedAddressTypeException e) {
      throw failure(listen, Addresses.NO_IPV6, e);
    } catch (IOException e) {
      throw failure(listen, reason(listen, address, e), e);
    }
  }

  private static void share(ServerSocketChannel channel) throws IOException {
    if (!channel.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT)) {
      throw new IOException("this system has no SO_REUSEPORT, by which sockets share a port");
    }
    channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
  }

  private static String reason(TcpListen listen, InetSocketAddress address, IOException cause)
      throws IOException {
    String shown = Addresses.format(address);
    boolean known = address.getAddress().isAnyLocalAddress() || shown.equals(listen.toString());
    String which = known ? "" : shown + ": ";
    return which + cause.getMessage() + BindAdvice.of(address, cause);
  }

  private static BindException failure(TcpListen listen, String reason, Exception cause) {
    var failure = new BindException("cannot listen on " + listen + ": " + reason);
    failure.initCause(cause);
    return failure;
  }
}
