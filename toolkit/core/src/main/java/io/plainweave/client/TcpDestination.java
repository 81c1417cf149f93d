package io.plainweave.client;

import io.plainweave.TcpOptions;
import io.plainweave.internal.socket.Network;
import io.plainweave.internal.socket.Surroundings;
import io.plainweave.internal.socket.TcpSettings;
import io.plainweave.internal.time.Countdown;
import io.plainweave.text.Addresses;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A port of a host, reached by TCP.
 *
 * @param host a name or a literal address
 * @param port from 1 to 65535
 * @param local where the connection is to begin, or null for what the system chooses
 * @param options of the sockets
 * @param resolver finds the addresses of the host, or of the proxy
 * @param proxy through which it is reached, or null
 */
record TcpDestination(
    String host,
    int port,
    @Nullable InetAddress local,
    TcpOptions options,
    Network.Resolver resolver,
    @Nullable ProxyServer proxy)
    implements Destination {
  /** The port of a host, with nothing that was chosen. */
  static TcpDestination of(String host, int port) {
    Destination.check(host, port);
    return new TcpDestination(host, port, null, TcpOptions.DEFAULT, NameLookup::addresses, null);
  }

  TcpDestination from(InetAddress local) {
    return new TcpDestination(host, port, local, options, resolver, proxy);
  }

  TcpDestination with(TcpOptions options) {
    return new TcpDestination(host, port, local, options, resolver, proxy);
  }

  TcpDestination via(ProxyServer proxy) {
    return new TcpDestination(host, port, local, options, resolver, proxy);
  }

  @Override
  public SocketChannel connect(Countdown deadline) throws ConnectException, InterruptedException {
    List<InetSocketAddress> targets =
        HappyEyeballs.inOrder(lookUp(deadline)).stream()
            .map(address -> new InetSocketAddress(address, proxy == null ? port : proxy.port()))
            .toList();
    return new HappyEyeballs(this, targets, deadline, HappyEyeballs.DELAY).connect();
  }

  private List<InetAddress> lookUp(Countdown deadline)
      throws ConnectException, InterruptedException {
    Network network = Surroundings.current().network();
    List<InetAddress> addresses;
    try {
      addresses =
          network.resolver(resolver).addresses(proxy == null ? host : proxy.host(), deadline);
    } catch (UnknownHostException e) {
      throw failed((proxy == null ? "the host" : "the proxy") + " is unknown", e);
    } catch (SocketTimeoutException e) {
      throw failed("no answer from the name server", e);
    } catch (InterruptedException e) {
      throw interrupted();
    }
    if (local == null) {
      return addresses;
    }
    List<InetAddress> reachable =
        addresses.stream().filter(address -> address.getClass() == local.getClass()).toList();
    if (reachable.isEmpty()) {
      String why = "it has no address of the family of " + local.getHostAddress();
      throw failed(why, new UnknownHostException(why));
    }
    return reachable;
  }

  /** Opens a socket for one attempt. */
  SocketChannel open() throws IOException {
    SocketChannel channel = Surroundings.current().network().open(StandardProtocolFamily.INET6);
    boolean complete = false;
    try {
      new TcpSettings(options).applyToConnecting(channel);
      if (local != null) {
        channel.bind(new InetSocketAddress(local, 0));
      }
      complete = true;
      return channel;
    } finally {
      if (!complete) {
        channel.close();
      }
    }
  }

  @Override
  public boolean mayPass(ConnectException failure) {
    return !(failure.getCause() instanceof ProxyRefusedException refused) || refused.mayPass();
  }

  @Override
  public String toString() {
    return Addresses.format(host, port) + (proxy == null ? "" : " via " + proxy);
  }
}
