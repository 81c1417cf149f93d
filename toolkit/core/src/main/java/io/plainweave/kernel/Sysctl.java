package io.plainweave.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A setting of the kernel that is one number, by its file below {@code /proc/sys} (proc(5)). */
final class Sysctl {
  private static final int LONGEST = 32;

  private Sysctl() {}

  /**
   * Reads it with one system call. The kernel has nothing for a second one, and {@code
   * Files.readString} asks for a single byte first where a file claims to be empty.
   */
  static int number(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      String text = new String(in.readNBytes(LONGEST), StandardCharsets.US_ASCII);
      return Integer.parseInt(text.strip());
    }
  }
}
