package io.plainweave.internal.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.internal.transport.ByteSearch;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A search for a byte")
@Timeout(10)
class ByteSearchTest {
  private static final int LONGEST = 35;

  /** What surrounds the range to search is full of what must not be found there. */
  private static ByteBuffer buffer(byte[] bytes, int before, byte wanted) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(before + bytes.length + 9);
    while (buffer.position() < before) {
      buffer.put(wanted);
    }
    buffer.put(bytes);
    while (buffer.hasRemaining()) {
      buffer.put(wanted);
    }
    return buffer.position(before);
  }

  @Test
  void findsEveryByteAtEveryPlaceOfEveryLength() {
    for (int value = 0; value < 256; value++) {
      byte wanted = (byte) value;
      for (int length = 0; length <= LONGEST; length++) {
        // One that differs in the lowest bit only is what a carry between bytes would take for it.
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) (value ^ 1));
        for (int place = 0; place < length; place++) {
          bytes[place] = wanted;
          ByteBuffer in = buffer(bytes, place % 5, wanted);
          assertEquals(place + 1, ByteSearch.lengthThrough(wanted, in, length));
          assertEquals(place % 5, in.position());
          bytes[place] = (byte) (value ^ 0x80);
        }
        assertEquals(
            length, ByteSearch.lengthThrough(wanted, buffer(bytes, length % 5, wanted), length));
      }
    }
  }

  @Test
  void findsTheFirstOfSeveralAmongArbitraryBytes() {
    var random = new Random(1);
    byte[] bytes = new byte[LONGEST];
    for (int round = 0; round < 10_000; round++) {
      random.nextBytes(bytes);
      byte wanted = bytes[random.nextInt(LONGEST)];
      bytes[random.nextInt(LONGEST)] = wanted;
      int first = 0;
      while (bytes[first] != wanted) {
        first++;
      }
      assertEquals(first + 1, ByteSearch.lengthThrough(wanted, buffer(bytes, 3, wanted), LONGEST));
    }
  }
}
