package io.plainweave.internal.socket;

import io.plainweave.TcpOptions;
import io.plainweave.internal.thread.JdkModules;
import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import jdk.net.ExtendedSocketOptions;

/**
 * Sets {@link TcpOptions} on sockets.
 *
 * @param options what to set
 */
public record TcpSettings(TcpOptions options) {
  /**
   * What an accepted socket does not have from the one that listens costs a system call for each
   * connection.
   */
  private static final boolean INHERITS = System.getProperty("os.name").equals("Linux");

  /**
   * Sets what the accepted sockets inherit, before the channel is bound: the peer learns of the
   * size of the receive buffer in the handshake (tcp(7)).
   */
  public void applyTo(ServerSocketChannel channel) throws IOException {
    if (options.receiveBuffer() > 0) {
      set(channel, StandardSocketOptions.SO_RCVBUF, options.receiveBuffer());
    }
    if (INHERITS) {
      keepAlive(channel);
    }
    if (options.sendBuffer() > 0 || options.keepAlive() != null || options.trafficClass() > 0) {
      // What comes later, on each accepted socket, is tried on another one now.
      try (var trial = SocketChannel.open()) {
        applyToAccepted(trial);
      }
    }
  }

  /** Sets what an accepted socket has not inherited. */
  public void applyToAccepted(SocketChannel channel) throws IOException {
    if (options.sendBuffer() > 0) {
      set(channel, StandardSocketOptions.SO_SNDBUF, options.sendBuffer());
    }
    if (options.trafficClass() > 0) {
      set(channel, StandardSocketOptions.IP_TOS, options.trafficClass());
    }
    if (options.keepAlive() != null) {
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      if (!INHERITS) {
        keepAlive(channel);
      }
    }
  }

  /** Sets everything on a socket that is about to connect. */
  public void applyToConnecting(SocketChannel channel) throws IOException {
    if (options.receiveBuffer() > 0) {
      set(channel, StandardSocketOptions.SO_RCVBUF, options.receiveBuffer());
    }
    applyToAccepted(channel);
    if (INHERITS) {
      keepAlive(channel);
    }
  }

  /** Sets an option; fails if the system gives less. */
  public static void set(NetworkChannel channel, SocketOption<Integer> option, int value)
      throws IOException {
    if (!channel.supportedOptions().contains(option)) {
      throw new IOException("this system has no " + option.name());
    }
    try {
      channel.setOption(option, value);
    } catch (IOException e) {
      throw new IOException(
          "the system refuses %d as %s: %s".formatted(value, option.name(), e.getMessage()), e);
    }
    int given = channel.getOption(option);
    if (given < value) {
      throw new IOException(
          "the system gives %d to %s at most, and %d are asked for"
              .formatted(given, option.name(), value));
    }
  }

  /** Sets when a silent peer is asked, if at all. */
  private void keepAlive(NetworkChannel channel) throws IOException {
    TcpOptions.KeepAlive keepAlive = options.keepAlive();
    if (keepAlive != null) {
      if (!JdkModules.NET) {
        throw new IOException(
            "this JVM lacks the module jdk.net, without which nobody can say when a silent peer is"
                + " asked");
      }
      set(channel, ExtendedSocketOptions.TCP_KEEPIDLE, (int) keepAlive.idle().toSeconds());
      set(channel, ExtendedSocketOptions.TCP_KEEPINTERVAL, (int) keepAlive.interval().toSeconds());
      set(channel, ExtendedSocketOptions.TCP_KEEPCOUNT, keepAlive.count());
    }
  }
}
