package io.plainweave.loadtests.compare;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Messages that come back as they are.
 *
 * <p>Whoever measures looks at the first and the last eight bytes of what came; to compare all of
 * them is left to the warm-up, since the client must not be the bottleneck. Belongs to one thread.
 */
final class MessageBytes implements Messages {
  private static final int WORD = Long.BYTES;

  private final ByteBuffer all;

  MessageBytes(int bytes) {
    all = ByteBuffer.allocateDirect(bytes);
    long word = 0;
    while (all.remaining() >= WORD) {
      // The step of SplittableRandom: no two words are the same, so a byte that got lost shows.
      word += 0x9E3779B97F4A7C15L;
      all.putLong((word ^ (word >>> 30)) * 0xBF58476D1CE4E5B9L);
    }
    while (all.hasRemaining()) {
      all.put((byte) 1);
    }
  }

  @Override
  public int outgoing() {
    return all.capacity();
  }

  @Override
  public int incoming() {
    return all.capacity();
  }

  @Override
  public ByteBuffer from(int sent) {
    return all.limit(all.capacity()).position(sent);
  }

  @Override
  public void check(ByteBuffer came, int received, boolean everyByte) throws IOException {
    int length = came.position();
    boolean right = length <= all.capacity() - received;
    if (right && everyByte) {
      right = came.slice(0, length).equals(all.duplicate().clear().slice(received, length));
    } else if (right && length >= WORD) {
      right =
          came.getLong(0) == all.getLong(received)
              && came.getLong(length - WORD) == all.getLong(received + length - WORD);
    }
    if (!right) {
      throw new IOException("received " + length + " wrong bytes after " + received);
    }
  }
}
