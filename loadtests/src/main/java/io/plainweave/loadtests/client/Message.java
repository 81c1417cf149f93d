package io.plainweave.loadtests.client;

import java.nio.ByteBuffer;

/** The message: 64 bytes that no other connection sends, and this one only once. */
public final class Message {
  public static final int BYTES = 64;

  private Message() {}

  /** Replaces what {@code buffer} holds by the message, ready to be read. */
  static void write(int connection, int sequence, ByteBuffer buffer) {
    buffer.clear();
    buffer.putInt(connection).putInt(sequence);
    long filler = ((long) connection << Integer.SIZE) | sequence;
    while (buffer.position() < BYTES) {
      // The step of SplittableRandom: consecutive numbers give fillers without a common pattern, so
      // a byte that got lost or moved shows.
      filler += 0x9E3779B97F4A7C15L;
      buffer.putLong((filler ^ (filler >>> 30)) * 0xBF58476D1CE4E5B9L);
    }
    buffer.flip();
  }
}
