package io.plainweave.loadtests.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the processes of a model take, as the kernel says in {@code /proc}. One that has ended
 * meanwhile takes nothing.
 *
 * @param processes the first one and all below it
 */
record ProcessTree(List<Long> processes) {
  private static final Pattern PSS = field("Pss");
  private static final Pattern VOLUNTARY = field("voluntary_ctxt_switches");
  private static final Pattern INVOLUNTARY = field("nonvoluntary_ctxt_switches");
  private static final Pattern AVAILABLE = field("MemAvailable");
  private static final Pattern DESCRIPTORS = Pattern.compile("(?m)^Max open files\\s+(\\d+)");

  /** A figure of one file. */
  private interface Figure {
    long in(Path process) throws IOException;
  }

  int count() {
    return processes.size();
  }

  long threads() throws IOException {
    return sum(process -> entries(process.resolve("task")));
  }

  /** Bytes in memory; a page that several processes share counts in parts. */
  long memory() throws IOException {
    return sum(process -> kilobytes(PSS, text(process.resolve("smaps_rollup"))));
  }

  /** Context switches of all threads that live, since each began. */
  long switches() throws IOException {
    return sum(process -> {
      long switches = 0;
      List<Path> threads;
      try (Stream<Path> tasks = Files.list(process.resolve("task"))) {
        threads = tasks.toList();
      }
      for (Path thread : threads) {
        switches += switches(text(thread.resolve("status")));
      }
      return switches;
    });
  }

  /** Open descriptors of the first process. */
  long descriptors() throws IOException {
    return entries(first().resolve("fd"));
  }

  /** How many descriptors the first process may open; empty if there is no such limit. */
  OptionalLong mostDescriptors() throws IOException {
    return mostDescriptors(text(first().resolve("limits")));
  }

  /** Memory maps of the first process. */
  long maps() throws IOException {
    try (Stream<String> maps = Files.lines(first().resolve("maps"))) {
      return maps.count();
    }
  }

  /** Bytes of memory that new processes could have. */
  static long availableMemory() throws IOException {
    return kilobytes(AVAILABLE, text(Path.of("/proc/meminfo")));
  }

  /** Both kinds, out of a thread's status. */
  static long switches(String status) {
    return number(VOLUNTARY, status) + number(INVOLUNTARY, status);
  }

  static OptionalLong mostDescriptors(String limits) {
    Matcher matcher = DESCRIPTORS.matcher(limits);
    return matcher.find()
        ? OptionalLong.of(Long.parseLong(matcher.group(1)))
        : OptionalLong.empty();
  }

  /** Bytes; 0 where the text is empty, as it is for a process that is just ending. */
  static long kilobytes(Pattern field, String text) {
    return number(field, text) * 1024;
  }

  private static long number(Pattern field, String text) {
    Matcher matcher = field.matcher(text);
    return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
  }

  /** The field of that name in a file of lines such as {@code Pss: 1234 kB}. */
  static Pattern field(String name) {
    return Pattern.compile("(?m)^" + name + ":\\s+(\\d+)(?: kB)?$");
  }

  private Path first() {
    return Path.of("/proc/" + processes.getFirst());
  }

  private long sum(Figure figure) throws IOException {
    long sum = 0;
    for (long process : processes) {
      try {
        sum += figure.in(Path.of("/proc/" + process));
      } catch (NoSuchFileException e) {
        // It has ended.
      }
    }
    return sum;
  }

  private static long entries(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.count();
    }
  }

  /** The text of a file; empty if its thread has ended since it was opened. */
  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException e) {
      return ""; // no such process
    }
  }
}
