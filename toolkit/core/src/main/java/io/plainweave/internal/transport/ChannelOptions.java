package io.plainweave.internal.transport;

import io.plainweave.internal.thread.JdkModules;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;

/** What a channel is told, or asked, by options of its socket. */
final class ChannelOptions {
  private ChannelOptions() {}

  /** Sets what each connection needs. */
  static void prepare(SocketChannel channel) throws IOException {
    channel.configureBlocking(false);
    // Output leaves in whole batches already: to wait for more of them (RFC 896) would only delay
    // the last one. Linux would inherit this from the listening socket, on which Java cannot set
    // it.
    if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }
  }

  /** Makes the close a reset. */
  static void resetOnClose(SocketChannel channel) {
    try {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException closedMeanwhile) {
      // There is nobody to reset any more.
    }
  }

  /** How many bytes can be read without a wait. */
  static int available(SocketChannel channel) throws IOException {
    // The only public way to ask the kernel (FIONREAD) for a channel of any kind.
    return channel instanceof Polled.Source source
        ? source.available()
        : Channels.newInputStream(channel).available();
  }

  /** Who the peer is, if it is a process of this machine and the system can tell. */
  static Optional<UnixDomainPrincipal> peerCredentials(SocketChannel channel) throws IOException {
    return JdkModules.NET && channel.supportedOptions().contains(ExtendedSocketOptions.SO_PEERCRED)
        ? Optional.of(channel.getOption(ExtendedSocketOptions.SO_PEERCRED))
        : Optional.empty();
  }
}
