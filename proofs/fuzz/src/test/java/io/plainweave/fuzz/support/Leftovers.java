package io.plainweave.fuzz.support;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a target that leaves threads or descriptors. {@link MemoryScope} joins its own threads. */
public final class Leftovers implements BeforeAllCallback, AfterAllCallback {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

  /** Jars and sources of random numbers that are opened once. */
  private static final long MOST_NEW = 16;

  private Set<Thread> threads = Set.of();
  private long descriptors;

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    threads = threads();
    descriptors = descriptors();
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    Set<Thread> left = threads();
    left.removeAll(threads);
    left.removeIf(Thread::isDaemon); // of the JDK and of the engine
    Finding.unless(left.isEmpty(), "threads are left: " + left);
    long more = descriptors() - descriptors;
    Finding.unless(more <= MOST_NEW, more + " descriptors more are open");
  }

  private static Set<Thread> threads() {
    return new HashSet<>(Thread.getAllStackTraces().keySet());
  }

  private static long descriptors() throws Exception {
    if (!Files.isDirectory(DESCRIPTORS)) {
      return 0;
    }
    try (Stream<Path> all = Files.list(DESCRIPTORS)) {
      return all.count();
    }
  }
}
