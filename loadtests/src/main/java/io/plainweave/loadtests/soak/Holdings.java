package io.plainweave.loadtests.soak;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.ObjectName;

/** What the process holds in which it is called, after a collection, in a line. */
final class Holdings {
  /** More collections would find no more: the first ones wake cleaners, which make garbage. */
  private static final int COLLECTIONS = 3;

  private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB");
  private static final Pattern COMMITTED =
      Pattern.compile("(?m)^(Total|- +([A-Za-z ]+?))(?:: | \\()reserved=\\d+, committed=(\\d+)");

  private Holdings() {}

  static String ofThisProcess() throws IOException, JMException {
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
    }
    return "%s=%d %s=%d %s=%d %s=%d %s=%d %s=%d %s=%d"
        .formatted(
            Quantity.DESCRIPTORS.key(),
            entries("fd"),
            Quantity.THREADS.key(),
            entries("task"),
            Quantity.HEAP.key(),
            ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
            Quantity.NATIVE.key(),
            nativeMemory(),
            Quantity.RESIDENT.key(),
            resident(),
            Quantity.METASPACE.key(),
            metaspace(),
            Quantity.CLASSES.key(),
            ManagementFactory.getClassLoadingMXBean().getLoadedClassCount());
  }

  private static long entries(String folder) throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self", folder))) {
      return all.count();
    }
  }

  private static long resident() throws IOException {
    Matcher found = RESIDENT.matcher(Files.readString(Path.of("/proc/self/status")));
    return found.find() ? Long.parseLong(found.group(1)) * 1_024 : 0;
  }

  private static long metaspace() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getName().equals("Metaspace"))
        .map(MemoryPoolMXBean::getUsage)
        .mapToLong(usage -> usage.getUsed())
        .sum();
  }

  /**
   * What the JVM and the JDK have of the system, by the JVM's own count, without the heap and the
   * classes, which are looked at on their own. What its compilers work with comes and goes, and
   * what they have made is of the code and of no connection.
   */
  private static long nativeMemory() throws JMException {
    String summary =
        (String)
            ManagementFactory.getPlatformMBeanServer()
                .invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "vmNativeMemory",
                    new Object[] {new String[] {"summary", "scale=B"}},
                    new String[] {String[].class.getName()});
    long bytes = 0;
    for (Matcher found = COMMITTED.matcher(summary); found.find(); ) {
      long committed = Long.parseLong(found.group(3));
      if (found.group(2) == null) {
        bytes += committed;
      } else if (found
          .group(2)
          .matches("Java Heap|Class|Metaspace|Code|Compiler|Arena Chunk|Native Memory Tracking")) {
        bytes -= committed;
      }
    }
    return bytes;
  }
}
