package io.plainweave.internal.trace;

import io.plainweave.internal.log.Log;

/** Lines in the log. */
final class LogLines implements TextForm.Lines {
  @Override
  public void write(String line) {
    Log.TRACE.info("{}", line);
  }

  @Override
  public void flush() {
    // A log is its own business.
  }

  @Override
  public void close() {
    // It was not opened.
  }
}
