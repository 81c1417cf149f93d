package io.plainweave.kernel;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How the tables of the kernel write an address: each four bytes as a number of this processor, in
 * hexadecimal, then the port.
 */
final class KernelNotation {
  private KernelNotation() {}

  static String of(InetSocketAddress address) {
    return words(address.getAddress().getAddress()) + port(address);
  }

  /** The address as a number of words. */
  static String words(byte[] address) {
    ByteBuffer bytes = ByteBuffer.wrap(address).order(ByteOrder.nativeOrder());
    var text = new StringBuilder();
    while (bytes.hasRemaining()) {
      text.append("%08X".formatted(bytes.getInt()));
    }
    return text.toString();
  }

  static String port(InetSocketAddress address) {
    return ":%04X".formatted(address.getPort());
  }
}
