package io.plainweave.testing;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Failures as the system gives them, for what is to meet them. Those of connections are in {@link
 * Link}, those of a network in {@link MemoryNetwork}.
 */
public final class Faults {
  private Faults() {}

  /**
   * Returns what accept(2) and open(2) give a process without a descriptor left (EMFILE), for
   * {@link MemoryNetwork#failAccept}.
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

  /**
   * Returns an output to a disk that becomes full: it takes so many bytes, and then fails.
   *
   * @param bytes how many there is room for
   * @param to has what was written before
   * @return the output, for one thread
   */
  public static OutputStream diskFullAfter(long bytes, OutputStream to) {
    return new FilterOutputStream(to) {
      private long room = bytes;

      @Override
      public void write(int b) throws IOException {
        if (room == 0) {
          throw diskFull();
        }
        room--;
        out.write(b);
      }
    };
  }
}
