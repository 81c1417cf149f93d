package io.plainweave.proxyprotocol;

import io.plainweave.proxyprotocol.ProxyHeader.Command;
import io.plainweave.proxyprotocol.ProxyHeader.Endpoints;
import io.plainweave.proxyprotocol.ProxyHeader.SocketType;
import io.plainweave.proxyprotocol.ProxyHeader.Version;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/** Version 2: binary, in network byte order (section 2.2 of the specification). */
final class BinaryFormat {
  static final byte[] SIGNATURE = {
    0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A
  };

  /** The signature, version and command, family and socket type, and the length of the rest. */
  static final int START = 16;

  private static final int VERSION_2 = 0x20;
  private static final int LOCAL = 0;
  private static final int PROXY = 1;

  private static final int UNSPEC = 0;
  private static final int INET = 1;
  private static final int INET6 = 2;
  private static final int UNIX = 3;

  private static final int STREAM = 1;
  private static final int DATAGRAM = 2;

  private static final int PATH_SIZE = 108;
  private static final int CHECKSUM_SIZE = Integer.BYTES;

  private BinaryFormat() {}

  /**
   * Checks the start, and returns how many bytes follow it.
   *
   * @throws IllegalArgumentException if it is none
   */
  static int checkStart(byte[] bytes) {
    int versionAndCommand = bytes[12] & 0xFF;
    require((versionAndCommand & 0xF0) == VERSION_2, "the version is " + (versionAndCommand >> 4));
    require((versionAndCommand & 0xF) <= PROXY, "the command is " + (versionAndCommand & 0xF));
    if (!isLocal(bytes)) {
      require(family(bytes) <= UNIX, "the address family is " + family(bytes));
      require(socketType(bytes) <= DATAGRAM, "the socket type is " + socketType(bytes));
    }
    return (bytes[14] & 0xFF) << 8 | (bytes[15] & 0xFF);
  }

  private static boolean isLocal(byte[] bytes) {
    return (bytes[12] & 0xF) == LOCAL;
  }

  private static int family(byte[] bytes) {
    return (bytes[13] & 0xFF) >> 4;
  }

  private static int socketType(byte[] bytes) {
    return bytes[13] & 0xF;
  }

  /**
   * Reads a complete header whose start is checked.
   *
   * @throws IllegalArgumentException if it is none
   */
  static ProxyHeader decode(byte[] bytes, int size) {
    if (isLocal(bytes)) {
      return ProxyHeader.local();
    }
    if (family(bytes) == UNSPEC || socketType(bytes) == UNSPEC) {
      // There may be addresses of unknown length, so nobody knows where TLVs would begin.
      return new ProxyHeader(Version.V2, Command.PROXY, null, List.of(), false);
    }
    var from = ByteBuffer.wrap(bytes, START, size - START);
    int addresses = addressesSize(family(bytes));
    require(
        from.remaining() >= addresses,
        "there are " + from.remaining() + " bytes for addresses of " + addresses);
    var type = socketType(bytes) == STREAM ? SocketType.STREAM : SocketType.DATAGRAM;
    Endpoints endpoints =
        family(bytes) == UNIX
            ? new Endpoints(type, readPath(from), readPath(from))
            : readInet(type, from, family(bytes) == INET ? 4 : 16);
    int beginOfTlvs = from.position();
    List<Tlv> tlvs = new ArrayList<>(Tlv.readAll(from));
    boolean checksum = tlvs.stream().anyMatch(tlv -> tlv.type() == Tlv.CRC32C);
    if (checksum) {
      verify(bytes, size, beginOfTlvs, tlvs);
      tlvs.removeIf(tlv -> tlv.type() == Tlv.CRC32C);
    }
    return new ProxyHeader(Version.V2, Command.PROXY, endpoints, tlvs, checksum);
  }

  private static void verify(byte[] bytes, int size, int beginOfTlvs, List<Tlv> tlvs) {
    byte[] zeroed = Arrays.copyOf(bytes, size);
    int expected = 0;
    int checksums = 0;
    int position = beginOfTlvs;
    for (Tlv tlv : tlvs) {
      if (tlv.type() == Tlv.CRC32C) {
        checksums++;
        require(
            tlv.value().length == CHECKSUM_SIZE && checksums == 1,
            "it has not one checksum of " + CHECKSUM_SIZE + " bytes");
        expected = ByteBuffer.wrap(tlv.value()).getInt();
        int value = position + Tlv.PREFIX;
        Arrays.fill(zeroed, value, value + CHECKSUM_SIZE, (byte) 0);
      }
      position += tlv.size();
    }
    int actual = checksum(zeroed);
    require(
        actual == expected,
        String.format("the checksum is %08x, and that of the bytes is %08x", expected, actual));
  }

