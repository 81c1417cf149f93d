package io.plainweave.server;

/** What the end of the process stops: a server, or services in their order. */
interface Stoppable {
  /** Begins what {@link #close()} waits for. */
  void beginToClose();

  void close();

  /** Ends what the close still waits for. */
  void shutdownNow();

  boolean hasTerminated();
}
