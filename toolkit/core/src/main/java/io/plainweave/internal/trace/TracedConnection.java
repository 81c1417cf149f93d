package io.plainweave.internal.trace;

import io.plainweave.CloseReason;
import io.plainweave.internal.thread.Shortage;
import io.plainweave.text.Addresses;
import io.plainweave.text.OneLine;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A connection in a trace: what its threads tell goes into the queue of that. What goes wrong here
 * ends the trace and concerns no connection.
 */
final class TracedConnection implements Tap {
  /** Longer texts are cut: a reason may be a message of any length. */
  private static final int LONGEST_TEXT = 500;

  private static final byte[] NOTHING = {};

  private final OpenTrace trace;
  private final Traceable connection;

  // As they were when it came into the trace: a PROXY header may change them later, and packets of
  // one connection have the same addresses from the first to the last.
  private final SocketAddress local;
  private final SocketAddress remote;
  private final long openMillis;
  private final long joinedAt;

  /** Whether it is about to be reset; set by any thread. */
  private volatile boolean reset;

  // Guarded by the lock of the trace.

  /** Whether nothing more comes of it. */
  boolean over;

  /** Whether something of it was taken. */
  boolean known;

  long receivedLeftOut;
  long sentLeftOut;

  TracedConnection(OpenTrace trace, Traceable connection, long joinedAt) {
    this.trace = trace;
    this.connection = connection;
    this.joinedAt = joinedAt;
    this.local = connection.localAddress();
    this.remote = connection.remoteAddress();
    this.openMillis = connection.openMillis();
  }

  // For who writes it

  long id() {
    return connection.id();
  }

  SocketAddress local() {
    return local;
  }

  SocketAddress remote() {
    return remote;
  }

  boolean isOutbound() {
    return connection.isOutbound();
  }

  /** When it came into the trace, in nanoseconds since the begin of that. */
  long joinedAt() {
    return joinedAt;
  }

  /** Where it is from and since when it is open, in one line. */
  String description() {
    return "connection %d, %s %s %s, open for %d ms when its trace began"
        .formatted(
            id(),
            Addresses.format(local),
            isOutbound() ? "to" : "from",
            Addresses.format(remote),
            openMillis);
  }

  // For the connection

  void join() {
    connection.add(this);
    if (connection.isOver()) {
      ended(null);
    }
  }

  void leave() {
    connection.remove(this);
  }

  @Override
  public void received(ByteBuffer bytes) {
    tell(Entry.Kind.RECEIVED, bytes, "");
  }

  @Override
  public void sent(ByteBuffer bytes) {
    tell(Entry.Kind.SENT, bytes, "");
  }

  @Override
  public void missed(boolean received, int count) {
    trace.leaveOut(this, received, count);
  }

  @Override
  public void waitsForRoom() {
    tell(Entry.Kind.NOTE, null, "a write waits for room: the peer does not read");
  }

  @Override
  public void waitedForRoom(long millis) {
    try {
      tell(Entry.Kind.NOTE, null, "a write has waited for " + millis + " ms");
    } catch (Throwable noMemory) {
      Shortage.see(noMemory);
    }
  }

  @Override
  public void peerFinished() {
    tell(Entry.Kind.PEER_FINISHED, null, "the peer has finished");
  }

  @Override
  public void finished() {
    tell(Entry.Kind.FINISHED, null, "the output is finished");
  }

  @Override
  public void note(String event) {
    tell(Entry.Kind.NOTE, null, event);
  }

  @Override
  public void resets() {
    reset = true;
  }

  @Override
  public void ended(@Nullable CloseReason reason) {
    Entry.Kind own = reset ? Entry.Kind.RESET : Entry.Kind.CLOSED;
    boolean byPeer = reason instanceof CloseReason.PeerReset;
    tell(byPeer ? Entry.Kind.RESET_BY_PEER : own, null, "closed" + words(reason));
    trace.ended(this, connection);
  }

  /** The text of a failure is that of somebody else, who may fail in turn. */
  private static String words(@Nullable CloseReason reason) {
    try {
      return reason == null ? "" : ": " + reason;
    } catch (Throwable noText) {
      Shortage.see(noText);
      return "";
    }
  }

  private void tell(Entry.Kind kind, @Nullable ByteBuffer bytes, String text) {
    try {
      String line = OneLine.of(text.length() <= LONGEST_TEXT ? text : cut(text));
      trace.take(this, kind, bytes, line);
    } catch (Throwable e) {
      Shortage.see(e);
      if (bytes != null) {
        missed(kind == Entry.Kind.RECEIVED, bytes.remaining());
      }
    }
  }

  private static String cut(String text) {
    return text.substring(0, LONGEST_TEXT) + "...";
  }

  static byte[] copy(@Nullable ByteBuffer bytes, int count) {
    if (bytes == null) {
      return NOTHING;
    }
    var copied = new byte[count];
    bytes.get(bytes.position(), copied);
    return copied;
  }
}
