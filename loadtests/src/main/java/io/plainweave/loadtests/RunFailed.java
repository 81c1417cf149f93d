package io.plainweave.loadtests;

/** A run that cannot go on; the message says why, for the person who started it. */
final class RunFailed extends RuntimeException {
  RunFailed(String message) {
    super(message);
  }

  RunFailed(String message, Throwable cause) {
    super(message, cause);
  }
}
