package io.plainweave.internal.socket;

import io.plainweave.InheritedListen;
import io.plainweave.Listen;
import io.plainweave.TcpListen;
import io.plainweave.UnixListen;
import io.plainweave.internal.time.Countdown;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ProtocolFamily;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.util.List;

/** Where sockets come from, and the addresses of names: the kernel, or what a test has instead. */
public interface Network {
  /** Finds the addresses of a host, at least one. */
  @FunctionalInterface
  interface Resolver {
    List<InetAddress> addresses(String host, Countdown deadline)
        throws UnknownHostException, SocketTimeoutException, InterruptedException;
  }

  /** That of this machine. */
  Network KERNEL =
      new Network() {
        @Override
        public List<Listener> bind(Listen listen) throws IOException {
          return switch (listen) {
            case TcpListen tcp -> TcpListeners.bind(tcp);
            case UnixListen unix -> List.of(new Listener(unix, BoundUnixSocket.bind(unix)));
            case InheritedListen inherited ->
                List.of(new Listener(inherited, InheritedSocket.take()));
          };
        }

        @Override
        public SocketChannel open(ProtocolFamily family) throws IOException {
          return family == StandardProtocolFamily.UNIX
              ? SocketChannel.open(family)
              : SocketChannel.open();
        }

        @Override
        public Resolver resolver(Resolver usual) {
          return usual;
        }
      };

  /** Binds all sockets of a description, or none: when it fails, nothing stays open. */
  List<Listener> bind(Listen listen) throws IOException;

  /**
   * Makes a channel that is not connected.
   *
   * @param family that of Unix-domain sockets, or any other for TCP
   */
  SocketChannel open(ProtocolFamily family) throws IOException;

  /**
   * Who is asked for the addresses of a host.
   *
   * @param usual who is asked on this machine
   */
  Resolver resolver(Resolver usual);
}
