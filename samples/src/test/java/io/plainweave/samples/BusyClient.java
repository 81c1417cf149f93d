package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * A client that sends as much as goes into all buffers between it and the echo server and back, and
 * reads only when it is told to: until then the server cannot finish.
 */
final class BusyClient implements AutoCloseable {
  /** Far more than the buffers of the kernel hold. */
  private static final long LIMIT = 100_000_000;

  /** A prime, so that a buffer's worth of bytes lost, doubled or swapped shows. */
  private static final int PERIOD = 251;

  private static final byte[] PATTERN = new byte[PERIOD * 256];

  static {
    for (int i = 0; i < PATTERN.length; i++) {
      PATTERN[i] = (byte) (i % PERIOD);
    }
  }

  private final SocketChannel channel;
  private long sent;

  private BusyClient(SocketChannel channel) {
    this.channel = channel;
  }

  static BusyClient connect(int port) throws IOException {
    SocketChannel channel = SocketChannel.open();
    var client = new BusyClient(channel);
    boolean connected = false;
    try {
      // Fixed, so that the kernel does not enlarge it while nobody reads.
      channel.setOption(StandardSocketOptions.SO_RCVBUF, 64 * 1024);
      channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      channel.configureBlocking(false);
      connected = true;
      return client;
    } finally {
      if (!connected) {
        client.close();
      }
    }
  }

  /** Sends what goes without waiting; returns whether that was nothing. */
  boolean isStuck() throws IOException {
    long before = sent;
    int n;
    do {
      ByteBuffer next = ByteBuffer.wrap(PATTERN);
      n = channel.write(next.position((int) (sent % PATTERN.length)));
      sent += n;
      assertTrue(sent < LIMIT, "the server takes bytes without end, though nobody reads the echo");
    } while (n > 0);
    return sent == before;
  }

  /** Sends FIN behind all that was sent. */
  void finish() throws IOException {
    channel.shutdownOutput();
  }

  /** Reads to the end; fails unless it is what was sent, byte for byte. */
  void receiveAll() throws IOException {
    channel.configureBlocking(true);
    channel.socket().setSoTimeout(10_000);
    InputStream in = channel.socket().getInputStream();
    byte[] buffer = new byte[64 * 1024];
    long received = 0;
    for (int n; (n = in.read(buffer)) >= 0; received += n) {
      for (int i = 0; i < n; i++) {
        if (buffer[i] != PATTERN[(int) ((received + i) % PATTERN.length)]) {
          throw new AssertionError("another byte than was sent, at " + (received + i));
        }
      }
    }
    assertEquals(sent, received, "bytes sent and bytes received");
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
