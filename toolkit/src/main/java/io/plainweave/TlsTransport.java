package io.plainweave;

import io.plainweave.tls.TlsSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a connection in TLS records: an engine of the JDK between those who read and write
 * and the channel.
 *
 * <p>Its buffers are borrowed while there is something in them. While the reader waits, what has
 * come of the next record is kept in an array of its length; what the peer does not take yet is one
 * record at most.
 *
 * <p>The reader may have to answer a record, and the writer to send in the same moment: the
 * engine's output is guarded by a lock, under which nobody waits.
 */
final class TlsTransport implements Transport {
  /**
   * How many records in a row may bring no data: key updates, empty ones. A peer could keep a
   * processor busy with them; BoringSSL has the same limit.
   */
  private static final int MOST_SILENT_RECORDS = 32;

  // Types of records (RFC 8446, section 5.1). In TLS 1.3, all but those of the handshake look like
  // data.
  private static final byte HANDSHAKE = 22;
  private static final byte DATA = 23;

  private static final byte[] NONE = {};

  private final SSLEngine engine;
  private final PolledChannel channel;
  private final BufferPool buffers;

  /** What the handshake has agreed on; set at its end, before anybody else reads or writes. */
  private @Nullable TlsSession session;

  // Only the reading thread touches these.

  /** Records as they came, in a borrowed buffer, or null for none. */
  private @Nullable ByteBuffer received;

  /** The beginning of {@link #received}, which is null then. */
  private byte[] kept = NONE;

  /** Data for which there was no room in a target, in a borrowed buffer, or null for none. */
  private @Nullable ByteBuffer decrypted;

  /** Whether there may be something to read without a wait. */
  private boolean moreToRead;

  /** Whether a byte has come. */
  private boolean begun;

  /** Whether the channel has ended. */
  private boolean cut;

  /** Whether the peer has finished, by close_notify. */
  private boolean finished;

  private int silentRecords;

  /** Why nothing can be read any more, if TLS has failed. */
  private @Nullable SSLException failure;

  private final ReentrantLock sending = new ReentrantLock();

  /**
   * Records not yet sent, in a borrowed buffer, or null for none. Written under the lock; whoever
   * only wants to know whether there are any needs none.
   */
  private volatile @Nullable ByteBuffer unsent;

  TlsTransport(SSLEngine engine, PolledChannel channel, BufferPool buffers) {
    this.engine = engine;
    this.channel = channel;
    this.buffers = buffers;
  }

  /**
   * Takes over what another transport has read too much, if it has; called before the handshake.
   */
  void takeOver(@Nullable ByteBuffer unread) {
    if (unread != null) {
      kept = new byte[unread.remaining()];
      unread.get(kept);
      begun = true;
    }
  }

  /** What the two sides have agreed on. */
  @Nullable TlsSession session() {
    return session;
  }

  // The handshake

  /**
   * Carries out the handshake in the calling thread, while no other reads or writes.
   *
   * @return false if the peer has finished without a byte
   * @throws SSLException if they do not agree; an alert is on its way to the peer then, if any can
   *     be
   */
  boolean handshake() throws IOException {
    try {
      engine.beginHandshake();
      while (isHandshaking()) {
        switch (engine.getHandshakeStatus()) {
          case NEED_TASK -> runTasks();
          case NEED_WRAP -> sendAll();
          default -> readHandshake();
        }
        if (cut && !begun) {
          return false;
        }
        if (cut || finished) {
          throw new SSLHandshakeException("the peer has finished in the middle of the handshake");
        }
      }
      sendAll();
    } catch (SSLException e) {
      throw failed(e);
    }
    session = TlsSession.of(engine);
    return true;
  }

  private boolean isHandshaking() {
    HandshakeStatus status = engine.getHandshakeStatus();
    return status != HandshakeStatus.NOT_HANDSHAKING && status != HandshakeStatus.FINISHED;
  }

