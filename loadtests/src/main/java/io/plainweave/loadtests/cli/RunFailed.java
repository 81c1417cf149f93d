package io.plainweave.loadtests.cli;

/** A run that cannot go on; the message says why, for the person who started it. */
public final class RunFailed extends RuntimeException {
  /** For a reason of ours. */
  public RunFailed(String message) {
    super(message);
  }

  /** For a reason that somebody else gave. */
  public RunFailed(String message, Throwable cause) {
    super(message, cause);
  }
}
