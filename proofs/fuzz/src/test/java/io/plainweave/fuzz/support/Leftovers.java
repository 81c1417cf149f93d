package io.plainweave.fuzz.support;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a target that leaves threads or descriptors. {@link MemoryScope} joins its own threads. */
public final class Leftovers implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

  /** Jars and sources of random numbers that are opened once, later than at the first input. */
  private static final long MOST_NEW = 16;

  /** What the first input makes for all that follow: pollers of a client, among others. */
  private static final long MOST_AT_FIRST = 64;

  private Set<Thread> threads = Set.of();
  private long mostDescriptors;
  private boolean isWarm;

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    threads = threads();
    mostDescriptors = descriptors() + MOST_AT_FIRST;
  }

  /** Behind each input that is kept; the fuzzer counts as one. */
  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    if (!isWarm) {
      isWarm = true;
      mostDescriptors = Math.min(mostDescriptors, descriptors() + MOST_NEW);
    }
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    Set<Thread> left = threads();
    left.removeAll(threads);
    // Those of the JDK, of the engine and of JUnit.
    left.removeIf(thread -> thread.isDaemon() || thread.getName().startsWith("junit-"));
    Finding.unless(left.isEmpty(), "threads are left: " + left);
    long more = descriptors() - mostDescriptors;
    Finding.unless(more <= 0, more + " descriptors more are open than there may be");
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
