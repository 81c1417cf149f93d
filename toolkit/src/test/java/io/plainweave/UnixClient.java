package io.plainweave;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A plain Unix-domain socket as the peer of a server under test. Only its test has a time limit.
 */
public record UnixClient(SocketChannel channel) implements AutoCloseable {
  public static UnixClient connect(Path path) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    boolean connected = false;
    try {
      connected = channel.connect(UnixDomainSocketAddress.of(path));
      return new UnixClient(channel);
    } finally {
      if (!connected) {
        channel.close();
      }
    }
  }

  public InputStream input() {
    return Channels.newInputStream(channel);
  }

  public OutputStream output() {
    return Channels.newOutputStream(channel);
  }

  public UnixClient send(String text) throws IOException {
    output().write(text.getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  /** Reads exactly as many bytes as asked for, or fewer if the stream ends. */
  public String receive(int length) throws IOException {
    return new String(input().readNBytes(length), StandardCharsets.US_ASCII);
  }

  public String receiveAll() throws IOException {
    return new String(input().readAllBytes(), StandardCharsets.US_ASCII);
  }

  /** Sends a text and waits for it to come back. */
  public void exchange(String text) throws IOException {
    send(text);
    String back = receive(text.length());
    if (!back.equals(text)) {
      throw new AssertionError("sent " + text + ", received " + back);
    }
  }

  public void finish() throws IOException {
    channel.shutdownOutput();
  }

  /** Whether the connection fails, after whatever it has brought, instead of coming to its end. */
  public boolean seesFailure() throws IOException {
    try {
      input().readAllBytes();
      return false;
    } catch (SocketException failure) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
