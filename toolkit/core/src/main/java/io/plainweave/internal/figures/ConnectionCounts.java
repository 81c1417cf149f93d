package io.plainweave.internal.figures;

import io.plainweave.CloseReason;
import io.plainweave.status.Histogram;
import io.plainweave.status.ServerStatus;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts the accepted connections of a server when they begin and when they end, and the messages
 * that their handlers mark: one increment for each. It takes no lock, so that threads of many
 * connections count at the same time.
 */
public final class ConnectionCounts {
  private final LongAdder accepted = new LongAdder();
  private final LongAdder passed = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder received = new LongAdder();
  private final LongAdder sent = new LongAdder();
  private final Map<Class<? extends CloseReason>, LongAdder> closed = new ConcurrentHashMap<>();
  private final LongAdder writeStalls = new LongAdder();
  private final Buckets ages = new Buckets();
  private final Buckets sizes = new Buckets();
  private final Buckets handshakes = new Buckets();
  private final Buckets firstBytes = new Buckets();
  private final Buckets messages = new Buckets();

  /** A connection begins. */
  public void accepted() {
    accepted.increment();
  }

  /** Its handshake is over. */
  public void handshake(boolean hasPassed, long millis) {
    (hasPassed ? passed : failed).increment();
    handshakes.add(millis);
  }

  /** Its handler gets the first byte. */
  public void firstBytes(long millis) {
    firstBytes.add(millis);
  }

  /** Its handler is through with a message. */
  public void message(long millis) {
    messages.add(millis);
  }

  /** It does not take what is written to it. */
  public void writeStall() {
    writeStalls.increment();
  }

  /** It has ended. */
  public void closed(CloseReason reason, long millis, long bytesReceived, long bytesSent) {
    LongAdder known = closed.get(reason.getClass());
    LongAdder count =
        known != null ? known : closed.computeIfAbsent(reason.getClass(), _ -> new LongAdder());
    count.increment();
    received.add(bytesReceived);
    sent.add(bytesSent);
    ages.add(millis);
    sizes.add(bytesReceived + bytesSent);
  }

  public long allAccepted() {
    return accepted.sum();
  }

  public long handshakesPassed() {
    return passed.sum();
  }

  public long handshakesFailed() {
    return failed.sum();
  }

  /** Bytes of those that have ended. */
  public long received() {
    return received.sum();
  }

  /** Bytes of those that have ended. */
  public long sent() {
    return sent.sum();
  }

  public Map<Class<? extends CloseReason>, Long> byReason() {
    Map<Class<? extends CloseReason>, Long> all = new HashMap<>();
    closed.forEach((reason, count) -> all.put(reason, count.sum()));
    return all;
  }

  public long writeStalls() {
    return writeStalls.sum();
  }

  public ServerStatus.Times times() {
    return new ServerStatus.Times(
        handshakes.histogram(), firstBytes.histogram(), messages.histogram());
  }

  public Histogram ages() {
    return ages.histogram();
  }

  public Histogram sizes() {
    return sizes.histogram();
  }
}
