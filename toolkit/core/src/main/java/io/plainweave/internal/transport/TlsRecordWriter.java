package io.plainweave.internal.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The sending half of a {@link TlsTransport}. The reader may have to answer a record, and the
 * writer to send in the same moment: a lock is between them, under which nobody waits.
 */
final class TlsRecordWriter {
  private final SSLEngine engine;
  private final PolledChannel channel;
  private final BufferPool buffers;
  private final ReentrantLock lock = new ReentrantLock();

  /**
   * Records not yet sent, in a borrowed buffer, or null for none. Written under the lock; whoever
   * only wants to know whether there are any needs none.
   */
  private volatile @Nullable ByteBuffer unsent;

  /** How many bytes the channel has taken; guarded by lock. */
  private long taken;

  TlsRecordWriter(SSLEngine engine, PolledChannel channel, BufferPool buffers) {
    this.engine = engine;
    this.channel = channel;
    this.buffers = buffers;
  }

  /**
   * Encrypts and sends what there is room for, behind what the engine has to say.
   *
   * @return how many bytes the channel has taken
   */
  int write(ByteBuffer source) throws IOException {
    lock.lock();
    try {
      long before = taken;
      while (flush() && source.hasRemaining()) {
        encrypt(source);
      }
      return (int) (taken - before);
    } finally {
      lock.unlock();
    }
  }

  /** Sends what the engine has to say, as far as there is room; whether that was all. */
  boolean answer() throws IOException {
    lock.lock();
    try {
      while (flush()) {
        if (engine.getHandshakeStatus() != HandshakeStatus.NEED_WRAP) {
          return true;
        }
        encrypt(ByteBuffer.allocate(0));
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Sends what the engine has to say, waiting for room. */
  void answerAll() throws IOException {
    while (!answer()) {
      channel.awaitWritable();
    }
  }

  /** Sends a record that is none of the engine's, if there is room for it. */
  void sendInPlain(byte[] record) {
    lock.lock();
    try {
      if (flush()) {
        channel.write(ByteBuffer.wrap(record));
      }
    } catch (IOException peerIsGone) {
      // Then nobody is left to be told.
    } finally {
      lock.unlock();
    }
  }

  /** How many bytes the channel has taken since the beginning. */
  long taken() {
    lock.lock();
    try {
      return taken;
    } finally {
      lock.unlock();
    }
  }

  boolean hasUnsent() {
    return unsent != null;
  }

  /** Sends what is unsent, as far as there is room; whether that was all. */
  private boolean flush() throws IOException {
    ByteBuffer out = unsent;
    if (out != null) {
      taken += channel.write(out);
      if (out.hasRemaining()) {
        return false;
      }
      unsent = null;
      buffers.give(out);
    }
    return true;
  }

  /**
   * Makes records of what the engine has to say and then of the source, until nothing is left or
   * there may be no room for one more: they go with one system call, and in one packet.
   */
  private void encrypt(ByteBuffer source) throws SSLException {
    boolean several = source.remaining() > BufferPool.BUFFER_SIZE;
    ByteBuffer out = several ? buffers.takeRecords() : buffers.takeRecord();
    try {
      do {
        wrap(source, out);
      } while ((source.hasRemaining() || engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP)
          && out.remaining() >= engine.getSession().getPacketBufferSize());
    } finally {
      out.flip();
      if (out.hasRemaining()) {
        unsent = out;
      } else {
        buffers.give(out);
      }
    }
  }

  /** Makes a record of what the engine has to say, or else of the source. */
  private void wrap(ByteBuffer source, ByteBuffer out) throws SSLException {
    boolean asked = source.hasRemaining();
    SSLEngineResult result = engine.wrap(source, out);
    switch (result.getStatus()) {
      case OK -> TlsTransport.runTasks(engine);
      case CLOSED -> {
        if (asked) {
          throw new SSLException("the peer has closed the connection: TLS 1.2 has no half-close");
        }
      }
      default -> throw new SSLException("a record has more than " + out.capacity() + " bytes");
    }
  }

  /** Gives back what is borrowed; called at the end of the connection. */
  void release() {
    lock.lock();
    try {
      ByteBuffer out = unsent;
      if (out != null) {
        unsent = null;
        buffers.give(out);
      }
    } finally {
      lock.unlock();
    }
  }
}