  /** Reads a record of the handshake, or what there is of it after a wait. */
  private void readHandshake() throws IOException {
    if (!decrypt(ByteBuffer.allocate(0)) && receive() == 0) {
      awaitReadable();
    }
  }

  private void runTasks() {
    for (Runnable task; (task = engine.getDelegatedTask()) != null; ) {
      task.run();
    }
  }

  // For the reader

  @Override
  public int read(ByteBuffer target) throws IOException {
    int begin = target.position();
    moreToRead = false;
    moveDecrypted(target);
    try {
      for (boolean emptied = cut; target.hasRemaining() && !finished; ) {
        if (target.position() > begin && !nextIsData()) {
          // The engine answers the close_notify of TLS 1.2 at once, and writes nothing behind that
          // answer: the handler's comes first.
          moreToRead = true;
          break;
        }
        if (!decrypt(target)) {
          if (emptied) {
            break;
          }
          receive();
          emptied = !isFull();
        }
      }
    } catch (SSLException e) {
      throw failed(e);
    }
    moreToRead |= decrypted != null || (received != null && !target.hasRemaining());
    int n = target.position() - begin;
    if (n == 0 && cut && !finished) {
      throw new TruncatedMessageException(
          "the peer has finished without close_notify: what it has sent may be cut (RFC 8446, 6.1)");
    }
    return n == 0 && finished ? -1 : n;
  }

  @Override
  public void awaitReadable() throws IOException {
    if (moreToRead || finished || cut) {
      moreToRead = false;
      return;
    }
    keepReceived();
    channel.awaitReadable();
  }

  @Override
  public int available() {
    ByteBuffer data = decrypted;
    return data == null ? 0 : data.remaining();
  }

