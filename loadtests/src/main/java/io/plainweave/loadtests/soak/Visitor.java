package io.plainweave.loadtests.soak;

import io.plainweave.loadtests.tls.AnyServer;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import javax.net.ssl.SSLContext;

/** A client with one connection at a time. For one thread. */
final class Visitor {
  /** From so many addresses, so that TIME_WAIT never takes all ports of one. */
  private static final int SOURCES = 100;

  private static final int MESSAGE = 64;
  private static final int TIMEOUT_MILLIS = 60_000;

  private final InetSocketAddress server;
  private final InetSocketAddress tlsServer;
  private final UnixDomainSocketAddress path;
  private final ByteBuffer sent = ByteBuffer.allocateDirect(1_024);
  private final ByteBuffer received = ByteBuffer.allocateDirect(1_024);

  Visitor(InetSocketAddress server, InetSocketAddress tlsServer, UnixDomainSocketAddress path) {
    this.server = server;
    this.tlsServer = tlsServer;
    this.path = path;
  }

  /**
   * Makes one visit.
   *
   * @throws IOException if it is not served as it should be
   */
  void make(Visit visit, long number) throws IOException {
    switch (visit) {
      case UNIX -> {
        try (var channel = SocketChannel.open(path)) {
          echo(channel, visit.code, number, 1);
          finish(channel);
        }
      }
      case TLS -> overTls(visit.code, number);
      default -> {
        try (var channel = SocketChannel.open()) {
          channel.bind(new InetSocketAddress(source(number), 0));
          channel.connect(server);
          overTcp(channel, visit, number);
        }
      }
    }
  }

  private void overTcp(SocketChannel channel, Visit visit, long number) throws IOException {
    switch (visit) {
      case CLIENT_FINISHES -> {
        echo(channel, visit.code, number, 1 + (int) (number % 3));
        finish(channel);
      }
      case SERVER_FINISHES -> {
        send(channel, new byte[] {(byte) visit.code});
        receive(channel, new byte[] {(byte) visit.code});
        receiveEnd(channel);
      }
      case CLIENT_RESETS -> {
        echo(channel, visit.code, number, 1);
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
      }
      case RESET_AT_ONCE -> channel.setOption(StandardSocketOptions.SO_LINGER, 0);
      case SAYS_NOTHING -> finish(channel);
      case PIPELINED -> {
        byte[] frames = frames(number, 5);
        sent.clear().put((byte) visit.code).put(frames).flip();
        sendAll(channel);
        receive(channel, frames);
        finish(channel);
      }
      case TRUNCATES -> {
        send(channel, new byte[] {(byte) visit.code, 0, 100, 1, 2, 3});
        channel.shutdownOutput();
        receiveAnyEnd(channel);
      }
      case PUSHED -> {
        send(channel, new byte[] {(byte) visit.code});
        for (int i = 0; i < SoakServer.PUSHED; i++) {
          receive(channel, SoakServer.PUSH);
        }
        receiveEnd(channel);
      }
      case SERVER_RESETS, HANDLER_FAILS -> {
        send(channel, new byte[] {(byte) visit.code});
        receiveAnyEnd(channel);
      }
      case UNIX, TLS -> throw new IllegalArgumentException(visit.name());
    }
  }

  private static InetAddress source(long number) throws IOException {
    return InetAddress.getByAddress(new byte[] {127, 0, 1, (byte) (1 + number % SOURCES)});
  }

  private static byte[] message(long number, int of) {
    byte[] message = new byte[MESSAGE];
    for (int i = 0; i < message.length; i++) {
      message[i] = (byte) (number * 31 + of * 7L + i);
    }
    return message;
  }

  private static byte[] frames(long number, int count) {
    var frames = ByteBuffer.allocate(count * (2 + MESSAGE));
    for (int i = 0; i < count; i++) {
      frames.putShort((short) MESSAGE).put(message(number, i));
    }
    return frames.array();
  }

  private void echo(SocketChannel channel, char code, long number, int messages)
      throws IOException {
    for (int i = 0; i < messages; i++) {
      byte[] message = message(number, i);
      if (i == 0) {
        message[0] = (byte) code;
      }
      send(channel, message);
      receive(channel, message);
    }
  }

  private void finish(SocketChannel channel) throws IOException {
    channel.shutdownOutput();
    receiveEnd(channel);
  }

  private void send(SocketChannel channel, byte[] bytes) throws IOException {
    sent.clear().put(bytes).flip();
    sendAll(channel);
  }

  private void sendAll(SocketChannel channel) throws IOException {
    while (sent.hasRemaining()) {
      channel.write(sent);
    }
  }

  private void receive(SocketChannel channel, byte[] expected) throws IOException {
    received.clear().limit(expected.length);
    while (received.hasRemaining()) {
      if (channel.read(received) < 0) {
        throw new EOFException("the stream has ended early");
      }
    }
    if (!received.flip().equals(ByteBuffer.wrap(expected))) {
      throw new IOException("other bytes than were sent");
    }
  }

  private void receiveEnd(SocketChannel channel) throws IOException {
    received.clear();
    if (channel.read(received) >= 0) {
      throw new IOException("more bytes than were asked for");
    }
  }

  /** FIN or a reset: what the handler has done is no reply. */
  private void receiveAnyEnd(SocketChannel channel) throws IOException {
    received.clear();
    int read;
    try {
      read = channel.read(received);
    } catch (IOException reset) {
      return;
    }
    if (read >= 0) {
      throw new IOException("bytes, where an end was due");
    }
  }

  private void overTls(char code, long number) throws IOException {
    // A context of its own has no session to resume: each handshake is a full one.
    SSLContext tls = AnyServer.context();
    try (Socket socket =
        tls.getSocketFactory().createSocket(tlsServer.getAddress(), tlsServer.getPort())) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      byte[] message = message(number, 0);
      message[0] = (byte) code;
      OutputStream out = socket.getOutputStream();
      out.write(message);
      InputStream in = socket.getInputStream();
      if (!Arrays.equals(in.readNBytes(message.length), message)) {
        throw new IOException("other bytes than were sent over TLS");
      }
      socket.shutdownOutput();
      if (in.read() >= 0) {
        throw new IOException("more bytes than were asked for over TLS");
      }
    }
  }
}
