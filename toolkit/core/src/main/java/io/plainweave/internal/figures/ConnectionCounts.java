package io.plainweave.internal.figures;

import io.plainweave.CloseReason;
import io.plainweave.status.Histogram;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts the accepted connections of a server when they begin and when they end, and never between.
 * It holds up nobody: threads of many connections count at a time.
 */
public final class ConnectionCounts {
  private final LongAdder accepted = new LongAdder();
  private final LongAdder passed = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder received = new LongAdder();
  private final LongAdder sent = new LongAdder();
  private final Map<Class<? extends CloseReason>, LongAdder> closed = new ConcurrentHashMap<>();
  private final Buckets ages = new Buckets();
  private final Buckets sizes = new Buckets();

  /** A connection begins. */
  public void accepted() {
    accepted.increment();
  }

  /** Its handshake is over. */
  public void handshake(boolean hasPassed) {
    (hasPassed ? passed : failed).increment();
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

  public Histogram ages() {
    return ages.histogram();
  }

  public Histogram sizes() {
    return sizes.histogram();
  }
}
