package io.plainweave.client;

import io.plainweave.PeerResetException;
import io.plainweave.client.ProxyServer.Credentials;
import io.plainweave.internal.connection.HandshakeStep;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.text.Addresses;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Lets an HTTP proxy connect to the destination (RFC 9110, section 9.3.6). What it says to a
 * refusal, behind the status line, is left unread.
 */
record HttpConnectStep(String host, int port, @Nullable Credentials credentials)
    implements HandshakeStep {
  /** For the head of an answer, which has no use here; servers take as much of a request. */
  private static final int LONGEST_HEAD = 8_192;

  private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.\\d (\\d{3})(?: .*)?");

  @Override
  public boolean run(SocketConnection connection) throws IOException {
    try {
      ask(connection);
      return true;
    } catch (PeerResetException e) {
      throw new ProxyRefusedException("the proxy has reset the connection", true);
    }
  }

  private void ask(SocketConnection connection) throws IOException {
    connection.output().write(request().getBytes(StandardCharsets.ISO_8859_1));
    connection.output().flush();
    String statusLine;
    int status;
    do {
      statusLine = readHead(connection);
      Matcher matcher = STATUS_LINE.matcher(statusLine);
      if (!matcher.matches()) {
        throw new ProxyRefusedException("the proxy does not speak HTTP/1.1", false);
      }
      status = Integer.parseInt(matcher.group(1));
      // An interim one (RFC 9110, section 15.2) is followed by the answer.
    } while (status < 200);
    if (status >= 300) {
      throw new ProxyRefusedException("the proxy answers: " + statusLine, status >= 500);
    }
  }

  private String request() {
    String authority = Addresses.format(host, port);
    var request = new StringBuilder();
    request.append("CONNECT ").append(authority).append(" HTTP/1.1\r\n");
    request.append("Host: ").append(authority).append("\r\n");
    if (credentials != null) {
      String plain = credentials.user() + ":" + credentials.password();
      request
          .append("Proxy-Authorization: Basic ")
          .append(Base64.getEncoder().encodeToString(plain.getBytes(StandardCharsets.UTF_8)))
          .append("\r\n");
    }
    return request.append("\r\n").toString();
  }

  /** Reads up to the empty line and not beyond it; returns the first line. */
  private static String readHead(SocketConnection connection) throws IOException {
    byte[] head = new byte[LONGEST_HEAD];
    int firstLine = -1;
    int line = 0;
    int end = 0;
    while (end < head.length) {
      int count = connection.readUntil((byte) '\n', head, end, head.length - end);
      if (count < 0) {
        throw new ProxyRefusedException("the proxy has closed the connection", true);
      }
      end += count;
      if (head[end - 1] == '\n') {
        int length = withoutEnd(head, line, end);
        if (firstLine < 0) {
          firstLine = length;
        } else if (length == 0) {
          return new String(head, 0, firstLine, StandardCharsets.ISO_8859_1);
        }
        line = end;
      }
    }
    throw new ProxyRefusedException(
        "the proxy sends a head of more than " + LONGEST_HEAD + " bytes", false);
  }

  private static int withoutEnd(byte[] head, int begin, int end) {
    return end - begin >= 2 && head[end - 2] == '\r' ? end - 2 - begin : end - 1 - begin;
  }

  /** Shows no credentials. */
  @Override
  public String toString() {
    return "HttpConnectStep";
  }
}
