package io.plainweave;

/**
 * The {@link Deadline} of the calling thread has passed while it waited, and nothing was done. A
 * connection from which it was to read is as before, and may be used; but in the middle of a
 * message nothing can be read from it any more, and {@link Connection#closeReason()} says so.
 */
public final class DeadlineExceededException extends ConnectionException {
  /**
   * Makes one; for those who implement {@link Connection}.
   *
   * @param what what the thread has waited for, as in "a read of connection 17"
   */
  public DeadlineExceededException(String what) {
    super("the deadline has passed before the end of " + what, null);
  }
}
