package io.plainweave.internal.trace;

import io.plainweave.internal.log.Log;
import io.plainweave.internal.time.Ticks;
import io.plainweave.trace.Trace;
import io.plainweave.trace.TraceEnd;
import io.plainweave.trace.TraceLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A trace, from its begin until it is written: the queue between the threads of connections, which
 * put entries in and never wait, and the one thread that writes them.
 *
 * <p>It is over as soon as its end is set; then connections put nothing in any more, and the thread
 * that writes takes what is left, takes the taps out, and closes the file.
 */
final class OpenTrace implements Trace, Runnable {
  /** So many bytes wait to be written at most, for each trace. */
  private static final int MOST_WAITING = 1024 * 1024;

  /** And so many entries. */
  private static final int MOST_ENTRIES_WAITING = 8 * 1024;

  /** An entry is at least so many bytes in the end, so their number has a bound, too. */
  private static final int BYTES_OF_ENTRY = 16;

  private static final int FEWEST_ENTRIES = 256;

  /** For so long a close waits for the disk. */
  static final long LONGEST_CLOSE = TimeUnit.SECONDS.toNanos(5);

  private final TraceLimits limits;
  private final Ticks ticks;
  private final int endsAt;
  private final TraceForm form;
  private final String name;

  /** Is told when it is over and written. */
  private final Runnable over;

  /** Whether it is about one connection, and ends with that. */
  private final boolean single;

  private final long begun = System.nanoTime();

  /** Those that have a tap of this trace, and are open. */
  private final Map<Traceable, TracedConnection> traced = new ConcurrentHashMap<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // All of these are guarded by the lock.
  private Deque<Entry> waiting = new ArrayDeque<>();
  private int waitingBytes;
  private long bytes;
  private long entries;
  private long leftOut;
  private int connections;
  private @Nullable TraceEnd end;
  private @Nullable IOException failure;
  private boolean written;

  OpenTrace(
      TraceForm form, String name, TraceLimits limits, Ticks ticks, boolean single, Runnable over) {
    this.over = over;
    this.form = form;
    this.name = name;
    this.limits = limits;
    this.ticks = ticks;
    this.single = single;
    this.endsAt = ticks.now() + Ticks.ofLimit(limits.maxTime());
  }

  // For those who begin and end it

  /** Traces a connection from now on, unless it does already, or is over. */
  void join(Traceable connection, String event) {
    var joining = new TracedConnection(this, connection, System.nanoTime() - begun);
    if (isOver() || traced.putIfAbsent(connection, joining) != null) {
      return;
    }
    joining.join();
    if (!event.isEmpty()) {
      joining.note(event);
    }
    if (isOver()) {
      // Whoever has ended it may have looked before it came.
      leave(joining, connection);
    }
  }

  private void leave(TracedConnection leaving, Traceable connection) {
    leaving.leave();
    traced.remove(connection);
  }

  /** Looks at no connection any more. */
  void leaveAll() {
    traced.forEach((connection, each) -> leave(each, connection));
  }

  boolean isOver() {
    lock.lock();
    try {
      return end != null;
    } finally {
      lock.unlock();
    }
  }

  boolean isWritten() {
    lock.lock();
    try {
      return written;
    } finally {
      lock.unlock();
    }
  }

