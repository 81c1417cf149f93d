package io.plainweave.internal.connection;

import io.plainweave.ConnectionBusyException;
import io.plainweave.internal.thread.Uninterrupted;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.FilePart;
import io.plainweave.internal.transport.GatheredBuffers;
import io.plainweave.internal.transport.Mover;
import io.plainweave.internal.transport.PolledChannel;
import io.plainweave.internal.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The side of a connection that writes: the bytes to the peer. What the time limits must know of it
 * is in {@link SendState}.
 *
 * <p>Small writes are collected in a borrowed buffer, which is given back as soon as it is sent. It
 * is for one thread at a time, and a second one is told so: a call takes the output and leaves it
 * again, so that the buffer has one user, who alone gives it back. A close from another thread
 * takes the output for good; where it cannot, because somebody is writing, it leaves the buffer
 * alone.
 */
public final class ConnectionOutput extends Sending {
  /** Bytes not yet sent, if any; only the thread that has taken the output touches it. */
  private @Nullable ByteBuffer pending;

  /**
   * The thread that has written what is pending. The reading thread compares it with itself: it
   * finds itself here only if it wrote it, so the comparison needs no lock.
   */
  private @Nullable Thread writer;

  ConnectionOutput(Wire connection, Transport transport) {
    super(connection, transport);
  }

  // For the writer

  @Override
  public void write(int b) throws IOException {
    enter();
    try {
      ByteBuffer to = room();
      to.put((byte) b);
      if (!to.hasRemaining()) {
        flushPending();
      }
    } finally {
      leave();
    }
  }

