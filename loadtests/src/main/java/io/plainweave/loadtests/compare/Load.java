package io.plainweave.loadtests.compare;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * What one thread of the client does to the server.
 *
 * <p>Belongs to that thread; the figures may be read when it has ended.
 */
abstract class Load implements AutoCloseable {
  private static final long LONGEST = TimeUnit.MINUTES.toNanos(2);

  private final Histogram latencies = new Histogram(1_000, LONGEST, 3);
  private long messages;

  /** Opens the connections. */
  abstract void connect() throws IOException;

  /** Works until the window is over and what is in flight has been answered. */
  abstract void run(Window window) throws IOException;

  /** How many messages this thread sent over a millisecond later than it should have. */
  long late() {
    return 0;
  }

  @Override
  public abstract void close() throws IOException;

  final long messages() {
    return messages;
  }

  final Histogram latencies() {
    return latencies;
  }

  final void count(int answered, long nanos) {
    messages += answered;
    latencies.recordValue(Math.min(nanos, LONGEST));
  }

  /**
   * Lets a wait that has not ended count if it is longer than all that have: who is never answered
   * must not look better than who was answered late.
   */
  final void countUnanswered(long nanos) {
    if (nanos > latencies.getMaxValue()) {
      latencies.recordValue(Math.min(nanos, LONGEST));
    }
  }

  static Load of(LoadOrder order) throws IOException {
    return switch (order.kind()) {
      case CLOSED_LOOP -> new ClosedLoop(order);
      case OPEN_LOOP -> new OpenLoop(order);
      case CHURN -> new Churn(order);
      case IDLE -> throw new IllegalArgumentException("idle connections make no load");
    };
  }
}
