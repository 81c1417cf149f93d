package io.plainweave.fuzz.support;

import java.io.InputStream;
import java.util.Arrays;
import java.util.Objects;

/** The input of a connection whose peer has sent all that it will, in pieces. */
public final class PieceInput extends InputStream {
  private final byte[] bytes;
  private final int[] cuts;

  // Only the reading thread touches them.
  private int position;
  private int nextCut;

  PieceInput(Pieces pieces) {
    this.bytes = pieces.bytes();
    this.cuts = pieces.cuts();
  }

  /** How many bytes are to be read in all. */
  public int left() {
    return bytes.length - position;
  }

  @Override
  public int read() {
    return position == bytes.length ? -1 : bytes[position++] & 0xFF;
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    int n = Math.min(length, available());
    if (n == 0) {
      return -1;
    }
    System.arraycopy(bytes, position, target, offset, n);
    position += n;
    return n;
  }

  /** As {@link io.plainweave.Duplex#readUntil}. */
  int readUntil(byte last, byte[] target, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, target.length);
    int most = Math.min(length, available());
    int n = 0;
    while (n < most && (n == 0 || bytes[position + n - 1] != last)) {
      n++;
    }
    return length == 0 ? 0 : read(target, offset, n == 0 ? length : n);
  }

  /** As {@link io.plainweave.Connection#peek}. */
  byte[] peek(int count) {
    return Arrays.copyOfRange(bytes, position, Math.min(bytes.length, position + count));
  }

  /** The rest of the piece. */
  @Override
  public int available() {
    while (nextCut < cuts.length && cuts[nextCut] <= position) {
      nextCut++;
    }
    int end = nextCut < cuts.length ? Math.min(cuts[nextCut], bytes.length) : bytes.length;
    return end - position;
  }
}
