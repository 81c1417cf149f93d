package io.plainweave.loadtests.havoc;

import io.plainweave.loadtests.tls.AnyServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** A connection of a client, which other threads may break. */
final class Wire implements AutoCloseable {
  private static final SSLSocketFactory TLS = AnyServer.context().getSocketFactory();

  /** Of TCP, also under TLS; null over a Unix-domain socket. */
  private final Socket tcp;

  /** Of TLS; null without. */
  private final SSLSocket tls;

  /** Of a Unix-domain socket; null else. */
  private final SocketChannel unix;

  private final InputStream input;
  private final OutputStream output;

  private Wire(Socket tcp, SSLSocket tls, SocketChannel unix) throws IOException {
    this.tcp = tcp;
    this.tls = tls;
    this.unix = unix;
    if (unix != null) {
      input = Channels.newInputStream(unix);
      output = Channels.newOutputStream(unix);
    } else {
      Socket outer = tls != null ? tls : tcp;
      input = outer.getInputStream();
      output = outer.getOutputStream();
    }
  }

  static Wire tcp(int port) throws IOException {
    return new Wire(new Socket(InetAddress.getLoopbackAddress(), port), null, null);
  }

  /** The handshake is made by the first read or write. */
  static Wire tls(int port) throws IOException {
    var tcp = new Socket(InetAddress.getLoopbackAddress(), port);
    try {
      return new Wire(tcp, (SSLSocket) TLS.createSocket(tcp, "localhost", port, true), null);
    } catch (IOException | RuntimeException e) {
      tcp.close();
      throw e;
    }
  }

  static Wire unix(Place place) throws IOException {
    return new Wire(null, null, SocketChannel.open(UnixDomainSocketAddress.of(place.socket())));
  }

  InputStream input() {
    return input;
  }

  OutputStream output() {
    return output;
  }

  /** By which the server knows it: both ports; null over a Unix-domain socket. */
  String name() {
    return tcp == null ? null : tcp.getLocalPort() + "/" + tcp.getPort();
  }

  /** Lets reads over TCP fail after so long. */
  void timeout(int millis) throws IOException {
    tcp.setSoTimeout(millis);
  }

  /** FIN, and nothing more is sent. */
  void finish() throws IOException {
    if (unix != null) {
      unix.shutdownOutput();
    } else {
      (tls != null ? tls : tcp).shutdownOutput();
    }
  }

  /** FIN below TLS: to the server it is a stream that was cut. */
  void cut() throws IOException {
    if (unix != null) {
      unix.shutdownOutput();
    } else {
      tcp.shutdownOutput();
    }
  }

  /** A reset, where there is such a thing. */
  void reset() throws IOException {
    if (unix != null) {
      unix.close();
    } else {
      tcp.setSoLinger(true, 0);
      tcp.close();
    }
  }

  @Override
  public void close() throws IOException {
    if (unix != null) {
      unix.close();
    } else if (tls != null) {
      tls.close();
    } else {
      tcp.close();
    }
  }
}
