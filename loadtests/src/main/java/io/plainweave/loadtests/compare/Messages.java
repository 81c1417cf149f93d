package io.plainweave.loadtests.compare;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What is sent together on a connection, and what has to come back; the same on all of them.
 *
 * <p>Belongs to one thread.
 */
interface Messages {
  /** How many bytes are sent. */
  int outgoing();

  /** How many bytes come back. */
  int incoming();

  /** What is to be sent when so many bytes have been, ready to be written. */
  ByteBuffer from(int sent);

  /**
   * Checks what came after so many bytes; the buffer is as the read left it.
   *
   * @param everyByte false if what is checked may be less, for the sake of the client's time
   * @throws IOException if it is not what has to come
   */
  void check(ByteBuffer came, int received, boolean everyByte) throws IOException;
}
