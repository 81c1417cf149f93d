package io.plainweave.loadtests.peers;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;

/**
 * Helidon: its web server, with a protocol of our own in place of HTTP. It keeps the registry and
 * the idle timeout itself.
 */
final class HelidonPeer implements Peer {
  @Override
  public InetSocketAddress start(int port, int threads) {
    WebServer server =
        WebServer.builder()
            .port(port)
            .backlog(BACKLOG)
            .connectionOptions(options -> options.tcpNoDelay(true))
            .idleConnectionTimeout(IDLE_TIMEOUT)
            .protocolsDiscoverServices(false)
            .addConnectionSelector(new EchoSelector())
            .build()
            .start();
    return new InetSocketAddress(server.port());
  }

  /** Says that every connection is an echo. */
  private static final class EchoSelector implements ServerConnectionSelector {
    @Override
    public int bytesToIdentifyConnection() {
      return 0;
    }

    @Override
    public Support supports(BufferData data) {
      return Support.SUPPORTED;
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
      return Set.of();
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
      return new Echo(context);
    }
  }

  /** One connection, on a virtual thread of Helidon's. */
  private static final class Echo implements ServerConnection {
    private final ConnectionContext context;

    /** When a byte last came; written by the connection's thread, read by Helidon's. */
    private volatile long active = System.nanoTime();

    /** The connection's thread, for Helidon's to interrupt it. */
    private volatile Thread thread;

    private Echo(ConnectionContext context) {
      this.context = context;
    }

    @Override
    public void handle(Limit limit) {
      thread = Thread.currentThread();
      DataReader in = context.dataReader();
      try {
        while (true) {
          in.ensureAvailable();
          active = System.nanoTime();
          context.dataWriter().writeNow(in.readBuffer(in.available()));
        }
      } catch (DataReader.InsufficientDataAvailableException e) {
        // The end of the stream.
      }
    }

    @Override
    public Duration idleTime() {
      return Duration.ofNanos(System.nanoTime() - active);
    }

    @Override
    public void close(boolean interrupt) {
      Thread serving = thread;
      if (interrupt && serving != null) {
        serving.interrupt();
      }
    }
  }
}
