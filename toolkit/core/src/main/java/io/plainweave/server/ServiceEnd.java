package io.plainweave.server;

import java.time.Duration;
import java.util.Optional;

/**
 * How one of the {@link Services} has ended.
 *
 * @param name how it was called
 * @param outcome whether it has ended in time
 * @param elapsed how long that took
 * @param failure what its close has thrown; empty if it has thrown nothing
 */
public record ServiceEnd(
    String name, Outcome outcome, Duration elapsed, Optional<Throwable> failure) {
  /** Whether a service has ended in time. */
  public enum Outcome {
    /** Its close has returned within its share of the time. */
    CLOSED,

    /** The thread that closed it was interrupted, and then its close has returned. */
    FORCED,

    /** Its close has not returned even then, a second later: it goes on, in a daemon thread. */
    LEFT
  }
}
