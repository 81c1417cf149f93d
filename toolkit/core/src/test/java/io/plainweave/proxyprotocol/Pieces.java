package io.plainweave.proxyprotocol;

import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A stream that gives its bytes piece by piece, as a socket does, and whose end can be looked at.
 */
final class Pieces extends InputStream {
  private final Deque<byte[]> pieces = new ArrayDeque<>();
  private int position;

  Pieces(byte[]... pieces) {
    for (byte[] piece : pieces) {
      if (piece.length > 0) {
        this.pieces.add(piece);
      }
    }
  }

  static Pieces ofOneByteEach(byte[] bytes) {
    byte[][] pieces = new byte[bytes.length][];
    for (int i = 0; i < bytes.length; i++) {
      pieces[i] = new byte[] {bytes[i]};
    }
    return new Pieces(pieces);
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    byte[] piece = pieces.peek();
    if (piece == null) {
      return -1;
    }
    int n = Math.min(length, piece.length - position);
    System.arraycopy(piece, position, target, offset, n);
    position += n;
    if (position == piece.length) {
      pieces.remove();
      position = 0;
    }
    return n;
  }
}
