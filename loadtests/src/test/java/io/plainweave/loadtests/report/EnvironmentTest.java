package io.plainweave.loadtests.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
final class EnvironmentTest {
  @TempDir Path folder;

  @Test
  void tellsTheSettingsOfTheKernelByTheirNames() throws IOException {
    file("sys/net/core/somaxconn", "4096\n");
    file("sys/net/ipv4/tcp_mem", "295416\t393890\t590832\n");
    file(
        "self/limits",
        """
        Limit                     Soft Limit           Hard Limit           Units
        Max processes             95733                95733                processes
        Max open files            1024                 20000                files
        Max locked memory         8388608              8388608              bytes
        """);
    assertEquals(
        Map.of(
            "net.core.somaxconn", "4096",
            "net.ipv4.tcp_mem", "295416 393890 590832",
            "nofile", "1024 soft, 20000 hard"),
        KernelSettings.read(folder));
  }

  @Test
  void tellsWhatTheKernelOfThisMachineTells() throws IOException {
    Path setting = Path.of("/proc/sys/net/core/somaxconn");
    assumeTrue(Files.exists(setting), "this system has no /proc/sys");
    Process cat = new ProcessBuilder("cat", setting.toString()).start();
    assertEquals(
        new String(cat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip(),
        KernelSettings.read(Path.of("/proc")).get("net.core.somaxconn"));
  }

  @Test
  void hasNoSettingsWhereTheSystemTellsNone() {
    assertEquals(Map.of(), KernelSettings.read(folder.resolve("proc")));
  }

  @Test
  void hasNoCommitOutsideOfARepository() {
    Environment environment = Environment.of("loadtests/run", folder, Map.of("server", "-Xmx1g"));
    assertEquals("unknown", environment.commit());
    assertTrue(environment.jdk().contains(Runtime.version().toString()), environment::jdk);
    assertEquals(Map.of("server", "-Xmx1g"), environment.flags());
  }

  private void file(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