  /** Ends it, if it has not ended. */
  void end(TraceEnd why) {
    lock.lock();
    try {
      if (end == null) {
        end = why;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  // For the threads of connections

  /** Takes an entry, or what of it there is room for. */
  void take(TracedConnection of, Entry.Kind kind, @Nullable ByteBuffer shown, String text) {
    lock.lock();
    try {
      if (!goesOn() || of.over) {
        return;
      }
      boolean last = kind.isLast();
      of.over = last;
      int count = shown == null ? 0 : (int) Math.min(shown.remaining(), limits.maxBytes() - bytes);
      // What is the end of a connection is shown, whatever else is not: there is one of each.
      if (!last
          && (waitingBytes + count > MOST_WAITING || waiting.size() >= MOST_ENTRIES_WAITING)) {
        countLeftOut(of, kind == Entry.Kind.RECEIVED, count);
        return;
      }
      add(of, kind, TracedConnection.copy(shown, count), text);
      if (bytes == limits.maxBytes()
          || entries >= FEWEST_ENTRIES + limits.maxBytes() / BYTES_OF_ENTRY) {
        end = TraceEnd.BYTES;
      } else if (last && single) {
        end = TraceEnd.CONNECTION_ENDED;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void add(TracedConnection of, Entry.Kind kind, byte[] shown, String text) {
    long gap =
        switch (kind) {
          case RECEIVED, PEER_FINISHED -> of.receivedLeftOut;
          case SENT, FINISHED -> of.sentLeftOut;
          default -> 0;
        };
    waiting.add(new Entry(of, System.nanoTime() - begun, kind, shown, text, gap));
    switch (kind) {
      case RECEIVED, PEER_FINISHED -> of.receivedLeftOut = 0;
      case SENT, FINISHED -> of.sentLeftOut = 0;
      default -> {} // it is about no direction
    }
    waitingBytes += shown.length;
    bytes += shown.length;
    entries++;
    if (!of.known) {
      of.known = true;
      connections++;
    }
  }

  /** Notes bytes that are not shown. It allocates nothing. */
  void leaveOut(TracedConnection of, boolean received, int count) {
    lock.lock();
    try {
      countLeftOut(of, received, count);
    } finally {
      lock.unlock();
    }
  }

  private void countLeftOut(TracedConnection of, boolean received, int count) {
    leftOut += count;
    if (received) {
      of.receivedLeftOut += count;
    } else {
      of.sentLeftOut += count;
    }
  }

  /** Forgets a connection that has ended. */
  void ended(TracedConnection gone, Traceable connection) {
    traced.remove(connection, gone);
  }

  /** Whether it goes on; called under the lock. */
  private boolean goesOn() {
    if (end == null && ticks.now() - endsAt >= 0) {
      end = TraceEnd.TIME;
      changed.signalAll();
    }
    return end == null;
  }

  // For the thread that writes

  @Override
  public void run() {
    try (form) {
      form.begin();
      for (List<Entry> next = next(); !next.isEmpty(); next = next()) {
        for (Entry entry : next) {
          form.write(entry);
        }
        form.flush();
      }
      String lastWord = lastWord();
      form.end(lastWord);
      Log.traceEnded(name, lastWord);
    } catch (IOException e) {
      fail(e);
    } catch (Throwable e) {
      fail(new IOException("the trace could not be written", e));
    } finally {
      leaveAll();
      setWritten();
    }
  }

  /** Notes that nothing more is written. */
  void setWritten() {
    lock.lock();
    try {
      written = true;
      waiting.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    over.run();
  }

  /** Waits for what is to be written; none if it is over. */
  private List<Entry> next() throws InterruptedException {
    lock.lock();
    try {
      while (waiting.isEmpty() && goesOn()) {
        // The clock of the server wakes nobody.
        changed.await(Ticks.MILLIS, TimeUnit.MILLISECONDS);
      }
      List<Entry> next = new ArrayList<>(waiting);
      waiting.clear();
      waitingBytes = 0;
      return next;
    } finally {
      lock.unlock();
    }
  }

  private String lastWord() {
    lock.lock();
    try {
      return switch (end) {
            case null -> throw new AssertionError("it is written to its end, and has none");
            case CLOSED -> "closed";
            case CONNECTION_ENDED -> "the connection has ended";
            case BYTES ->
                bytes == limits.maxBytes()
                    ? "its limit of %d bytes is reached".formatted(bytes)
                    : "so many entries are as long as its limit of %d bytes"
                        .formatted(limits.maxBytes());
            case TIME -> "its limit of time is reached, " + limits.maxTime();
            case SERVER_ENDED -> "the server has ended";
            case FAILED -> "it could not be written";
          }
          + "; %d bytes of %d connections are shown, %d were left out"
              .formatted(bytes, connections, leftOut);
    } finally {
      lock.unlock();
    }
  }

  private void fail(IOException e) {
    lock.lock();
    try {
      failure = e;
      // Whatever it was before, not all of it is written.
      end = TraceEnd.FAILED;
    } finally {
      lock.unlock();
    }
    Log.traceFailed(name, e);
  }

  // For its user

  @Override
  public long bytes() {
    lock.lock();
    try {
      return bytes;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long leftOut() {
    lock.lock();
    try {
      return leftOut;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int connections() {
    lock.lock();
    try {
      return connections;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Optional<TraceEnd> end() {
    lock.lock();
    try {
      return Optional.ofNullable(end);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Optional<IOException> failure() {
    lock.lock();
    try {
      return Optional.ofNullable(failure);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    return await(TimeUnit.NANOSECONDS.convert(timeout));
  }

  /** Waits until it is written; false if that takes longer. */
  boolean await(long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = nanos;
      while (!written && left > 0) {
        left = changed.awaitNanos(left);
      }
      return written;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    end(TraceEnd.CLOSED);
    leaveAll();
    try {
      await(LONGEST_CLOSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
