package io.plainweave.protocol;

import static io.plainweave.protocol.ClientHello.ensure;

import io.plainweave.MalformedMessageException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The bytes of a {@link ClientHello} behind its length (RFC 8446, section 4.1.2). */
final class ClientHelloFormat {
  private static final int RANDOM = 32;
  private static final int LONGEST_SESSION_ID = 32;

  // Types of extensions (section 4.2).
  private static final int SERVER_NAME = 0;
  private static final int APPLICATION_PROTOCOLS = 16;
  private static final int SUPPORTED_VERSIONS = 43;

  /** The type of name that is that of a host, and the only one (RFC 6066, section 3). */
  private static final int HOST_NAME = 0;

  private static final int LONGEST_HOST_NAME = 255;

  private static final int TLS_1_2 = 0x0303;

  private Optional<String> serverName = Optional.empty();
  private List<String> applicationProtocols = List.of();
  private @Nullable List<String> versions;

  private ClientHelloFormat() {}

  static ClientHello parse(ByteBuffer hello) throws MalformedMessageException {
    var format = new ClientHelloFormat();
    int legacyVersion = number(hello, Short.BYTES);
    bytes(hello, RANDOM);
    ensure(vector(hello, 1).remaining() <= LONGEST_SESSION_ID, "its session has a long name");
    ensure(vector(hello, Short.BYTES).remaining() >= Short.BYTES, "it has no cipher suites");
    ensure(vector(hello, 1).hasRemaining(), "it has no compression methods");
    // Before TLS 1.3 there may be no extensions at all.
    if (hello.hasRemaining()) {
      format.extensions(only(hello, Short.BYTES));
    }
    List<String> versions = format.versions;
    return new ClientHello(
        format.serverName,
        format.applicationProtocols,
        // Whatever it says here, it is none of TLS 1.3 (section 4.2.1).
        versions != null ? versions : names(List.of(Math.min(legacyVersion, TLS_1_2))));
  }

  private void extensions(ByteBuffer extensions) throws MalformedMessageException {
    Set<Integer> seen = new HashSet<>();
    while (extensions.hasRemaining()) {
      int type = number(extensions, Short.BYTES);
      ByteBuffer data = vector(extensions, Short.BYTES);
      ensure(seen.add(type), "it has an extension twice");
      switch (type) {
        case SERVER_NAME -> serverName = serverName(only(data, Short.BYTES));
        case APPLICATION_PROTOCOLS -> applicationProtocols = protocols(only(data, Short.BYTES));
        case SUPPORTED_VERSIONS -> versions = names(versions(only(data, 1)));
        default -> {
          // None that is needed here.
        }
      }
    }
  }

  private static Optional<String> serverName(ByteBuffer names) throws MalformedMessageException {
    Optional<String> host = Optional.empty();
    ensure(names.hasRemaining(), "its list of names is empty");
    while (names.hasRemaining()) {
      int type = number(names, 1);
      ByteBuffer name = vector(names, Short.BYTES);
      if (type == HOST_NAME) {
        ensure(host.isEmpty(), "it names two servers");
        host = Optional.of(hostName(name));
      }
    }
    return host;
  }

  private static String hostName(ByteBuffer name) throws MalformedMessageException {
    String text = text(name);
    boolean wellFormed =
        !text.isEmpty()
            && text.length() <= LONGEST_HOST_NAME
            && !text.startsWith(".")
            && !text.endsWith(".")
            && text.chars().allMatch(ClientHelloFormat::isOfHostName);
    ensure(wellFormed, "its server name is none");
    return text.toLowerCase(Locale.ROOT);
  }

  /** Those of the DNS, and the underscore that some have all the same. */
  private static boolean isOfHostName(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '.'
        || c == '_';
  }

  private static List<String> protocols(ByteBuffer names) throws MalformedMessageException {
    List<String> protocols = new ArrayList<>();
    while (names.hasRemaining()) {
      ByteBuffer name = vector(names, 1);
      ensure(name.hasRemaining(), "it has a protocol without a name");
      protocols.add(text(name));
    }
    ensure(!protocols.isEmpty(), "its list of protocols is empty");
    return protocols;
  }

  private static List<Integer> versions(ByteBuffer numbers) throws MalformedMessageException {
    List<Integer> versions = new ArrayList<>();
    while (numbers.hasRemaining()) {
      versions.add(number(numbers, Short.BYTES));
    }
    ensure(!versions.isEmpty(), "its list of versions is empty");
    return versions;
  }

  /** The names of those that have one; clients add numbers that mean nothing (RFC 8701). */
  private static List<String> names(List<Integer> versions) {
    List<String> names = new ArrayList<>();
    for (int version : versions) {
      switch (version) {
        case 0x0304 -> names.add("TLSv1.3");
        case TLS_1_2 -> names.add("TLSv1.2");
        case 0x0302 -> names.add("TLSv1.1");
        case 0x0301 -> names.add("TLSv1");
        case 0x0300 -> names.add("SSLv3");
        default -> {
          // No version that anybody knows.
        }
      }
    }
    return names;
  }

  // How TLS writes (section 3)

  private static int number(ByteBuffer from, int size) throws MalformedMessageException {
    ByteBuffer bytes = bytes(from, size);
    int value = 0;
    while (bytes.hasRemaining()) {
      value = (value << Byte.SIZE) | (bytes.get() & 0xFF);
    }
    return value;
  }

  /** What stands behind its length. */
  private static ByteBuffer vector(ByteBuffer from, int sizeOfLength)
      throws MalformedMessageException {
    return bytes(from, number(from, sizeOfLength));
  }

  /** The same, if it is all that there is. */
  private static ByteBuffer only(ByteBuffer from, int sizeOfLength)
      throws MalformedMessageException {
    ByteBuffer vector = vector(from, sizeOfLength);
    ensure(!from.hasRemaining(), "there is something behind the end");
    return vector;
  }

  private static ByteBuffer bytes(ByteBuffer from, int count) throws MalformedMessageException {
    ensure(count <= from.remaining(), "it ends too early");
    ByteBuffer bytes = from.slice(from.position(), count);
    from.position(from.position() + count);
    return bytes;
  }

  private static String text(ByteBuffer bytes) {
    return StandardCharsets.ISO_8859_1.decode(bytes).toString();
  }
}
