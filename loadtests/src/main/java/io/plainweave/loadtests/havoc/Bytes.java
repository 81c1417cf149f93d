package io.plainweave.loadtests.havoc;

import java.nio.ByteBuffer;
import java.util.Random;

/** The bytes of messages, which both ends know how to make, so that neither believes the other. */
final class Bytes {
  /** The number of who has sent it, and which of its messages it is. */
  static final int HEAD = Long.BYTES + Integer.BYTES;

  private Bytes() {}

  /** One message of a sender: its head, then bytes by chance that follow from the head alone. */
  static byte[] message(long sender, int number) {
    var random = new Random(sender * 1_000_003 + number);
    byte[] message = new byte[HEAD + random.nextInt(800)];
    random.nextBytes(message);
    ByteBuffer.wrap(message).putLong(sender).putInt(number);
    return message;
  }

  static long sender(byte[] message) {
    return ByteBuffer.wrap(message).getLong();
  }

  static int number(byte[] message) {
    return ByteBuffer.wrap(message).getInt(Long.BYTES);
  }

  /** What the service answers to a request: nobody who sends it back unread is right. */
  static byte[] answer(byte[] request) {
    byte[] answer = new byte[request.length];
    for (int i = 0; i < answer.length; i++) {
      answer[i] = (byte) (request[answer.length - 1 - i] ^ 0x5a);
    }
    return answer;
  }
}
