package io.plainweave.proxyprotocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;

/** Headers byte by byte, for tests. */
final class Headers {
  static final int MOST = 4096;

  static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

  /** 127.0.0.1:42 to 127.0.0.1:1337. */
  static final String ADDRESSES = "7f000001 7f000001 002a 0539";

  private Headers() {}

  static byte[] hex(String... parts) {
    return HexFormat.of().parseHex(String.join("", parts).replace(" ", ""));
  }

  /** The signature, and what follows it. */
  static byte[] v2(String... parts) {
    return join(hex(SIGNATURE), hex(parts));
  }

  /** One of a client over TCP and IPv4, with these TLVs. */
  static byte[] v2WithTlvs(String... tlvs) {
    byte[] bytes = hex(tlvs);
    return join(v2("21 11", String.format("%04x", 12 + bytes.length), ADDRESSES), bytes);
  }

  static byte[] v1(String text) {
    return text.getBytes(ISO_8859_1);
  }

  static byte[] join(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  static InetSocketAddress at(String address, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(address), port);
  }
}
