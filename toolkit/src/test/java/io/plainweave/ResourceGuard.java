package io.plainweave;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that leaves a descriptor or a thread of a server behind. It does not run the garbage
 * collector first: that would close what was leaked.
 */
public final class ResourceGuard implements BeforeEachCallback, AfterEachCallback {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(ResourceGuard.class);

  /** What a test must not change. */
  private record Resources(long descriptors, long threads) {
    static Resources now() {
      return new Resources(openDescriptors(), serverThreads());
    }

    private static long openDescriptors() {
      return ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
          .getOpenFileDescriptorCount();
    }

    /** The threads in a scope, virtual or not: the dump names the code in which they stand. */
    private static long serverThreads() {
      try {
        Path dump = Files.createTempDirectory("threads").resolve("dump.txt");
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
            .dumpThreads(dump.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
        try (var lines = Files.lines(dump)) {
          return lines
              .filter(line ->
                  line.contains("io.plainweave.SocketConnection.call")
                      || line.contains("io.plainweave.DatagramRun.call")
                      || line.contains("io.plainweave.ConnectionThreads.run(")
                      || line.contains("io.plainweave.HappyEyeballs.attempt")
                      || line.contains("io.plainweave.Server.supervise"))
              .count();
        } finally {
          Files.delete(dump);
          Files.delete(dump.getParent());
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public void beforeEach(ExtensionContext context) throws Exception {
    WarmUp.run();
    Resources.now();
    context.getStore(NAMESPACE).put(Resources.class, Resources.now());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    Resources before = context.getStore(NAMESPACE).get(Resources.class, Resources.class);
    // A peer's half of a closed connection may take a moment. Fewer than before are no fault of
    // this test: an earlier one has left something that was closed meanwhile.
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> {
          Resources now = Resources.now();
          assertTrue(
              now.descriptors <= before.descriptors && now.threads <= before.threads,
              () -> "left behind by the test: " + now + " after " + before);
        });
  }
}
