package io.plainweave.loadtests.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class MessageTest {

  @Test
  void isReadyToBeReadAndHasItsLength() {
    assertEquals(64, message(1, 0).remaining());
  }

  @Test
  void isTheSameEachTime() {
    assertEquals(message(17, 3), message(17, 3));
  }

  @Test
  void noTwoConnectionsOrSequencesShareOne() {
    Set<ByteBuffer> all = new HashSet<>();
    for (int connection = 0; connection < 1_000; connection++) {
      for (int sequence = 0; sequence < 3; sequence++) {
        all.add(message(connection, sequence));
      }
    }

    assertEquals(3_000, all.size());
  }

  @Test
  void aMessageThatSlippedByOneByteDiffers() {
    ByteBuffer whole = message(17, 3);

    assertNotEquals(whole.slice(0, 63), whole.slice(1, 63));
  }

  private static ByteBuffer message(int connection, int sequence) {
    ByteBuffer buffer = ByteBuffer.allocate(Message.BYTES);
    Message.write(connection, sequence, buffer);
    return buffer;
  }
}
