package io.plainweave;

/**
 * The {@link Deadline} of the calling thread has passed while it waited, and nothing was done: a
 * connection that it waited for is as before, and may be used.
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
