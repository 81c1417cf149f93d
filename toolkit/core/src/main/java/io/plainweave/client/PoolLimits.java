package io.plainweave.client;

import java.time.Duration;

/**
 * How many connections a {@link ConnectionPool} has, and for how long. A duration of zero switches
 * that limit off.
 *
 * @param maxOpen how many connections there are at most, those in use and those that are idle;
 *     default 16
 * @param maxIdle how many of them stay open while they are idle; default 16
 * @param borrowTimeout how long to wait for one when all are in use; default 10 s
 * @param idleTime how long a connection may be idle and is still lent; better shorter than the time
 *     after which the other server closes it; default 30 s
 * @param maxAge how old a connection may be and is still lent, made up to a tenth shorter by chance
 *     so that those of one moment are not replaced in one moment; default 30 min
 */
public record PoolLimits(
    int maxOpen, int maxIdle, Duration borrowTimeout, Duration idleTime, Duration maxAge) {
  /** The limits that apply unless others are set. */
  public static final PoolLimits DEFAULT =
      new PoolLimits(
          16, 16, Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofMinutes(30));

  /** Checks the values. */
  public PoolLimits {
    if (maxOpen < 1) {
      throw new IllegalArgumentException("maxOpen must be at least 1: " + maxOpen);
    }
    if (maxIdle < 0) {
      throw new IllegalArgumentException("maxIdle must not be negative: " + maxIdle);
    }
    notNegative("borrowTimeout", borrowTimeout);
    notNegative("idleTime", idleTime);
    notNegative("maxAge", maxAge);
  }

  private static void notNegative(String name, Duration limit) {
    if (limit.isNegative()) {
      throw new IllegalArgumentException(name + " must not be negative: " + limit);
    }
  }

  /**
   * Returns these limits with another {@link #maxOpen()}.
   *
   * @param maxOpen at least 1
   * @return the limits
   */
  public PoolLimits maxOpen(int maxOpen) {
    return new PoolLimits(maxOpen, maxIdle, borrowTimeout, idleTime, maxAge);
  }

  /**
   * Returns these limits with another {@link #maxIdle()}.
   *
   * @param maxIdle not negative
   * @return the limits
   */
  public PoolLimits maxIdle(int maxIdle) {
    return new PoolLimits(maxOpen, maxIdle, borrowTimeout, idleTime, maxAge);
  }

  /**
   * Returns these limits with another {@link #borrowTimeout()}.
   *
   * @param borrowTimeout the limit, or zero for none
   * @return the limits
   */
  public PoolLimits borrowTimeout(Duration borrowTimeout) {
    return new PoolLimits(maxOpen, maxIdle, borrowTimeout, idleTime, maxAge);
  }

  /**
   * Returns these limits with another {@link #idleTime()}.
   *
   * @param idleTime the limit, or zero for none
   * @return the limits
   */
  public PoolLimits idleTime(Duration idleTime) {
    return new PoolLimits(maxOpen, maxIdle, borrowTimeout, idleTime, maxAge);
  }

  /**
   * Returns these limits with another {@link #maxAge()}.
   *
   * @param maxAge the limit, or zero for none
   * @return the limits
   */
  public PoolLimits maxAge(Duration maxAge) {
    return new PoolLimits(maxOpen, maxIdle, borrowTimeout, idleTime, maxAge);
  }
}
