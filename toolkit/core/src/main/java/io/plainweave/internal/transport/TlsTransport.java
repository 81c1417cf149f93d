package io.plainweave.internal.transport;

import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import io.plainweave.tls.TlsSession;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a connection in TLS records: an engine of the JDK between those who read and write
 * and the channel. Here is what the two sides say to each other; {@link TlsRecordReader} and {@link
 * TlsRecordWriter} have the records.
 */
public final class TlsTransport implements Transport {
  /**
   * How many records in a row may bring no data: key updates, empty ones. A peer could keep a
   * processor busy with them; BoringSSL has the same limit.
   */
  private static final int MOST_SILENT_RECORDS = 32;

  /**
   * For so many bytes that we have sent there may be another one. The engine demands a key update
   * after some 137 GB, and the answers may be all that comes while we send and send.
   */
  private static final int SENT_FOR_SILENT_RECORD = 256 * 1024;

  /** The beginning of a record of 64 KB, which no engine takes. */
  private static final byte[] TOO_LARGE = {22, 3, 3, -1, -1};

  /** A fatal alert in plain (RFC 8446, section 6). */
  private static final byte[] RECORD_OVERFLOW = {21, 3, 3, 0, 2, 2, 22};

  private final SSLEngine engine;
  private final PolledChannel channel;
  private final TlsRecordReader reader;
  private final TlsRecordWriter writer;

  /** What the handshake has agreed on; set at its end, before anybody else reads or writes. */
  private @Nullable TlsSession session;

  /**
   * Held by whoever reads records. That is the reading thread, or a writer to whom the peer is
   * lost, and who looks for its last word. Nobody waits under it.
   */
  private final ReentrantLock reading = new ReentrantLock();

  // Guarded by reading.

  /** Whether there may be something to read without a wait. */
  private boolean moreToRead;

  private int silentRecords;

  /** How many there were for what we have sent. */
  private long answeringRecords;

  /** Why nothing can be read or written any more; written by whoever reads. */
  private volatile @Nullable IOException failure;

  /**
   * Makes one, before its handshake.
   *
   * @param unread what another transport has read too much, or null for nothing
   */
  public TlsTransport(
      SSLEngine engine, PolledChannel channel, BufferPool buffers, @Nullable ByteBuffer unread) {
    this.engine = engine;
    this.channel = channel;
    this.reader = new TlsRecordReader(engine, channel, buffers);
    this.writer = new TlsRecordWriter(engine, channel, buffers);
    if (unread != null) {
      reader.takeOver(unread);
    }
  }

