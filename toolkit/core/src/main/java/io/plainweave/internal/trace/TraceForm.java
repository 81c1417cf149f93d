package io.plainweave.internal.trace;

import java.io.IOException;

/** How a trace is written, and where to; for one thread. */
interface TraceForm extends AutoCloseable {
  /** Writes what comes before all entries. */
  void begin() throws IOException;

  void write(Entry entry) throws IOException;

  /** Lets others see what was written. */
  void flush() throws IOException;

  /** Writes why nothing more comes. */
  void end(String why) throws IOException;

  @Override
  void close() throws IOException;
}
