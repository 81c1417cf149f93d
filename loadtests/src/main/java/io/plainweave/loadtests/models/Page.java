package io.plainweave.loadtests.models;

import java.io.IOException;
import java.nio.file.Path;

/** The page of a run. */
final class Page {
  private Page() {}

  static void write(Path file, Results results) throws IOException {
    throw new UnsupportedOperationException(file + " " + results);
  }
}
