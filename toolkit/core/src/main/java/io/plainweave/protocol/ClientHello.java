package io.plainweave.protocol;

import io.plainweave.Connection;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import io.plainweave.text.OneLine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a TLS client asks for in its first message (RFC 8446, section 4.1.2), in plain, before any
 * handshake: enough to choose the server to which its connection goes on, still encrypted.
 *
 * {@snippet file="io/plainweave/protocol/ClientHelloTest.java" region="route"}
 *
 * <p>All of it is what anybody may write: it says whom the client wants, and proves nothing. With
 * Encrypted Client Hello (RFC 9849), it is the name of the public server in front.
 *
 * @param serverName the name of the server that the client wants (SNI, RFC 6066, section 3), in
 *     lower case; empty if it names none
 * @param applicationProtocols what the client would speak (ALPN, RFC 7301), what it likes best
 *     first, each byte a character; empty if it does not say
 * @param versions the versions of TLS that it speaks, in its order, by the names of {@link
 *     io.plainweave.tls.TlsSession#protocol()}, from {@code TLSv1.3} down to {@code SSLv3}, without
 *     others; a client before TLS 1.3 tells only the highest one
 */
public record ClientHello(
    Optional<String> serverName, List<String> applicationProtocols, List<String> versions) {
  /** As many bytes as a peek shows. */
  private static final int MOST_BYTES = 16_384;

  // RFC 8446, section 5.1.
  private static final int HANDSHAKE_RECORD = 22;
  private static final int RECORD_HEADER = 5;
  private static final int LONGEST_RECORD = 16_384;

  // Section 4.
  private static final int CLIENT_HELLO = 1;
  private static final int MESSAGE_HEADER = 4;

  /** Makes one whose lists nobody changes. */
  public ClientHello {
    applicationProtocols = List.copyOf(applicationProtocols);
    versions = List.copyOf(versions);
  }

  /**
   * Looks at the first message of a TLS client, all of which stays to be read: by {@link
   * Connection#startTls(io.plainweave.tls.ServerTls)}, a {@link io.plainweave.client.Relay}, or any
   * reader. It waits until the message is complete, however many records it takes, within the
   * limits of {@link Connection#peek}.
   *
   * @param connection of which nothing was read yet
   * @return what the client asks for; null if the input has ended before its first byte
   * @throws MalformedMessageException if it is no such message, or has more than 16,384 bytes with
   *     its records
   * @throws TruncatedMessageException if the input ends within it
   * @throws IOException if the connection fails
   */
  public static @Nullable ClientHello peek(Connection connection) throws IOException {
    var message = new ByteArrayOutputStream();
    int position = 0;
    int length = MESSAGE_HEADER;
    while (message.size() < length) {
      byte[] header = peek(connection, position + 1);
      if (header.length == 0) {
        return null;
      }
      ensure(header[position] == HANDSHAKE_RECORD, "it has no record of a TLS handshake");
      header = peek(connection, position + RECORD_HEADER);
      ensure(header[position + 1] == 3, "its record has not the version of one");
      int fragment = unsigned(header, position + 3, Short.BYTES);
      ensure(fragment > 0 && fragment <= LONGEST_RECORD, "its record is empty or too long");
      position += RECORD_HEADER;
      message.write(peek(connection, position + fragment), position, fragment);
      position += fragment;
      byte[] soFar = message.toByteArray();
      ensure(soFar[0] == CLIENT_HELLO, "its first message is no ClientHello");
      if (soFar.length >= MESSAGE_HEADER) {
        length = MESSAGE_HEADER + unsigned(soFar, 1, MESSAGE_HEADER - 1);
        ensure(length <= MOST_BYTES, "it is too long");
      }
    }
    return ClientHelloFormat.parse(
        ByteBuffer.wrap(message.toByteArray(), MESSAGE_HEADER, length - MESSAGE_HEADER));
  }

  private static byte[] peek(Connection connection, int count) throws IOException {
    ensure(count <= MOST_BYTES, "it is too long");
    byte[] bytes = connection.peek(count);
    if (bytes.length > 0 && bytes.length < count) {
      throw new TruncatedMessageException(
          "the input has ended behind %d bytes of a ClientHello".formatted(bytes.length));
    }
    return bytes;
  }

  private static int unsigned(byte[] bytes, int offset, int count) {
    int value = 0;
    for (int i = offset; i < offset + count; i++) {
      value = (value << Byte.SIZE) | (bytes[i] & 0xFF);
    }
    return value;
  }

  static void ensure(boolean wellFormed, String fault) throws MalformedMessageException {
    if (!wellFormed) {
      throw new MalformedMessageException("what should be a ClientHello is none: " + fault);
    }
  }

  /** Returns all of it in one line, whatever the client has written. */
  @Override
  public String toString() {
    return OneLine.of(
        "ClientHello[serverName=%s, applicationProtocols=%s, versions=%s]"
            .formatted(serverName.orElse("none"), applicationProtocols, versions));
  }
}
