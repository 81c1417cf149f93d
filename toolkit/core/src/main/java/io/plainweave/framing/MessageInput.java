package io.plainweave.framing;

import java.io.ByteArrayInputStream;

/** A message that is in memory already, read from its first byte to its last. */
final class MessageInput extends ByteArrayInputStream {
  MessageInput(byte[] message) {
    super(message);
  }

  /** Does what {@link io.plainweave.Duplex#readUntil} does, for a target that has the room. */
  int readUntil(byte last, byte[] target, int offset, int length) {
    int most = pos + Math.min(length, available());
    int next = pos;
    while (next < most && buf[next] != last) {
      next++;
    }
    return read(target, offset, Math.min(next + 1, most) - pos); // -1 at the end
  }
}
