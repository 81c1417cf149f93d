package io.plainweave.internal.transport;

import io.plainweave.Connection;

/**
 * A connection whose threads share their scheduler with others: what those do who push messages to
 * it, so that all have their turn.
 */
public interface Yielding {
  /**
   * Called where a thread goes on without a wait; gives way if its turn is over.
   *
   * @param since when its turn began, or {@link Turn#NONE}
   * @return when its turn began, which is now if it has given way
   */
  int goOn(int since);

  /** Lets others run. */
  void giveWay();

  /** Whether a thread sends, or waits for room to send. */
  boolean isSending();

  /** Lets a thread that waits for room to send look once more whether there is some. */
  void retrySend();

  /** How many bytes the peer's side has taken so far, perhaps a moment late. */
  long sent();

  /** The connection itself, or what stands for one that is none of ours, as in a test. */
  static Yielding of(Connection connection) {
    return connection instanceof Yielding yielding ? yielding : Elsewhere.INSTANCE;
  }

  /** On a scheduler that is none of our business. */
  enum Elsewhere implements Yielding {
    INSTANCE;

    @Override
    public int goOn(int since) {
      return since;
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // it is about the order in a queue, not about time
    public void giveWay() {
      Thread.yield();
    }

    @Override
    public boolean isSending() {
      return true; // as far as anybody can know
    }

    @Override
    public void retrySend() {}

    @Override
    public long sent() {
      return 0; // so that a message is taken whole, or not at all
    }
  }
}
