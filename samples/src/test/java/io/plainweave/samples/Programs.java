package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** The programs of the machine that tests call. */
final class Programs {
  private Programs() {}

  /** Skips the test where a program is missing; fails it in CI, where all have to be there. */
  static void need(String... names) {
    for (String name : names) {
      boolean found = isOnPath(name);
      String missing = "there is no " + name + " on the PATH";
      if (isCi()) {
        assertTrue(found, missing);
      }
      assumeTrue(found, missing);
    }
  }

  /** Whether this is CI, where nothing may be missing. */
  static boolean isCi() {
    return "true".equals(System.getenv("CI"));
  }

  private static boolean isOnPath(String name) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
  }
}
