package io.plainweave.client;

import io.plainweave.PeerResetException;
import io.plainweave.client.ProxyServer.Credentials;
import io.plainweave.internal.connection.HandshakeStep;
import io.plainweave.internal.connection.SocketConnection;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Lets a SOCKS5 proxy connect to the destination (RFC 1928), with a name and a password if it wants
 * them (RFC 1929). Each answer says how long it is, at most 262 bytes.
 */
record SocksStep(String host, int port, @Nullable Credentials credentials)
    implements HandshakeStep {
  private static final int VERSION = 5;
  private static final int NO_AUTHENTICATION = 0;
  private static final int BY_PASSWORD = 2;
  private static final int NONE_ACCEPTABLE = 0xFF;

  /** Of the negotiation of RFC 1929. */
  private static final int PASSWORD_VERSION = 1;

  private static final int CONNECT = 1;
  private static final int IPV4 = 1;
  private static final int NAME = 3;
  private static final int IPV6 = 4;

  @Override
  public boolean run(SocketConnection connection) throws IOException {
    try {
      authenticate(connection, chooseMethod(connection));
      askForDestination(connection);
      return true;
    } catch (EOFException e) {
      throw new ProxyRefusedException("the proxy has closed the connection", true);
    } catch (PeerResetException e) {
      throw new ProxyRefusedException("the proxy has reset the connection", true);
    }
  }

  private int chooseMethod(SocketConnection connection) throws IOException {
    send(
        connection,
        credentials == null
            ? new byte[] {VERSION, 1, NO_AUTHENTICATION}
            : new byte[] {VERSION, 2, NO_AUTHENTICATION, BY_PASSWORD});
    expectVersion(VERSION, read(connection));
    return read(connection);
  }

  private void authenticate(SocketConnection connection, int method) throws IOException {
    if (method == NO_AUTHENTICATION) {
      return;
    }
    if (method != BY_PASSWORD || credentials == null) {
      throw new ProxyRefusedException(
          method == NONE_ACCEPTABLE
              ? credentials == null
                  ? "the proxy wants credentials"
                  : "the proxy wants another kind of authentication"
              : "the proxy chooses a method that was not offered: " + method,
          false);
    }
    var request = new ByteArrayOutputStream();
    request.write(PASSWORD_VERSION);
    writeCounted(request, credentials.user());
    writeCounted(request, credentials.password());
    send(connection, request.toByteArray());
    expectVersion(PASSWORD_VERSION, read(connection));
    int status = read(connection);
    if (status != 0) {
      throw new ProxyRefusedException(
          "the proxy does not accept the credentials (status " + status + ")", false);
    }
  }

  private void askForDestination(SocketConnection connection) throws IOException {
    var request = new ByteArrayOutputStream();
    request.writeBytes(new byte[] {VERSION, CONNECT, 0});
    writeHost(request);
    request.write(port >> 8);
    request.write(port);
    send(connection, request.toByteArray());
    expectVersion(VERSION, read(connection));
    int reply = read(connection);
    if (reply != 0) {
      throw new ProxyRefusedException("the proxy answers: " + text(reply), reply != 2);
    }
    read(connection);
    // The address and the port from which the proxy has connected, which nobody needs.
    int length =
        switch (read(connection)) {
          case IPV4 -> 4;
          case IPV6 -> 16;
          case NAME -> read(connection);
          default -> throw new ProxyRefusedException("the proxy does not speak SOCKS5", false);
        };
    for (int left = length + 2; left > 0; left--) {
      read(connection);
    }
  }

  private void writeHost(ByteArrayOutputStream request) {
    try {
      InetAddress literal = InetAddress.ofLiteral(host);
      request.write(literal instanceof Inet4Address ? IPV4 : IPV6);
      request.writeBytes(literal.getAddress());
    } catch (IllegalArgumentException name) {
      request.write(NAME);
      writeCounted(request, host);
    }
  }

  private static void writeCounted(ByteArrayOutputStream request, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    request.write(bytes.length);
    request.writeBytes(bytes);
  }

  private static void send(SocketConnection connection, byte[] request) throws IOException {
    connection.output().write(request);
    connection.output().flush();
  }

  private static int read(SocketConnection connection) throws IOException {
    int next = connection.input().read();
    if (next < 0) {
      throw new EOFException();
    }
    return next;
  }

  private static void expectVersion(int wanted, int version) throws ProxyRefusedException {
    if (version != wanted) {
      throw new ProxyRefusedException("the proxy does not speak SOCKS5", false);
    }
  }

  /** RFC 1928, section 6. */
  private static String text(int reply) {
    return switch (reply) {
      case 1 -> "general SOCKS server failure";
      case 2 -> "connection not allowed by ruleset";
      case 3 -> "Network unreachable";
      case 4 -> "Host unreachable";
      case 5 -> "Connection refused";
      case 6 -> "TTL expired";
      case 7 -> "Command not supported";
      case 8 -> "Address type not supported";
      default -> "reply " + reply;
    };
  }

  /** Shows no credentials. */
  @Override
  public String toString() {
    return "SocksStep";
  }
}
