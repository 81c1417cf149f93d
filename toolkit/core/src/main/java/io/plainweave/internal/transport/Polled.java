package io.plainweave.internal.transport;

/** At what a {@link Poller} looks. */
interface Polled {
  /**
   * Does what is to be done for it; called by the poller's thread.
   *
   * @param operations what it is ready for, in bits of {@link java.nio.channels.SelectionKey}
   */
  void ready(int operations);
}
