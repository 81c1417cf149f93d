package io.plainweave.testing;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a server can leave behind in its process: threads, with the code in which they stand, and
 * descriptors, with what they are of.
 *
 * @param threads by number
 * @param descriptors by number; empty where there is no /proc
 */
record Footprint(Map<Long, List<String>> threads, Map<Integer, String> descriptors) {
  /** The first line of a thread in the dump. */
  private static final Pattern THREAD = Pattern.compile("#(\\d+) \"(.*?)\".*");

  /** Code of the JDK, whose frames have a module, and of JUnit. */
  private static final Pattern OTHERS =
      Pattern.compile("at (app//)?((java|jdk)\\.[\\w.]+/|org\\.junit\\.)");

  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final int MOST_FRAMES = 8;

  static Footprint now() {
    return new Footprint(dump(), open());
  }

  private static Map<Long, List<String>> dump() {
    try {
      Path file = Files.createTempDirectory("threads").resolve("dump");
      try {
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
            .dumpThreads(file.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
        return parse(Files.readAllLines(file));
      } finally {
        Files.deleteIfExists(file);
        Files.delete(file.getParent());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<Long, List<String>> parse(List<String> lines) {
    Map<Long, List<String>> threads = new LinkedHashMap<>();
    List<String> current = new ArrayList<>();
    for (String line : lines) {
      Matcher thread = THREAD.matcher(line);
      if (thread.matches()) {
        current = new ArrayList<>(List.of(line));
        threads.put(Long.valueOf(thread.group(1)), current);
      } else if (!line.isBlank()) {
        current.add(line.strip());
      }
    }
    return threads;
  }

  private static Map<Integer, String> open() {
    Map<Integer, String> open = new TreeMap<>();
    if (Files.isDirectory(DESCRIPTORS)) {
      try (Stream<Path> all = Files.list(DESCRIPTORS)) {
        for (Path each : all.toList()) {
          try {
            open.put(
                Integer.valueOf(each.getFileName().toString()),
                Files.readSymbolicLink(each).toString());
          } catch (IOException e) {
            // That of this look, which is over.
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return open;
  }

  /** What is here that was not there before, each in words. */
  List<String> since(Footprint before) {
    List<String> left = new ArrayList<>();
    threads.forEach((number, lines) -> {
      if (!before.threads.containsKey(number) && isOfPrograms(lines)) {
        left.add("a thread: " + show(lines));
      }
    });
    descriptors.forEach((number, what) -> {
      if (!what.equals(before.descriptors.get(number)) && isOfServers(what)) {
        left.add("a descriptor: " + number + " -> " + what);
      }
    });
    return left;
  }

  /** Whether a thread has code of a program, and not only of the JDK or of JUnit. */
  private static boolean isOfPrograms(List<String> lines) {
    return lines.getFirst().contains("\"plainweave") || lines.stream().anyMatch(Footprint::isCode);
  }

  private static boolean isCode(String line) {
    return line.startsWith("at ") && !OTHERS.matcher(line).lookingAt();
  }

  /** The thread, and the code of the program in which it stands. */
  private static String show(List<String> lines) {
    Stream<String> code = lines.stream().skip(1).filter(Footprint::isCode).limit(MOST_FRAMES);
    return Stream.concat(Stream.of(lines.getFirst()), code).collect(Collectors.joining("\n      "));
  }

  /** Not what the JVM opens when it loads a class. */
  private static boolean isOfServers(String what) {
    return !what.endsWith(".jar") && !what.endsWith("/modules") && !what.endsWith(".class");
  }
}
