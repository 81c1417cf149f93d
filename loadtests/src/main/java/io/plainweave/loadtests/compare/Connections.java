package io.plainweave.loadtests.compare;

import io.plainweave.loadtests.machine.Destinations;
import io.plainweave.loadtests.machine.SelfConnection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;

/** Opens the client's connections. */
final class Connections {
  /**
   * Ended connections keep their port for a while (TIME_WAIT, on the side that closed first, which
   * is the client). All of 127.0.0.0/8 is local on Linux, and each address has ports of its own.
   */
  private static final int DESTINATIONS = 100;

  private final Destinations destinations;

  /** Null if the bytes are sent as they are. */
  private final TlsClient tls;

  private int next; // confined to the load's thread

  Connections(LoadOrder order) {
    destinations = new Destinations(DESTINATIONS, order.port());
    tls = order.protocol() == Protocol.TLS ? new TlsClient() : null;
  }

  /**
   * Opens one, in blocking mode: on loopback it is there when connect(2) returns, without a round
   * through a selector. A handshake has begun then.
   */
  Transport open() throws IOException {
    InetSocketAddress destination = destinations.of(next++);
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.INET);
    try {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.connect(destination);
      SelfConnection.refuse(channel);
      return tls == null ? new PlainTransport(channel) : new TlsTransport(channel, tls);
    } catch (IOException e) {
      channel.close();
      throw new IOException("cannot connect to " + destination + ": " + e.getMessage(), e);
    }
  }
}
