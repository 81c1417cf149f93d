package io.plainweave;

import java.io.IOException;

/**
 * Runs what comes to nothing when the machine pauses for some tenths of a second, since the server
 * promises something for so long only. A defect of the server lets it fail each time.
 */
final class Undisturbed {
  private static final int ATTEMPTS = 5;

  /** What is tried. */
  @FunctionalInterface
  interface Attempt {
    void run() throws Exception;
  }

  private Undisturbed() {}

  static void run(Attempt attempt) throws Exception {
    for (int i = 1; i < ATTEMPTS; i++) {
      try {
        attempt.run();
        return;
      } catch (IOException | AssertionError disturbed) {
        // Perhaps: the last attempt decides.
      }
    }
    attempt.run();
  }
}
