package io.plainweave.internal.thread;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** What {@code jcmd PID Thread.dump_to_file -format=json} says. */
final class ThreadDump {
  private ThreadDump() {}

  static String json() throws IOException {
    Path folder = Files.createTempDirectory("dump");
    Path dump = folder.resolve("dump.json");
    try {
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(dump.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.JSON);
      return Files.readString(dump);
    } finally {
      Files.deleteIfExists(dump);
      Files.delete(folder);
    }
  }
}
