package io.plainweave;

import io.plainweave.clock.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A moment until which a piece of work may wait for others: one read, an exchange of messages, or
 * all that a function does, whatever it calls. It needs no parameter, since it is bound to the
 * thread while the work runs:
 *
 * {@snippet file="io/plainweave/internal/connection/DeadlineTest.java" region="exchange"}
 *
 * <p><b>Who keeps to it.</b> What the work calls, and the threads that it forks in a scope, have
 * the same deadline. Where one is within another, the one that comes first counts. These waits end
 * with it:
 *
 * <ul>
 *   <li><b>a read</b> of a {@link Connection}, {@link Connection#awaitMessage()} and {@link
 *       Connection#readUntil} among them. It fails with a {@link DeadlineExceededException}.
 *       Between two messages, and in a stream without marked messages, it has taken nothing, and
 *       the connection is as before. In the middle of a message, the input has ended as well; see
 *       below;
 *   <li><b>a write</b>, and all else that waits for room to send: the connection is reset, since
 *       the peer must not take what was cut for the whole;
 *   <li>{@link ConnectionScope}: one that is opened within a deadline has it for its own. {@link
 *       ConnectionScope.Subtask#join()} throws a {@link DeadlineExceededException};
 *   <li>{@link io.plainweave.client.Connector#connect()} and {@link
 *       io.plainweave.client.ConnectionPool#borrow()}, as at the end of their own time;
 *   <li>{@link io.plainweave.udp.DatagramSession#receive(Duration)}, which returns null;
 *   <li>{@link io.plainweave.client.DatagramConnection}: a receive with a time of its own and an
 *       ask, as at the end of that; a receive without one throws a {@link
 *       DeadlineExceededException}.
 * </ul>
 *
 * <p><b>In the middle of a message</b> ({@link Connection#awaitMessage()}, {@link Connection#peek})
 * nobody could say where the next one begins: every later read fails with a {@link
 * ConnectionClosedException}. The output stays open for what the protocol owes the peer, such as
 * the status 408 of HTTP or the reply 421 of SMTP:
 *
 * {@snippet file="io/plainweave/internal/connection/DeadlineInMessageTest.java" region="late"}
 *
 * <p>If the handler then returns, the connection ends in order, for the same reason as one that is
 * reset; {@link Connection#closeReason()} has it from the end of the input on. If it has not ended
 * two seconds later, it is reset.
 *
 * <p>A connection that is reset for a deadline has the reason {@link CloseReason.TimedOut} with
 * {@link TimeLimits.Kind#DEADLINE}; so has one whose handler lets the exception pass, which is a
 * reset as well. The work itself is not interrupted: one that computes asks what is {@linkplain
 * #remaining() left}. A handshake ({@link Connection#startTls}) has the time of {@link
 * TimeLimits#handshake()}.
 *
 * <p><b>When.</b> A read or write of a connection ends up to a fifth of a second late, with more
 * than 10,000 connections up to a second: it is woken by the thread that looks at all time limits,
 * and no timer runs for it. Bytes that have come are read without a look at the time, however late
 * they are, as long as the thread need not give way to others. Where no deadline is bound, nothing
 * is done for it.
 *
 * <p><b>Threads.</b> A deadline is immutable, and may be used by several threads at the same time.
 * A scope that was opened outside of {@link #call} cannot fork within it ({@link
 * java.util.concurrent.StructureViolationException}): bindings would be forked that it does not
 * have.
 */
public final class Deadline {
  private static final ScopedValue<Deadline> CURRENT = ScopedValue.newInstance();

  private final Clock clock = Clock.current();

  /** What {@link Clock#nanoTime()} was when it was made. */
  private final long begin = clock.nanoTime();

  /** How long after that; {@link Long#MAX_VALUE} for none. */
  private final long nanos;

  private Deadline(long nanos) {
    this.nanos = nanos;
  }

  /**
   * Makes a deadline: as far from now as the timeout says.
   *
   * @param timeout the time from now on; zero for no deadline, but that which holds already
   * @return the deadline
   * @throws IllegalArgumentException if the timeout is negative
   */
  public static Deadline in(Duration timeout) {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("the timeout must not be negative: " + timeout);
    }
    return new Deadline(timeout.isZero() ? Long.MAX_VALUE : TimeUnit.NANOSECONDS.convert(timeout));
  }

  /**
   * Runs work that has this deadline, or an earlier one that holds already.
   *
   * @param <T> the type of the result
   * @param <X> what the work may throw
   * @param work what to run, in the calling thread
   * @return what the work returns
   * @throws X what the work throws
   */
  public <T extends @Nullable Object, X extends Throwable> T call(
      ScopedValue.CallableOp<? extends T, X> work) throws X {
    Deadline bound = CURRENT.isBound() ? CURRENT.get() : this;
    return ScopedValue.where(CURRENT, bound.left() < left() ? bound : this).call(work);
  }

  /**
   * Returns how much time the calling thread has left.
   *
   * {@snippet file="io/plainweave/internal/connection/DeadlineTest.java" region="remaining"}
   *
   * @return the time until its deadline, zero if that has passed; empty if it has none
   */
  public static Optional<Duration> remaining() {
    if (!CURRENT.isBound() || CURRENT.get().nanos == Long.MAX_VALUE) {
      return Optional.empty();
    }
    return Optional.of(Duration.ofNanos(Math.max(0, CURRENT.get().left())));
  }

  private long left() {
    return nanos == Long.MAX_VALUE ? nanos : nanos - (clock.nanoTime() - begin);
  }

  /** Returns how much is left of it. */
  @Override
  public String toString() {
    return nanos == Long.MAX_VALUE ? "no deadline" : "deadline in " + Duration.ofNanos(left());
  }
}
