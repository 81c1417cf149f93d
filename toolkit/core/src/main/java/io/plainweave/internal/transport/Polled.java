package io.plainweave.internal.transport;

import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

/** At what a {@link Poller} looks. */
public interface Polled {
  /**
   * Does what is to be done for it; called by the poller's thread.
   *
   * @param operations what it is ready for, in bits of {@link SelectionKey}
   */
  void ready(int operations);

  /**
   * A channel that is no socket, which no selector of the JDK takes: it tells by itself when it is
   * ready. Tests have such ones; here there is none.
   */
  interface Source {
    /**
     * Tells from now on what the channel is ready for, as a selector does, in the thread that
     * selects.
     *
     * @param selector that of the poller
     * @param operations what is looked out for at first
     * @param told is told
     * @return changes what is looked out for, and ends it
     */
    SelectionKey register(Selector selector, int operations, Polled told)
        throws ClosedChannelException;

    /** How many bytes can be read without a wait. */
    int available();
  }
}
