package io.plainweave;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Two byte streams in opposite directions, each of which ends on its own. A {@link Connection} is
 * one; so are the two ends of a pipe, the standard streams of a process, and a connection whose
 * bytes are compressed, encrypted or traced on their way ({@link #through}). What only needs the
 * two streams takes any of them: {@code io.plainweave.framing}, and {@link
 * io.plainweave.client.Relay}.
 *
 * <p><b>Threads.</b> One thread may read and another may write at the same time; {@link #abort()}
 * may be called by any thread.
 *
 * <p>Anybody may implement it; {@link #of} and {@link #through} rarely leave a reason to.
 */
public interface Duplex extends AutoCloseable {
  /**
   * What a stream becomes by another one around it, for example {@code GZIPInputStream::new}.
   *
   * @param <S> an input or an output stream
   */
  @FunctionalInterface
  interface Layer<S> {
    /**
     * Puts a stream around another one. Called at the first read or write, by the thread that reads
     * or writes; it may read or write itself, for example a header.
     *
     * @param stream the stream inside
     * @return the stream around it
     * @throws IOException if it fails
     */
    S around(S stream) throws IOException;
  }

  /**
   * Joins two streams, which may have nothing to do with each other:
   *
   * {@snippet file="io/plainweave/DuplexTest.java" region="of"}
   *
   * <p>It reads ahead, up to 16 KiB: what is read from the stream itself afterwards may have a gap.
   * A wait for input ends as the stream itself says: there is no drain, and no time limit.
   *
   * @param input the stream that is read
   * @param output the stream that is written; closing it is {@link #finishOutput()}
   * @return the two
   */
  static Duplex of(InputStream input, OutputStream output) {
    return StreamDuplex.of(input, output);
  }

  /**
   * Returns what this becomes by a layer around each of its streams:
   *
   * {@snippet file="io/plainweave/DuplexTest.java" region="gzip"}
   *
   * <p>All else is as before. Output is tied to input: what a thread has written is flushed through
   * the layer before that thread waits for input, so the layer has to pass on what it has when it
   * is flushed. The marks of messages reach the connection inside: the drain ends it between two
   * messages, and its time limits apply, to the bytes that travel. An end of the input that comes
   * between two messages is no failure of the layer, even if a trailer is missing.
   *
   * <p>It reads ahead, up to 16 KiB and what the layer keeps. Read and write nothing by this one
   * from now on.
   *
   * @param input what is read from; {@code stream -> stream} for the same
   * @param output what is written to; its {@code close} must write what it still has. {@code stream
   *     -> stream} for the same
   * @return this one behind the layers; to abort or close it is to abort or close this one
   */
  default Duplex through(Layer<InputStream> input, Layer<OutputStream> output) {
    return StreamDuplex.through(this, input, output);
  }

  /**
   * Returns the stream that is read.
   *
   * @return the input, the same at every call
   */
  InputStream input();

  /**
   * Returns the stream that is written. Closing it is {@link #finishOutput()}.
   *
   * @return the output
   */
  OutputStream output();

  /**
   * Reads the bytes up to a certain one, and that one with them, as far as they have come and there
   * is room for them; see {@link Connection#readUntil}.
   *
   * @param last the byte to stop behind
   * @param target where to put the bytes
   * @param offset the index in the target of the first of them
   * @param length how many at most
   * @return how many bytes were read, at least 1, or 0 if the length is 0; -1 at the end of input
   * @throws IndexOutOfBoundsException if the target has no such range; nothing is read then
   * @throws IOException if reading fails
   */
  int readUntil(byte last, byte[] target, int offset, int length) throws IOException;

  /**
   * Waits for the first byte of the next message; see {@link Connection#awaitMessage()}.
   *
   * @return true if there is a byte to read; false at the end of input
   * @throws IOException if reading fails
   */
  boolean awaitMessage() throws IOException;

  /**
   * Marks that a message has begun of which the first bytes were read before, together with the end
   * of the one before it. From here on it is as after {@link #awaitMessage()}; if the input has
   * been ended meanwhile, reading on fails. By default, nothing is marked.
   *
   * @throws IOException if the connection is closed
   */
  default void beginMessage() throws IOException {}

  /** Marks that the message is complete: what is read next belongs to another one. */
  void endMessage();

  /**
   * Flushes the output and finishes it: the other side reads end of stream after the last byte.
   * Reading goes on. A second call has no effect.
   *
   * @throws IOException if the rest of the output cannot be written
   */
  void finishOutput() throws IOException;

  /**
   * Ends both directions at once, whatever is lost by it: who reads or writes fails, as far as the
   * streams can be closed by another thread.
   */
  void abort();

  /**
   * Ends both directions in order: what was written is sent.
   *
   * @throws IOException if the rest of the output cannot be written; all is closed all the same
   */
  @Override
  void close() throws IOException;
}
