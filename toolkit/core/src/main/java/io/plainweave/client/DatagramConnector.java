package io.plainweave.client;

import io.plainweave.internal.connection.ConnectionRegistry;
import io.plainweave.internal.connection.Home;
import io.plainweave.internal.time.Countdown;
import io.plainweave.internal.udp.PeerSocket;
import io.plainweave.text.Addresses;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Opens sockets to a server by UDP, in any thread of any program, as {@link Connector} opens
 * connections:
 *
 * {@snippet file="io/plainweave/client/DatagramConnectorTest.java" region="ask"}
 *
 * <p>It is a description, of which one object serves any number of threads and connections.
 *
 * <p><b>Ownership.</b> The connection belongs to whoever has opened it, who closes it. What is left
 * open is closed with what it belongs to: in a thread of a server, when that is cancelled or has
 * ended; by {@link Client#connect(DatagramConnector)}, with that client; in all other threads, with
 * the process. The drain of a server leaves it alone, and no time limit applies.
 */
public final class DatagramConnector {
  private static final Duration LOOK_UP_TIME = Duration.ofSeconds(10);

  /** As in {@link io.plainweave.udp.Udp}. */
  private static final int MOST_BYTES = 2_048;

  private static final int LONGEST = 65_527;

  private final String host;
  private final int port;
  private final @Nullable InetAddress local;
  private final int maxDatagram;
  private final Duration repeatAfter;

  private DatagramConnector(
      String host, int port, @Nullable InetAddress local, int maxDatagram, Duration repeatAfter) {
    this.host = host;
    this.port = port;
    this.local = local;
    this.maxDatagram = maxDatagram;
    this.repeatAfter = repeatAfter;
  }

  /**
   * Describes where to send datagrams. Nothing is looked up before {@link #connect()}.
   *
   * @param host a name or a literal address, IPv4 or IPv6
   * @param port from 1 to 65535
   * @return the description
   * @throws IllegalArgumentException if the port is out of range or the host is empty
   */
  public static DatagramConnector udp(String host, int port) {
    Destination.check(host, port);
    return new DatagramConnector(host, port, null, MOST_BYTES, Duration.ofSeconds(1));
  }

  /**
   * Returns this description with a local address from which the datagrams come, on a machine that
   * has several. Of the host's addresses those of the same family count. Default: what the system
   * chooses.
   *
   * @param localAddress an address of this machine
   * @return the description
   */
  public DatagramConnector localAddress(InetAddress localAddress) {
    Objects.requireNonNull(localAddress, "localAddress");
    return new DatagramConnector(host, port, localAddress, maxDatagram, repeatAfter);
  }

  /**
   * Returns this description with another size of the longest datagram that is received. A longer
   * one is dropped whole, never cut. Default: 2,048.
   *
   * @param bytes from 1 to 65,527
   * @return the description
   * @throws IllegalArgumentException if it is out of range
   */
  public DatagramConnector maxDatagram(int bytes) {
    if (bytes < 1 || bytes > LONGEST) {
      throw new IllegalArgumentException("maxDatagram must be from 1 to " + LONGEST + ": " + bytes);
    }
    return new DatagramConnector(host, port, local, bytes, repeatAfter);
  }

  /**
   * Returns this description with another time after which {@link DatagramConnection#ask} sends its
   * request once more. From then on it waits twice as long each time, and up to half as much again
   * by chance, so that those who have lost their answers in one moment do not repeat themselves in
   * one moment (RFC 8085, section 3.1.1; RFC 7252, section 4.2). Default: 1 second; less only where
   * the way to the peer is known.
   *
   * @param repeatAfter more than zero
   * @return the description
   * @throws IllegalArgumentException if it is zero or negative
   */
  public DatagramConnector repeatAfter(Duration repeatAfter) {
    if (!repeatAfter.isPositive()) {
      throw new IllegalArgumentException("repeatAfter must be more than zero: " + repeatAfter);
    }
    return new DatagramConnector(host, port, local, maxDatagram, repeatAfter);
  }

  /**
   * Opens a socket for this peer alone (connect(2)). Nothing is sent, and so it is not known
   * whether anybody is there. Of the host's addresses it takes the first to which this machine has
   * a route. A look-up of the name has 10 seconds.
   *
   * @return the connection, open, and the caller's to close
   * @throws ConnectException if the host is unknown, or cannot be reached from here; the message is
   *     a sentence with the host and the port
   * @throws IOException if the system has no descriptors for it
   * @throws InterruptedException if the calling thread is interrupted
   * @throws IllegalStateException if the calling thread belongs to a {@link Client} that is closed
   */
  public DatagramConnection connect() throws IOException, InterruptedException {
    if (!Home.CURRENT.isBound()) {
      return open(null);
    }
    Home home = Home.CURRENT.get();
    return home instanceof ClientHome client ? client.open(this) : open(home.registry());
  }

  /** See {@link #connect()}; the registry closes what nobody closes. */
  DatagramConnection open(@Nullable ConnectionRegistry registry)
      throws IOException, InterruptedException {
    PeerSocket socket = openSocket();
    boolean complete = false;
    try {
      var connection = new DatagramConnection(socket, registry, repeatAfter);
      complete = true;
      return connection;
    } finally {
      if (!complete) {
        socket.close();
      }
    }
  }

  private PeerSocket openSocket() throws IOException, InterruptedException {
    IOException failure = null;
    for (InetAddress address : addresses()) {
      try {
        return PeerSocket.open(new InetSocketAddress(address, port), local, maxDatagram);
      } catch (IOException e) {
        failure = failure == null ? e : failure;
      }
    }
    throw failure == null
        ? failed("it has no address of the family of " + local, null)
        : failed("" + failure.getMessage(), failure);
  }

  private List<InetAddress> addresses() throws ConnectException, InterruptedException {
    try {
      return NameLookup.addresses(host, Countdown.of(LOOK_UP_TIME)).stream()
          .filter(address -> local == null || address.getClass() == local.getClass())
          .toList();
    } catch (UnknownHostException e) {
      throw failed("the host is unknown", e);
    } catch (SocketTimeoutException e) {
      throw failed("no answer from the name server", e);
    }
  }

  private ConnectException failed(String why, @Nullable IOException cause) {
    var failure = new ConnectException("cannot connect to " + this + ": " + why);
    if (cause != null) {
      failure.initCause(cause);
    }
    return failure;
  }

  /** Returns {@code udp:HOST:PORT}, with a literal IPv6 address in brackets. */
  @Override
  public String toString() {
    return "udp:" + Addresses.format(host, port);
  }
}