  /** What the two sides have agreed on; null before. */
  public @Nullable TlsSession session() {
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
  public boolean handshake() throws IOException {
    try {
      engine.beginHandshake();
      while (isHandshaking()) {
        switch (engine.getHandshakeStatus()) {
          case NEED_TASK -> runTasks(engine);
          case NEED_WRAP -> writer.answerAll();
          default -> readHandshake();
        }
        if (reader.isCut() && !reader.hasBegun()) {
          return false;
        }
        if (reader.isCut() || reader.isFinished()) {
          throw new SSLHandshakeException("the peer has finished in the middle of the handshake");
        }
      }
      writer.answerAll();
    } catch (SSLException e) {
      fail(e);
      throw e;
    } catch (IOException e) {
      throw lastWord(e);
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
    if (reader.decrypt(ByteBuffer.allocate(0)) == null && reader.receive() == 0) {
      awaitReadable();
    }
  }

  static void runTasks(SSLEngine engine) {
    for (Runnable task; (task = engine.getDelegatedTask()) != null; ) {
      task.run();
    }
  }

  // For the reader

  @Override
  public int read(ByteBuffer target) throws IOException {
    reading.lock();
    try {
      return readNow(target);
    } finally {
      reading.unlock();
    }
  }

  private int readNow(ByteBuffer target) throws IOException {
    int begin = target.position();
    reader.moveDecrypted(target);
    try {
      moreToRead = decryptInto(target, begin) || reader.decrypted() > 0;
    } catch (InterruptedIOException e) {
      // Nothing was read, and nothing is lost: it is for the connection to say what this means.
      if (target.position() == begin) {
        throw e;
      }
      moreToRead = true;
    } catch (IOException e) {
      fail(e);
      if (target.position() == begin) {
        throw e;
      }
      // What came before is good, and the reader's first.
      moreToRead = true;
    }
    int n = target.position() - begin;
    if (n > 0) {
      return n;
    }
    if (reader.isFinished()) {
      return -1;
    }
    if (reader.isCut()) {
      throw new TruncatedMessageException(
          "the peer has finished without close_notify: what it has sent may be cut (RFC 8446, 6.1)");
    }
    return 0;
  }

  /**
   * Decrypts what is there.
   *
   * @return whether it may have left something
   */
  private boolean decryptInto(ByteBuffer target, int begin) throws IOException {
    boolean emptied = reader.isCut();
    while (target.hasRemaining() && !reader.isFinished()) {
      if (target.position() > begin && !reader.nextIsData()) {
        // The engine answers the close_notify of TLS 1.2 at once, and writes nothing behind that
        // answer: the handler's comes first.
        return true;
      }
      if (!decrypt(target)) {
        if (emptied) {
          return false;
        }
        reader.receive();
        emptied = !reader.isFull();
      }
    }
    return reader.hasReceived();
  }

  /** Decrypts a record, if a whole one is there, and answers it if need be. */
  private boolean decrypt(ByteBuffer target) throws IOException {
    failIfFailed();
    refuseRenegotiation();
    SSLEngineResult result = reader.decrypt(target);
    if (result == null) {
      return false;
    }
    countSilence(result.bytesProduced());
    if (result.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
      runTasks(engine);
      writer.answer();
    }
    return true;
  }

  /**
   * In TLS 1.2, a record of the handshake after the handshake is the beginning of another one,
   * which costs us much more than the peer (CVE-2011-1473). TLS 1.3 has no such thing.
   */
  private void refuseRenegotiation() throws SSLException {
    TlsSession agreed = session;
    if (agreed != null && agreed.protocol().equals("TLSv1.2") && reader.nextIsHandshake()) {
      throw new SSLException("the peer wants to renegotiate");
    }
  }

  private void countSilence(int data) throws SSLException {
    if (data == 0) {
      silentRecords++;
    } else if (!writer.hasUnsent()) {
      // Not while our answers pile up, because the peer does not read them.
      silentRecords = 0;
    }
    if (silentRecords > MOST_SILENT_RECORDS
        && ++answeringRecords > writer.taken() / SENT_FOR_SILENT_RECORD) {
      throw new SSLException("the peer has sent too many records without data");
    }
  }

  @Override
  public void awaitReadable() throws IOException {
    reading.lock();
    try {
      if (moreToRead || reader.isFinished() || reader.isCut() || failure != null) {
        moreToRead = false;
        return;
      }
      reader.keepReceived();
    } finally {
      reading.unlock();
    }
    channel.awaitReadable();
  }

  @Override
  public int available() {
    reading.lock();
    try {
      return reader.decrypted();
    } finally {
      reading.unlock();
    }
  }

  /** Ends reading and writing, and lets the peer know that TLS has failed if there is room. */
  private void fail(IOException e) {
    if (failure == null) {
      failure = e;
      if (e instanceof SSLException) {
        alert(e instanceof RecordOverflowException);
      }
    }
  }

  /**
   * Tells the peer by an alert: that of the engine, if it has refused something itself, and else
   * {@code unexpected_message}, which fits all that we refuse but a record that is too large. For
   * that one the engine has none (RFC 8446, section 5.2); we send it ourselves as long as all is in
   * plain. Nor has it one for a peer that wants to renegotiate: {@code no_renegotiation} is a
   * warning only (RFC 5246, section 7.2.2).
   */
  private void alert(boolean overflow) {
    if (overflow && isInPlain(engine)) {
      writer.sendInPlain(RECORD_OVERFLOW);
      return;
    }
    try {
      // The engine has an alert only for what it has refused itself, or a task of its, of which it
      // tells first.
      engine.unwrap(ByteBuffer.wrap(TOO_LARGE), ByteBuffer.allocate(0));
    } catch (SSLException refused) {
      // As was to be expected. The failure that counts is known.
    }
    try {
      writer.answer();
    } catch (IOException peerIsGone) {
      // Then nobody is left to be told.
    }
  }

  /** Whether the two sides have not yet agreed on keys, so that whatever we send is in plain. */
  static boolean isInPlain(SSLEngine engine) {
    return engine.getHandshakeSession() == null && engine.getSession().getProtocol().equals("NONE");
  }

  /**
   * Finds out why the peer is lost to a writer. A peer that refuses something sends an alert and
   * closes; who is writing meanwhile hears of a reset, and the alert lies unread. So does a server
   * that refuses our certificate in TLS 1.3, where our handshake is complete by then. Nothing more
   * comes from a lost peer, so that there is nothing to wait for. Data, which must not be lost,
   * ends the search: the reader reads on behind it.
   *
   * @return the peer's alert, or what the writer has met
   */
  private IOException lastWord(IOException lost) {
    // It may be that a reader has the alert in its hands, which has closed the engine.
    boolean unread = !(lost instanceof SSLException);
    reading.lock();
    try {
      ByteBuffer none = ByteBuffer.allocate(0);
      while (unread && failure == null && reader.decrypted() == 0 && !reader.isFinished()) {
        refuseRenegotiation();
        SSLEngineResult result = reader.decrypt(none);
        boolean stuck =
            result == null ? reader.isCut() || reader.receive() <= 0 : result.bytesConsumed() == 0;
        if (stuck) {
          break;
        }
        runTasks(engine);
      }
    } catch (SSLException alert) {
      fail(alert);
    } catch (IOException nothingMore) {
      // Then this was all.
    } finally {
      reading.unlock();
    }
    return failure instanceof SSLException known ? known : lost;
  }

  private void failIfFailed() throws IOException {
    IOException known = failure;
    if (known != null) {
      throw known;
    }
  }

  // For the writer

  @Override
  public int write(ByteBuffer source) throws IOException {
    failIfFailed();
    if (session == null) {
      // The engine would take nothing, and not say so.
      throw new SSLException("the TLS handshake was broken off: nothing can be written");
    }
    try {
      return writer.write(source);
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      throw lastWord(e);
    }
  }

  @Override
  public boolean hasUnsent() {
    return writer.hasUnsent();
  }

  @Override
  public void awaitWritable() throws IOException {
    channel.awaitWritable();
  }

  @Override
  public boolean finishOutput() throws IOException {
    if (session != null && failure == null) {
      // After a failure it would say that nothing is missing.
      engine.closeOutbound();
    }
    try {
      if (!writer.answer()) {
        return false;
      }
    } catch (IOException e) {
      if (failure == null) {
        throw e instanceof InterruptedIOException ? e : lastWord(e);
      }
      // Why it has failed is known, and has been told.
    }
    return channel.finishOutput();
  }

  /**
   * Ends TLS in both directions, so that the channel goes on in plain, while no other reads or
   * writes (RFC 8446, section 6.1).
   *
   * @return what the peer has sent in plain already, behind its own end
   */
  public byte[] end() throws IOException {
    failIfFailed();
    engine.closeOutbound();
    writer.answerAll();
    ByteBuffer data = ByteBuffer.allocate(1);
    for (int n; (n = read(data)) >= 0; ) {
      if (n > 0) {
        throw unread();
      }
      awaitReadable();
    }
    return reader.takeReceived();
  }

  /** Nobody could tell later that it has come by TLS. */
  public static MalformedMessageException unread() {
    return new MalformedMessageException("data that is not read comes before the end of TLS");
  }

  /**
   * Gives back what is borrowed; called at the end of the connection.
   *
   * @param readsNoMore whether no thread reads, now or later; otherwise what it has is left to it
   */
  public void release(boolean readsNoMore) {
    if (readsNoMore) {
      reader.release();
    }
    writer.release();
  }
}
