package io.plainweave.internal.process;

/** What the end of the process stops: a server, or services in their order. */
public interface Stoppable {
  /** Begins what {@link #close()} waits for. */
  void beginToClose();

  void close();

  /** Ends what the close still waits for. */
  void shutdownNow();

  boolean hasTerminated();
}
