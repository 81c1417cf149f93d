package io.plainweave.proxyprotocol;

import java.util.HexFormat;

/** How bytes of a peer are shown, so that they can do no harm to a log or a terminal. */
final class Escape {
  /** As many as the longest header of version 1 has. */
  private static final int MOST = 107;

  private static final HexFormat HEX = HexFormat.of();

  private Escape() {}

  /** The first bytes between quotes: printable ASCII as it is, all else in hexadecimal. */
  static String quote(byte[] bytes, int length) {
    var quoted = new StringBuilder("\"");
    for (int i = 0; i < Math.min(length, MOST); i++) {
      char c = (char) (bytes[i] & 0xFF);
      if (c < ' ' || c > '~' || c == '"' || c == '\\') {
        quoted.append("\\x").append(HEX.toHexDigits((byte) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append(length > MOST ? "\"..." : "\"").toString();
  }
}
