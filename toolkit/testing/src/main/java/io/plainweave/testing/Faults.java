package io.plainweave.testing;

import java.io.IOException;

/** Failures as the system gives them, for what is to meet them. */
public final class Faults {
  private Faults() {}

  /**
   * Returns what accept(2) and open(2) give a process without a descriptor left (EMFILE).
   *
   * @return a new one
   */
  public static IOException tooManyOpenFiles() {
    return new IOException("Too many open files");
  }

  /**
   * Returns what write(2) gives when the disk is full (ENOSPC).
   *
   * @return a new one
   */
  public static IOException diskFull() {
    return new IOException("No space left on device");
  }
}
