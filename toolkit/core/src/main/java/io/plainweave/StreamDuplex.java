package io.plainweave;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Two streams, be they streams of their own or layers around those of another one. It waits with a
 * small buffer, and has a large one only while it is filled again and again.
 */
final class StreamDuplex implements Duplex {
  /**
   * As large as the buffers of a connection, which puts the bytes directly into one that is no
   * smaller.
   */
  private static final int BUFFER_SIZE = 16 * 1024;

  /** Of the buffer with which it waits, perhaps for hours. */
  private static final int FIRST_SIZE = 512;

  private static final byte[] NONE = {};

  /** What the layers are around; null for streams of their own. */
  private final @Nullable Duplex inside;

  private final Layer<InputStream> inputLayer;
  private final Layer<OutputStream> outputLayer;
  private final In in = new In();
  private final Out out = new Out();
  private final InputStream innerInput;
  private final OutputStream innerOutput;

  /** The stream that is read, from the first read on; only the reading thread touches it. */
  private @Nullable InputStream source;

  // Bytes that were read ahead, from a position up to the end; only the reading thread touches
  // them.
  private byte[] buffer = NONE;
  private int position;
  private int end;

  /** Whether the next read of the stream inside waits for a message; as above. */
  private boolean awaits;

  /** Whether that one has ended between two messages; as above. */
  private boolean endedBetween;

  /** Whether the input has ended; as above. */
  private boolean ended;

  private StreamDuplex(
      @Nullable Duplex inside,
      InputStream input,
      OutputStream output,
      Layer<InputStream> inputLayer,
      Layer<OutputStream> outputLayer) {
    this.inside = inside;
    this.innerInput = input;
    this.innerOutput = output;
    this.inputLayer = inputLayer;
    this.outputLayer = outputLayer;
  }

  static StreamDuplex of(InputStream input, OutputStream output) {
    return new StreamDuplex(null, input, output, stream -> stream, stream -> stream);
  }

  static StreamDuplex through(Duplex inside, Layer<InputStream> input, Layer<OutputStream> output) {
    return new StreamDuplex(inside, inside.input(), inside.output(), input, output);
  }

  @Override
  public InputStream input() {
    return in;
  }

  @Override
  public OutputStream output() {
    return out;
  }

  @Override
  public int readUntil(byte last, byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int most = Math.min(length, end - position);
    int n = 1;
    while (n < most && buffer[position + n - 1] != last) {
      n++;
    }
    return take(target, offset, n);
  }

  @Override
  public boolean awaitMessage() throws IOException {
    if (position < end) {
      beginMessage();
      return true;
    }
    buffer = NONE;
    awaits = true;
    try {
      if (fill()) {
        if (awaits) {
          // A layer had it already, and nothing was read inside.
          beginMessage();
        }
        return true;
      }
    } catch (IOException cutLayer) {
      if (!endedBetween) {
        throw cutLayer;
      }
      ended = true;
    } finally {
      awaits = false;
    }
    endMessage(); // what was read inside was a trailer, and no message
    return false;
  }

  @Override
  public void beginMessage() throws IOException {
    if (inside != null) {
      inside.beginMessage();
    }
  }

  @Override
  public void endMessage() {
    if (inside != null) {
      inside.endMessage();
    }
  }

  @Override
  public void finishOutput() throws IOException {
    out.close();
  }

  @Override
  public void abort() {
    if (inside != null) {
      inside.abort();
      return;
    }
    try (innerOutput;
        innerInput) {
      ended = true;
    } catch (IOException e) {
      // Nobody waits for what is lost.
    }
  }

  @Override
  public void close() throws IOException {
    try {
      out.close();
    } finally {
      if (inside == null) {
        innerInput.close();
      } else {
        inside.close();
      }
    }
  }

  @Override
  public String toString() {
    return inside == null ? "two streams" : "layers around the " + inside;
  }

  /** Sees to it that there are bytes in the buffer; false at the end of input. */
  private boolean fill() throws IOException {
    if (position < end) {
      return true;
    }
    byte[] room =
        switch (buffer.length) {
          case BUFFER_SIZE -> buffer;
          case FIRST_SIZE -> new byte[BUFFER_SIZE];
          default -> new byte[FIRST_SIZE];
        };
    buffer = NONE;
    int n = read(room, 0, room.length);
    if (n < 0) {
      return false;
    }
    buffer = room;
    position = 0;
    end = n;
    return true;
  }

  private int read(byte[] room, int offset, int length) throws IOException {
    if (ended) {
      return -1;
    }
    out.flushOwn();
    try {
      int n = source().read(room, offset, length);
      ended = n < 0;
      return n;
    } catch (EOFException cut) {
      throw new TruncatedMessageException("a layer cannot go on: " + cut.getMessage());
    }
  }

  private InputStream source() throws IOException {
    if (source == null) {
      source = inputLayer.around(inside == null ? innerInput : new MarkedInput());
    }
    return source;
  }

  private int take(byte[] target, int offset, int length) {
    System.arraycopy(buffer, position, target, offset, length);
    position += length;
    if (position == end && end < buffer.length) {
      buffer = NONE; // otherwise there may be more to come at once
    }
    return length;
  }

  /** What is read from the buffer. */
  private final class In extends InputStream {
    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, target.length);
      if (length == 0) {
        return 0;
      }
      if (position == end && length >= BUFFER_SIZE) {
        return StreamDuplex.this.read(target, offset, length);
      }
      return fill() ? take(target, offset, Math.min(length, end - position)) : -1;
    }

    @Override
    public int available() throws IOException {
      return end > position ? end - position : source == null ? 0 : source.available();
    }
  }

  /**
   * The input inside, as the layer sees it. Where a message is awaited, the wait for its first byte
   * is the one between two messages, which the drain may end; a layer that has bytes already does
   * not come here.
   */
  private final class MarkedInput extends InputStream {
    @Override
    public int read() throws IOException {
      return isAtEnd() ? -1 : innerInput.read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      return isAtEnd() ? -1 : innerInput.read(target, offset, length);
    }

    private boolean isAtEnd() throws IOException {
      if (awaits) {
        endedBetween = !Objects.requireNonNull(inside).awaitMessage();
        awaits = false;
      }
      return endedBetween;
    }

    @Override
    public int available() throws IOException {
      return innerInput.available();
    }
  }

  /** What is written through the layer. */
  private final class Out extends OutputStream {
    /** The stream that is written, from the first write on; only the writing thread touches it. */
    private @Nullable OutputStream target;

    /**
     * The thread that has written what is not flushed. The reading thread compares it with itself:
     * it finds itself here only if it wrote it.
     */
    private @Nullable Thread writer;

    /** Only the writing thread touches it. */
    private boolean finished;

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
      target().write(source, offset, length);
      writer = Thread.currentThread();
    }

    @Override
    public void flush() throws IOException {
      writer = null;
      if (!finished) {
        target().flush();
      }
    }

    @SuppressWarnings("ReferenceEquality") // a thread is itself only
    private void flushOwn() throws IOException {
      if (writer == Thread.currentThread()) {
        flush();
      }
    }

    @Override
    public void close() throws IOException {
      if (finished) {
        return;
      }
      OutputStream last = target();
      finished = true;
      writer = null;
      last.close();
      if (inside != null) {
        inside.finishOutput();
      }
    }

    private OutputStream target() throws IOException {
      if (finished) {
        throw new IOException(
            "the output is finished: nothing can be written after finishOutput()");
      }
      if (target == null) {
        target = outputLayer.around(innerOutput);
      }
      return target;
    }
  }
}
