package io.plainweave.proxyprotocol;

import io.plainweave.text.OneLine;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A PROXY protocol header: whose connection it is that a proxy passes on. An object of this class
 * can always be written.
 *
 * @param version how it is written
 * @param command whether it is a client's connection or the proxy's own
 * @param endpoints the addresses of the client's connection; null if it is the proxy's own, or if
 *     they have no meaning to the proxy ({@code UNKNOWN}, {@code UNSPEC}): the addresses are those
 *     of the connection itself then
 * @param tlvs what else the proxy says, in its order, without the checksum; empty in version 1 and
 *     without endpoints
 * @param checksum whether it bears its checksum (CRC32c); false in version 1 and without endpoints
 */
public record ProxyHeader(
    Version version,
    Command command,
    @Nullable Endpoints endpoints,
    List<Tlv> tlvs,
    boolean checksum) {
  /** How a header is written. */
  public enum Version {
    /** A line of text; for TCP only. */
    V1,
    /** Binary. */
    V2
  }

  /** Whose connection it is. */
  public enum Command {
    /** The proxy's own, for example to check the health of the server. */
    LOCAL,
    /** A client's, passed on. */
    PROXY
  }

  /** The type of the client's socket, as in socket(2). */
  public enum SocketType {
    /** TCP, or a Unix-domain stream. */
    STREAM,
    /** UDP, or Unix-domain datagrams. */
    DATAGRAM
  }

  /**
   * The two ends of the client's connection to the proxy: both internet addresses, or both of
   * Unix-domain sockets.
   *
   * @param type stream or datagram
   * @param source the address of the client
   * @param destination the address that the client has connected to; the unspecified address
   *     ({@code 0.0.0.0} or {@code ::}) if the proxy does not say it
   */
  public record Endpoints(SocketType type, SocketAddress source, SocketAddress destination) {
    /** Checks that the addresses can be written. */
    public Endpoints {
      boolean inet = isInet(source) && isInet(destination);
      boolean unix =
          source instanceof UnixDomainSocketAddress
              && destination instanceof UnixDomainSocketAddress;
      if (!inet && !unix) {
        throw new IllegalArgumentException(
            OneLine.of(
                "the two addresses are not both IP or both Unix-domain: "
                    + source
                    + ", "
                    + destination));
      }
      if (unix) {
        BinaryFormat.checkPath(source);
        BinaryFormat.checkPath(destination);
      }
    }

    private static boolean isInet(SocketAddress address) {
      return address instanceof InetSocketAddress inet && !inet.isUnresolved();
    }

    boolean isInet() {
      return source instanceof InetSocketAddress;
    }

    /** Returns all of it in one line, whatever stands in a path. */
    @Override
    public String toString() {
      return OneLine.of(type + " from " + source + " to " + destination);
    }
  }

  /** Checks that it can be written. */
  public ProxyHeader {
    tlvs = List.copyOf(tlvs);
    boolean bare = tlvs.isEmpty() && !checksum;
    if (version == Version.V1) {
      require(command == Command.PROXY, "version 1 has no LOCAL");
      require(bare, "version 1 has neither TLVs nor a checksum");
      require(
          endpoints == null || (endpoints.isInet() && endpoints.type == SocketType.STREAM),
          "version 1 is for TCP only");
    }
    if (endpoints == null) {
      require(bare, "without endpoints there are neither TLVs nor a checksum");
    } else {
      require(command == Command.PROXY, "LOCAL has no endpoints");
      int size = BinaryFormat.size(endpoints, tlvs, checksum);
      require(size <= 0xFFFF, "addresses and TLVs have at most 65,535 bytes: " + size);
    }
    for (Tlv tlv : tlvs) {
      tlv.check();
    }
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  /**
   * Makes a header of version 1 for a client's connection by TCP. For any other it is {@code
   * UNKNOWN}, as the specification says.
   *
   * @param source the address of the client
   * @param destination the address that the client has connected to
   * @return the header
   */
  public static ProxyHeader v1(SocketAddress source, SocketAddress destination) {
    var endpoints = new Endpoints(SocketType.STREAM, source, destination);
    return new ProxyHeader(
        Version.V1, Command.PROXY, endpoints.isInet() ? endpoints : null, List.of(), false);
  }

  /**
   * Makes a header of version 2 for a client's connection by TCP or a Unix-domain socket.
   *
   * @param source the address of the client
   * @param destination the address that the client has connected to
   * @return the header
   * @throws IllegalArgumentException if one is an internet address and the other is not
   */
  public static ProxyHeader v2(SocketAddress source, SocketAddress destination) {
    var endpoints = new Endpoints(SocketType.STREAM, source, destination);
    return new ProxyHeader(Version.V2, Command.PROXY, endpoints, List.of(), false);
  }

  /**
   * Makes the header of version 2 for a connection that is no client's: the proxy's own.
   *
   * @return the header
   */
  public static ProxyHeader local() {
    return new ProxyHeader(Version.V2, Command.LOCAL, null, List.of(), false);
  }

  /**
   * Returns this header with further TLVs behind those that it has. One of version 2 without
   * endpoints stays as it is: whoever reads it skips what follows (section 2.2 of the
   * specification).
   *
   * @param more the TLVs
   * @return the header
   * @throws IllegalArgumentException if it is of version 1, or a TLV is not as its type demands
   */
  public ProxyHeader with(Tlv... more) {
    if (isSkipped()) {
      return this;
    }
    List<Tlv> all = new ArrayList<>(tlvs);
    all.addAll(List.of(more));
    return new ProxyHeader(version, command, endpoints, all, checksum);
  }

  /**
   * Returns this header with or without its {@link #checksum()}. One of version 2 without endpoints
   * stays as it is.
   *
   * @param checksum whether it has one
   * @return the header
   * @throws IllegalArgumentException if it is to have one, and is of version 1
   */
  public ProxyHeader checksum(boolean checksum) {
    return isSkipped() ? this : new ProxyHeader(version, command, endpoints, tlvs, checksum);
  }

  /** Whether nobody reads what follows the start. */
  private boolean isSkipped() {
    return version == Version.V2 && endpoints == null;
  }

  /**
   * Reads a header, and no byte beyond it.
   *
   * <p>The bytes of a header without addresses are skipped, whatever they are.
   *
   * @param in where to read from
   * @param maxBytes the longest header of version 2 that is read; one of version 1 has at most 107
   *     bytes anyway
   * @return the header; null if the stream ends before its first byte
   * @throws ProtocolException if the bytes are no header, as soon as that is known; the message
   *     says what is wrong, and shows them escaped
   * @throws EOFException if the stream ends within the header
   * @throws IOException if reading fails
   */
  public static @Nullable ProxyHeader read(InputStream in, int maxBytes) throws IOException {
    return new HeaderReader(in, maxBytes).read();
  }

  /**
   * Returns the header as it is sent.
   *
   * @return its bytes
   */
  public byte[] toBytes() {
    return switch (version) {
      case V1 -> TextFormat.encode(this);
      case V2 -> BinaryFormat.encode(this);
    };
  }

  /**
   * Returns the address of the client.
   *
   * @return the address; empty if the header has none
   */
  public Optional<SocketAddress> source() {
    return Optional.ofNullable(endpoints).map(Endpoints::source);
  }

  /**
   * Returns the address that the client has connected to.
   *
   * @return the address; empty if the header has none
   */
  public Optional<SocketAddress> destination() {
    return Optional.ofNullable(endpoints).map(Endpoints::destination);
  }

  /**
   * Returns the protocol that client and proxy have agreed on, as {@link
   * javax.net.ssl.SSLEngine#getApplicationProtocol()} would tell it.
   *
   * @return for example {@code h2}
   */
  public Optional<String> alpn() {
    return first(Tlv.ALPN).map(tlv -> new String(tlv.value(), StandardCharsets.ISO_8859_1));
  }

  /**
   * Returns the host name that the client has asked for; with TLS, its SNI.
   *
   * @return the name as the client has sent it, which need not be a good one
   */
  public Optional<String> authority() {
    return first(Tlv.AUTHORITY).map(Tlv::text);
  }

  /**
   * Returns the bytes by which the proxy knows the connection.
   *
   * @return up to 128 bytes
   */
  public Optional<byte[]> uniqueId() {
    return first(Tlv.UNIQUE_ID).map(Tlv::value);
  }

  /**
   * Returns what the proxy says of TLS between the client and itself.
   *
   * @return the details; empty if it says nothing
   */
  public Optional<ProxiedTls> tls() {
    return first(Tlv.SSL).map(ProxiedTls::of);
  }

  /**
   * Returns the network namespace of the proxy in which the client has come in.
   *
   * @return its name
   */
  public Optional<String> networkNamespace() {
    return first(Tlv.NETNS).map(Tlv::text);
  }

  private Optional<Tlv> first(int type) {
    return tlvs.stream().filter(tlv -> tlv.type() == type).findFirst();
  }
}
