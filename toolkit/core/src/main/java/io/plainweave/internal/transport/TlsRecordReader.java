package io.plainweave.internal.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The receiving half of a {@link TlsTransport}; only the reading thread touches it.
 *
 * <p>It borrows buffers while there is something in them. What has come of the next record is kept
 * in an array of its length while the reader waits.
 */
final class TlsRecordReader {
  // Types of records (RFC 8446, section 5.1). In TLS 1.3, all but those of the handshake look like
  // data.
  private static final byte HANDSHAKE = 22;
  private static final byte DATA = 23;

  /** Type, version and length. */
  private static final int HEADER = 5;

  /** What may follow the header in plain (section 5.1). */
  private static final int MOST_IN_PLAIN = 16_384;

  /**
   * The same when it is encrypted; with our ciphers TLS 1.2 needs no more than 1.3 (section 5.2).
   */
  private static final int MOST_IN_RECORD = MOST_IN_PLAIN + 256;

  private static final byte[] NONE = {};

  private final SSLEngine engine;
  private final PolledChannel channel;
  private final BufferPool buffers;

  /** Records as they came, in a borrowed buffer, or null for none. */
  private @Nullable ByteBuffer received;

  /** The beginning of {@link #received}, which is null then. */
  private byte[] kept = NONE;

  /** Data for which there was no room in a target, in a borrowed buffer, or null for none. */
  private @Nullable ByteBuffer decrypted;

  /** Whether more came at last than there was room for: it pays to receive several records then. */
  private boolean flowing;

  /** Whether a byte has come. */
  private boolean begun;

  /** Whether the channel has ended. */
  private boolean cut;

  /** Whether the peer has finished, by close_notify. */
  private boolean finished;

  TlsRecordReader(SSLEngine engine, PolledChannel channel, BufferPool buffers) {
    this.engine = engine;
    this.channel = channel;
    this.buffers = buffers;
  }

  /** Takes over what another transport has read too much; called before all else. */
  void takeOver(ByteBuffer unread) {
    // There may be a whole record, behind which nothing comes before it is answered.
    received = buffers.takeRecord().put(unread).flip();
    begun = true;
  }

  boolean hasBegun() {
    return begun;
  }

  boolean isCut() {
    return cut;
  }

  boolean isFinished() {
    return finished;
  }

  /** Receives what there is room for, as the channel reads it. */
  int receive() throws IOException {
    ByteBuffer in = roomToReceive();
    received = in;
    try {
      if (!in.hasRemaining()) {
        throw new SSLException("a record has more than " + in.capacity() + " bytes");
      }
      int n = channel.read(in);
      flowing = !in.hasRemaining();
      cut = n < 0;
      begun |= n > 0;
      return n;
    } finally {
      in.flip();
      giveReceivedIfEmpty(in);
    }
  }

  /** A buffer with what has come of a record, and room behind it. */
  private ByteBuffer roomToReceive() {
    ByteBuffer in = received;
    if (in != null && (!flowing || in.capacity() == BufferPool.RECORDS_BUFFER_SIZE)) {
      return in.compact();
    }
    ByteBuffer next = flowing ? buffers.takeRecords() : buffers.takeRecord();
    if (in == null) {
      next.put(kept);
      kept = NONE;
    } else {
      next.put(in);
      buffers.give(in);
    }
    return next;
  }

  /** Whether the channel may have more than what there was room for. */
  boolean isFull() {
    ByteBuffer in = received;
    return in != null && in.limit() == in.capacity();
  }

  /** Whether there is something of a record, or of data for a reader. */
  boolean hasReceived() {
    return received != null || decrypted != null;
  }

  /** Whether the next record looks like data, or is not there. */
  boolean nextIsData() {
    ByteBuffer in = received;
    return in == null || in.get(in.position()) == DATA;
  }

  /** Whether the next record is one of the handshake, in TLS 1.2. */
  boolean nextIsHandshake() {
    ByteBuffer in = received;
    return in != null && in.get(in.position()) == HANDSHAKE;
  }

  /** Keeps what has come of a record without a buffer. */
  void keepReceived() {
    ByteBuffer in = received;
    if (in != null) {
      kept = new byte[in.remaining()];
      in.get(kept);
      giveReceivedIfEmpty(in);
    }
  }

  /** Takes what has come behind the end of TLS, which is in plain. */
  byte[] takeReceived() {
    keepReceived();
    byte[] taken = kept;
    kept = NONE;
    return taken;
  }

  private void giveReceivedIfEmpty(ByteBuffer in) {
    if (!in.hasRemaining()) {
      received = null;
      buffers.give(in);
    }
  }

  /** How many bytes are decrypted and not yet read. */
  int decrypted() {
    ByteBuffer data = decrypted;
    return data == null ? 0 : data.remaining();
  }

  /** Moves what is decrypted already. */
  void moveDecrypted(ByteBuffer target) {
    ByteBuffer data = decrypted;
    if (data != null) {
      int n = Math.min(data.remaining(), target.remaining());
      target.put(target.position(), data, data.position(), n);
      target.position(target.position() + n);
      data.position(data.position() + n);
      if (!data.hasRemaining()) {
        decrypted = null;
        buffers.give(data);
      }
    }
  }

  /** Decrypts a record; null if no whole one is there. */
  @Nullable SSLEngineResult decrypt(ByteBuffer target) throws SSLException {
    ByteBuffer in = received;
    if (in == null) {
      return null;
    }
    refuseLargeRecord(in);
    SSLEngineResult result = engine.unwrap(in, target);
    if (result.getStatus() == Status.BUFFER_OVERFLOW) {
      result = decryptBeyond(in, target);
    }
    if (result.getStatus() == Status.BUFFER_UNDERFLOW) {
      return null;
    }
    giveReceivedIfEmpty(in);
    finished = result.getStatus() == Status.CLOSED;
    return result;
  }

  /**
   * Refuses a record that is too large as soon as its header is there. The engine would take up to
   * 32 KB, and ask for as much room in all that we write from then on. What has not the version of
   * a record is for the engine to refuse.
   */
  private void refuseLargeRecord(ByteBuffer in) throws SSLException {
    if (in.remaining() >= HEADER && in.get(in.position() + 1) == 3) {
      int length = in.getShort(in.position() + HEADER - Short.BYTES) & 0xFFFF;
      if (length > MOST_IN_PLAIN) {
        int most = TlsTransport.isInPlain(engine) ? MOST_IN_PLAIN : MOST_IN_RECORD;
        if (length > most) {
          throw new RecordOverflowException(length, most);
        }
      }
    }
  }

  /** Decrypts a record for which there may be no room in the target. */
  private SSLEngineResult decryptBeyond(ByteBuffer in, ByteBuffer target) throws SSLException {
    ByteBuffer rest = buffers.takeRecord();
    try {
      return engine.unwrap(in, new ByteBuffer[] {target, rest});
    } finally {
      rest.flip();
      if (rest.hasRemaining()) {
        decrypted = rest;
      } else {
        buffers.give(rest);
      }
    }
  }

  /** Gives back what is borrowed; called at the end of the connection. */
  void release() {
    giveBack(received);
    giveBack(decrypted);
    received = null;
    decrypted = null;
  }

  private void giveBack(@Nullable ByteBuffer buffer) {
    if (buffer != null) {
      buffers.give(buffer);
    }
  }
}