  private void moveDecrypted(ByteBuffer target) {
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

  private boolean nextIsData() {
    ByteBuffer in = received;
    return in == null || in.get(in.position()) == DATA;
  }

  /** Receives what there is room for, as the channel reads it. */
  private int receive() throws IOException {
    ByteBuffer in = received;
    if (in == null) {
      in = buffers.takeRecord().put(kept);
      kept = NONE;
    } else {
      in.compact();
    }
    received = in;
    try {
      if (!in.hasRemaining()) {
        throw new SSLException("a record has more than " + in.capacity() + " bytes");
      }
      int n = channel.read(in);
      cut = n < 0;
      begun |= n > 0;
      return n;
    } finally {
      in.flip();
      giveReceivedIfEmpty(in);
    }
  }

  /** Whether the channel may have more than what there was room for. */
  private boolean isFull() {
    ByteBuffer in = received;
    return in != null && in.limit() == in.capacity();
  }

  /** Keeps what has come of a record without a buffer. */
  private void keepReceived() {
    ByteBuffer in = received;
    if (in != null) {
      kept = new byte[in.remaining()];
      in.get(kept);
      giveReceivedIfEmpty(in);
    }
  }

  private void giveReceivedIfEmpty(ByteBuffer in) {
    if (!in.hasRemaining()) {
      received = null;
      buffers.give(in);
    }
  }

  /** Decrypts a record, if a whole one is there, and answers it if need be. */
  private boolean decrypt(ByteBuffer target) throws IOException {
    if (failure != null) {
      throw failure;
    }
    ByteBuffer in = received;
    if (in == null) {
      return false;
    }
    refuseRenegotiation(in);
    SSLEngineResult result = engine.unwrap(in, target);
    if (result.getStatus() == Status.BUFFER_OVERFLOW) {
      result = decryptBeyond(in, target);
    }
    if (result.getStatus() == Status.BUFFER_UNDERFLOW) {
      return false;
    }
    giveReceivedIfEmpty(in);
    if (result.getStatus() == Status.CLOSED) {
      finished = true;
    }
    if (session != null) {
      countSilence(result.bytesProduced());
      runTasks();
      answer();
    }
    return true;
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

  /**
   * In TLS 1.2, a record of the handshake after the handshake is the beginning of another one,
   * which costs us much more than the peer (CVE-2011-1473). TLS 1.3 has no such thing.
   */
  private void refuseRenegotiation(ByteBuffer in) throws SSLException {
    TlsSession agreed = session;
    if (agreed != null
        && in.get(in.position()) == HANDSHAKE
        && agreed.protocol().equals("TLSv1.2")) {
      throw new SSLException("the peer wants to renegotiate");
    }
  }

  private void countSilence(int data) throws SSLException {
    if (data == 0) {
      silentRecords++;
    } else if (unsent == null) {
      // Not while our answers pile up, because the peer does not read them.
      silentRecords = 0;
    }
    if (silentRecords > MOST_SILENT_RECORDS) {
      throw new SSLException("the peer has sent too many records without data");
    }
  }

  /** Tells the peer that TLS has failed, if there is a way and room; the failure lasts. */
  private SSLException failed(SSLException e) {
    if (failure == null) {
      failure = e;
      // Has no effect if the engine itself has failed, and an alert to send.
      engine.closeOutbound();
      for (int attempt = 0; attempt < 2; attempt++) {
        try {
          answer();
          break;
        } catch (IOException alsoFailed) {
          // The engine tells what a task has found only now; then comes its alert.
        }
      }
    }
    return e;
  }

  // For the writer

  @Override
  public int write(ByteBuffer source) throws IOException {
    int before = source.remaining();
    sending.lock();
    try {
      while (flush() && source.hasRemaining()) {
        encrypt(source);
      }
    } finally {
      sending.unlock();
    }
    return before - source.remaining();
  }

  @Override
  public boolean hasUnsent() {
    return unsent != null;
  }

  @Override
  public void awaitWritable() throws IOException {
    channel.awaitWritable();
  }

  @Override
  public void finishOutput() throws IOException {
    if (session != null) {
      engine.closeOutbound();
    }
    sendAll();
    channel.finishOutput();
  }

  /** Sends all that the engine has to say, waiting for room. */
  private void sendAll() throws IOException {
    while (!answer()) {
      channel.awaitWritable();
    }
  }

  /** Sends what the engine has to say, as far as there is room; whether that was all. */
  private boolean answer() throws IOException {
    sending.lock();
    try {
      while (flush()) {
        if (engine.getHandshakeStatus() != HandshakeStatus.NEED_WRAP) {
          return true;
        }
        encrypt(ByteBuffer.allocate(0));
      }
      return false;
    } finally {
      sending.unlock();
    }
  }

  /** Sends what is unsent, as far as there is room; whether that was all. */
  private boolean flush() throws IOException {
    ByteBuffer out = unsent;
    if (out != null) {
      channel.write(out);
      if (out.hasRemaining()) {
        return false;
      }
      unsent = null;
      buffers.give(out);
    }
    return true;
  }

  /** Makes a record of what the engine has to say, or else of the source. */
  private void encrypt(ByteBuffer source) throws SSLException {
    ByteBuffer out = buffers.takeRecord();
    try {
      int length = source.remaining();
      SSLEngineResult result = engine.wrap(source, out);
      switch (result.getStatus()) {
        case OK -> runTasks();
        case CLOSED -> {
          if (length > 0) {
            throw new SSLException("the peer has closed the connection: TLS 1.2 has no half-close");
          }
        }
        default -> throw new SSLException("a record has more than " + out.capacity() + " bytes");
      }
    } finally {
      out.flip();
      if (out.hasRemaining()) {
        unsent = out;
      } else {
        buffers.give(out);
      }
    }
  }

  /** Gives back what is borrowed; called at the end of the connection. */
  void release() {
    giveBack(received);
    giveBack(decrypted);
    giveBack(unsent);
    received = null;
    decrypted = null;
    unsent = null;
  }

  private void giveBack(@Nullable ByteBuffer buffer) {
    if (buffer != null) {
      buffers.give(buffer);
    }
  }
}