  @Override
  public void write(byte[] source, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, source.length);
    enter();
    try {
      if (length >= BufferPool.BUFFER_SIZE) {
        sendInSlices(ByteBuffer.wrap(source, offset, length));
        return;
      }
      int done = 0;
      while (done < length) {
        ByteBuffer to = room();
        int n = Math.min(length - done, to.remaining());
        to.put(source, offset + done, n);
        done += n;
        if (!to.hasRemaining()) {
          flushPending();
        }
      }
    } finally {
      leave();
    }
  }

  /** See {@link io.plainweave.Connection#write(ByteBuffer...)}. */
  void write(ByteBuffer... sources) throws IOException {
    enter();
    try {
      if (transport() instanceof PolledChannel channel && isLarge(sources)) {
        gather(channel, sources);
        return;
      }
      for (ByteBuffer source : sources) {
        put(source);
      }
    } finally {
      leave();
    }
  }

  /** See {@link io.plainweave.Connection#sendFile}. */
  long sendFile(FileChannel file, long position, long end) throws IOException {
    enter();
    try {
      ensureNotFinished();
      flushPending();
      return Uninterrupted.call(
          "sendfile", () -> sendPart(file, position, end), this::cutByInterrupt);
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError("sending a file throws no such thing", e);
    } finally {
      leave();
    }
  }

  /** See {@link io.plainweave.Connection#awaitRoom}. */
  void awaitRoomBehindAll() throws IOException {
    enter();
    try {
      flushPending();
      awaitRoom();
    } finally {
      leave();
    }
  }

  @Override
  public void flush() throws IOException {
    enter();
    try {
      flushPending();
    } finally {
      leave();
    }
  }

  /**
   * Finishes the output of the connection, as {@link io.plainweave.Connection#finishOutput()} does.
   */
  @Override
  public void close() throws IOException {
    if (isFinished()) {
      return;
    }
    enter();
    try {
      flushPending();
      finish();
    } finally {
      leave();
    }
  }

  /** Sends all of the bytes, behind what is pending. */
  void send(ByteBuffer source) throws IOException {
    enter();
    try {
      flushPending();
      sendNow(source, Mover.BYTES);
    } finally {
      leave();
    }
  }

  /**
   * Flushes what the calling thread has written; what another thread is writing is that thread's
   * business.
   */
  void flushOwn() throws IOException {
    if (hasOwnPending()) {
      flush();
    }
  }

  /** Takes the output for the calling thread, which has to {@linkplain #leave() leave} it. */
  void enter() throws IOException {
    boolean taken = USE.compareAndSet(this, FREE, TAKEN);
    if (isClosed()) {
      if (taken) {
        leave();
      }
      throw connection.closed(null);
    }
    if (!taken) {
      throw new ConnectionBusyException("writing to");
    }
  }

  void leave() {
    USE.lazySet(this, FREE);
  }

  // For the close, by any thread

  /** Drops what is pending, unless another thread is writing. */
  void drop() {
    if (USE.compareAndSet(this, FREE, TAKEN)) {
      dropPending();
      leave();
    }
  }

  /**
   * Takes the output for good, if no message is cut by that, and sends what is pending first. A
   * write of another thread that need not wait for room is let finish; one that has to fails. What
   * a thread that lives on has written and not flushed may be the half of a message.
   *
   * @param flushOthers whether that is flushed all the same: nobody goes on with it
   * @return false if a message is cut, or another thread closes already
   */
  @SuppressWarnings("ThreadPriorityCheck") // the other thread is on its way out
  boolean closeForGood(boolean flushOthers) throws IOException {
    if (!CLOSER.compareAndSet(this, null, Thread.currentThread())) {
      return false;
    }
    // A writer looks at the closer before each transfer, and when it is woken: it leaves soon. A
    // timed wait for that would need memory.
    connection.channel().wakeWriter();
    while (!USE.compareAndSet(this, FREE, TAKEN)) {
      if (use == CLOSED) {
        return false; // its handler has ended meanwhile
      }
      Thread.yield();
    }
    boolean whole = !wasCut() && (pending == null || flushOthers || hasOwnPending());
    try {
      if (whole) {
        flushPending();
      }
    } finally {
      dropPending();
      use = CLOSED;
    }
    return whole;
  }

  /** Finishes the output that was closed for good. */
  void finishClosed() throws IOException {
    if (!isFinished()) {
      finish();
    }
  }

  /**
   * Ends the use of the output, when its connection has ended, and gives back what is borrowed.
   * What a thread has that is in a call at this moment is left to that thread, or to the collector.
   */
  void release() {
    CLOSER.compareAndSet(this, null, Thread.currentThread());
    if (USE.compareAndSet(this, FREE, CLOSED)) {
      dropPending();
    }
  }

  // For the thread that has taken the output

  private void flushPending() throws IOException {
    ByteBuffer full = pending;
    if (full != null) {
      long sentBefore = sent();
      try {
        sendNow(full.flip(), Mover.BYTES);
      } finally {
        dropPending();
      }
      goOn(sentBefore);
    }
  }

  private void dropPending() {
    ByteBuffer full = pending;
    if (full != null) {
      pending = null;
      writer = null;
      connection.buffers().give(full);
    }
  }

  @SuppressWarnings("ReferenceEquality") // a thread is itself only
  private boolean hasOwnPending() {
    return writer == Thread.currentThread();
  }

  private ByteBuffer room() throws IOException {
    ByteBuffer to = pending;
    if (to == null) {
      ensureNotFinished();
      to = connection.buffers().take();
      pending = to;
      writer = Thread.currentThread();
    }
    return to;
  }

  /**
   * The JDK copies a heap buffer to a native one of the same size at each attempt: large ones go in
   * slices.
   */
  private void sendInSlices(ByteBuffer source) throws IOException {
    flushPending();
    int end = source.limit();
    try {
      while (source.position() < end) {
        source.limit(Math.min(end, source.position() + BufferPool.LARGE_BUFFER_SIZE));
        long sentBefore = sent();
        sendNow(source, Mover.BYTES);
        goOn(sentBefore);
      }
    } finally {
      source.limit(end);
    }
  }

  private static boolean isLarge(ByteBuffer... sources) {
    long size = 0;
    for (ByteBuffer source : sources) {
      size += source.remaining();
    }
    return size >= BufferPool.BUFFER_SIZE;
  }

  private void put(ByteBuffer source) throws IOException {
    if (source.remaining() >= BufferPool.BUFFER_SIZE) {
      sendInSlices(source);
      return;
    }
    while (source.hasRemaining()) {
      ByteBuffer to = room();
      int n = Math.min(source.remaining(), to.remaining());
      to.put(to.position(), source, source.position(), n).position(to.position() + n);
      source.position(source.position() + n);
      if (!to.hasRemaining()) {
        flushPending();
      }
    }
  }

  /** Sends what is pending and these buffers together. */
  private void gather(PolledChannel channel, ByteBuffer... sources) throws IOException {
    try {
      var gathered = new GatheredBuffers(channel, behindPending(sources));
      while (gathered.next()) {
        long sentBefore = sent();
        try {
          sendNow(gathered, GatheredBuffers.SLICE);
        } finally {
          gathered.endSlice();
        }
        goOn(sentBefore);
      }
    } finally {
      dropPending();
    }
  }

  private ByteBuffer[] behindPending(ByteBuffer... sources) {
    ByteBuffer full = pending;
    if (full == null) {
      return sources;
    }
    var all = new ByteBuffer[sources.length + 1];
    all[0] = full.flip();
    System.arraycopy(sources, 0, all, 1, sources.length);
    return all;
  }

  // For the thread that sends a file

  private void cutByInterrupt() {
    if (connection.isCutByInterrupt()) {
      connection.endByInterrupt();
    }
  }

  private long sendPart(FileChannel file, long begin, long end) throws IOException {
    long position = begin;
    if (transport() instanceof PolledChannel channel) {
      var part = new FilePart(channel, file, begin, end);
      while (part.next()) {
        long sentBefore = sent();
        sendNow(part, FilePart.SLICE);
        goOn(sentBefore);
      }
      position = part.position();
    }
    return copyPart(file, position, end) - begin;
  }

  /** Sends by way of a buffer, until the file has no more; returns where it ends. */
  private long copyPart(FileChannel file, long begin, long end) throws IOException {
    BufferPool buffers = connection.buffers();
    for (long position = begin; position < end; ) {
      ByteBuffer copied = buffers.takeLarge();
      try {
        copied.limit((int) Math.min(copied.capacity(), end - position));
        int n = file.read(copied, position);
        if (n <= 0) {
          return position;
        }
        position += n;
        long sentBefore = sent();
        sendNow(copied.flip(), Mover.BYTES);
        goOn(sentBefore);
      } finally {
        buffers.give(copied);
      }
    }
    return end;
  }

  /** Whether there is something that is not sent; other threads may see it late. */
  public boolean hasPending() {
    return pending != null;
  }

  /** Whether everything was sent, and more can be. */
  public boolean isAtRest() {
    return pending == null && use == FREE && !isFinished();
  }
}
