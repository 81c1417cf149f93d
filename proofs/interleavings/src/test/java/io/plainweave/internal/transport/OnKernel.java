package io.plainweave.internal.transport;

import io.plainweave.interleavings.explorer.Scenario;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/** A scenario with a poller, which is needed until the others are done. */
public abstract class OnKernel extends Scenario {
  private final AtomicInteger left = new AtomicInteger();

  protected final Kernel kernel;
  protected final ModelChannel socket;

  protected OnKernel() {
    try {
      kernel = new Kernel();
      socket = kernel.socket();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Adds a thread that needs the poller, and before the first of them that of the poller. */
  protected final void user(Step step) {
    if (left.getAndIncrement() == 0) {
      thread(kernel::poll);
    }
    thread(() -> {
      try {
        step.run();
      } finally {
        if (left.decrementAndGet() == 0) {
          kernel.stop();
        }
      }
    });
  }

  protected final void mustBeGivenBackOnce() {
    int released = socket.released();
    must(released == 1, "the descriptor was given back " + released + " times");
  }
}
