package io.plainweave.fuzz.support;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Certificates and keys that are good for nothing else, and files for those that the fuzzer makes.
 */
public final class Keys {
  private Keys() {}

  /** The bytes of one that is kept with the tests. */
  public static byte[] kept(String name) {
    try (InputStream in = Keys.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A file, which is removed at the end of the process. */
  public static Path file(String suffix, byte[] content) {
    try {
      Path memory = Path.of("/dev/shm");
      Path file =
          Files.isWritable(memory)
              ? Files.createTempFile(memory, "plainweave-fuzz-", suffix)
              : Files.createTempFile("plainweave-fuzz-", suffix);
      file.toFile().deleteOnExit();
      return Files.write(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
