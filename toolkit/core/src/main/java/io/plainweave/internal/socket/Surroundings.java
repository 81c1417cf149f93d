package io.plainweave.internal.socket;

import io.plainweave.clock.Clock;
import java.io.IOException;

/**
 * Where a server or a client lives, for as long as it does: on the sockets of the kernel, by the
 * time of the machine, unless it was made in other surroundings, which a test has bound to its
 * thread.
 *
 * @param network where its sockets come from
 * @param clock by what its time limits are measured
 */
public record Surroundings(Network network, Clock clock) {
  /** This machine as it is. */
  public static final Surroundings MACHINE = new Surroundings(Network.KERNEL, Clock.MACHINE);

  private static final ScopedValue<Surroundings> CURRENT = ScopedValue.newInstance();

  /** Those of the calling thread. */
  public static Surroundings current() {
    return CURRENT.isBound() ? CURRENT.get() : MACHINE;
  }

  /** What is done in them. */
  @FunctionalInterface
  public interface Work<T> {
    T run() throws IOException, InterruptedException;
  }

  /** Does something in these surroundings, in the calling thread. */
  @SuppressWarnings("ReferenceEquality") // those of a test are themselves only
  public <T> T call(Work<T> work) throws IOException, InterruptedException {
    if (this == current()) {
      return work.run();
    }
    try {
      return ScopedValue.where(CURRENT, this).where(Clock.CURRENT, clock).call(work::run);
    } catch (IOException | InterruptedException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("no such exception is declared", e);
    }
  }

  /** Adds them to what is bound. Those of the machine need no binding, and have none. */
  @SuppressWarnings("ReferenceEquality") // those of the machine are themselves only
  public ScopedValue.Carrier bind(ScopedValue.Carrier bindings) {
    return this == MACHINE ? bindings : bindings.where(CURRENT, this).where(Clock.CURRENT, clock);
  }
}