  private static int checksum(byte[] bytes) {
    var crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private static Endpoints readInet(SocketType type, ByteBuffer from, int size) {
    byte[] source = new byte[size];
    byte[] destination = new byte[size];
    from.get(source).get(destination);
    int sourcePort = from.getShort() & 0xFFFF;
    int destinationPort = from.getShort() & 0xFFFF;
    return new Endpoints(
        type,
        new InetSocketAddress(address(source), sourcePort),
        new InetSocketAddress(address(destination), destinationPort));
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError("an address of " + bytes.length + " bytes", e);
    }
  }

  /** A path up to its first NUL; one that begins with it is no path, but the name of a socket. */
  private static SocketAddress readPath(ByteBuffer from) {
    byte[] bytes = new byte[PATH_SIZE];
    from.get(bytes);
    int size = 0;
    while (size < PATH_SIZE && bytes[size] != 0) {
      size++;
    }
    return UnixDomainSocketAddress.of(new String(bytes, 0, size, StandardCharsets.UTF_8));
  }

  /** The 16 bytes of an IPv6 address, or of the one that stands for an IPv4 address. */
  static byte[] inet6(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == 16
        ? bytes
        : ByteBuffer.allocate(16).position(10).putShort((short) 0xFFFF).put(bytes).array();
  }

  static byte[] encode(ProxyHeader header) {
    Endpoints endpoints = header.endpoints();
    int rest = endpoints == null ? 0 : size(endpoints, header.tlvs(), header.checksum());
    var to = ByteBuffer.allocate(START + rest);
    to.put(SIGNATURE);
    to.put((byte) (VERSION_2 | (header.command() == Command.LOCAL ? LOCAL : PROXY)));
    if (endpoints == null) {
      return to.put((byte) UNSPEC).putShort((short) 0).array();
    }
    int type = endpoints.type() == SocketType.STREAM ? STREAM : DATAGRAM;
    to.put((byte) (family(endpoints) << 4 | type)).putShort((short) rest);
    write(endpoints, to);
    Tlv.writeAll(header.tlvs(), to);
    if (header.checksum()) {
      to.put((byte) Tlv.CRC32C).putShort((short) CHECKSUM_SIZE);
      to.putInt(to.position(), checksum(to.array()));
    }
    return to.array();
  }

  private static void write(Endpoints endpoints, ByteBuffer to) {
    if (endpoints.source() instanceof InetSocketAddress source
        && endpoints.destination() instanceof InetSocketAddress destination) {
      boolean ipv4 = family(endpoints) == INET;
      for (InetSocketAddress end : List.of(source, destination)) {
        to.put(ipv4 ? end.getAddress().getAddress() : inet6(end.getAddress()));
      }
      to.putShort((short) source.getPort()).putShort((short) destination.getPort());
      return;
    }
    for (SocketAddress end : List.of(endpoints.source(), endpoints.destination())) {
      to.put(Arrays.copyOf(path(end), PATH_SIZE));
    }
  }

  /** How many bytes follow the start. */
  static int size(Endpoints endpoints, List<Tlv> tlvs, boolean checksum) {
    return addressesSize(family(endpoints))
        + Tlv.size(tlvs)
        + (checksum ? Tlv.PREFIX + CHECKSUM_SIZE : 0);
  }

  /** IPv6 as well if one of the two is IPv4: it is written as the IPv6 that stands for it. */
  private static int family(Endpoints endpoints) {
    if (!endpoints.isInet()) {
      return UNIX;
    }
    return isInet4(endpoints.source()) && isInet4(endpoints.destination()) ? INET : INET6;
  }

  private static boolean isInet4(SocketAddress address) {
    return address instanceof InetSocketAddress inet && inet.getAddress() instanceof Inet4Address;
  }

  private static int addressesSize(int family) {
    return switch (family) {
      case INET -> 2 * (4 + Short.BYTES);
      case INET6 -> 2 * (16 + Short.BYTES);
      default -> 2 * PATH_SIZE;
    };
  }

  static void checkPath(SocketAddress address) {
    require(
        path(address).length <= PATH_SIZE,
        "the path of a socket has at most " + PATH_SIZE + " bytes: " + address);
  }

  private static byte[] path(SocketAddress address) {
    Path path = ((UnixDomainSocketAddress) address).getPath();
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
