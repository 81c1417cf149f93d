package io.plainweave.loadtests.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The bytes that a connection takes, as the last run found them.
 *
 * <p>All in, the available memory fell by 14.7 KB (30,000 connections) to 17.0 KB (100,000) a
 * connection, with 20,000 descriptors a process.
 *
 * @param kernel of both ends of a loopback pair
 * @param rss resident in the server, above the idle process
 * @param heap live in the server, which is a part of {@code rss}
 * @param source where the figures come from
 */
public record Footprint(long kernel, long rss, long heap, String source) {

  /** Measured on Linux 6.18 with 30,000 connections (slabs; RSS of the processes), rounded up. */
  static final Footprint DEFAULT =
      new Footprint(8_300, 3_300, 2_800, "no kept run; stated defaults");

  /** In the client, above the idle process; measured in the same way. */
  static final long CLIENT = 1_000;

  // Without the pages that processes share.
  private static final long IDLE_SERVER = 64_000_000;
  private static final long IDLE_CLIENT = 40_000_000;

  private static final Pattern RSS = figure("server RSS");
  private static final Pattern HEAP = figure("server heap");
  private static final Pattern KERNEL = figure("kernel memory");
  private static final Pattern CONNECTED = Pattern.compile("(?m)^connected\\s+([\\d,]+)$");

  /** A report that was kept: the name begins with the date. */
  private static final Pattern NAME = Pattern.compile("(\\d{4}-\\d\\d-\\d\\d)-million-.*\\.txt");

  private record Run(String date, long connected, Footprint footprint) {}

  /**
   * What the last run found whose report was kept; of those of one day, the largest.
   *
   * @param results the folder of the reports
   */
  public static Footprint ofLastRun(Path results) {
    try (Stream<Path> files = Files.list(results)) {
      return files
          .flatMap(file -> read(file).stream())
          .max(Comparator.comparing(Run::date).thenComparing(Run::connected))
          .map(Run::footprint)
          .orElse(DEFAULT);
    } catch (IOException ignored) { // no such folder: the default says that it is one
      return DEFAULT;
    }
  }

  /**
   * All that a connection takes.
   *
   * @param capacity connections that a process can hold
   */
  double all(int capacity) {
    return kernel + rss + CLIENT + idleProcesses(capacity);
  }

  /**
   * What a connection takes where only its client is.
   *
   * @param capacity connections that a process can hold
   */
  static double ofGenerator(int capacity) {
    // Of the two ends, one is here.
    return DEFAULT.kernel / 2.0 + CLIENT + (double) IDLE_CLIENT / Math.max(1, capacity);
  }

  /** What falls to one connection of an idle server and an idle client. */
  static double idleProcesses(int capacity) {
    return (double) (IDLE_SERVER + IDLE_CLIENT) / Math.max(1, capacity);
  }

  private static Optional<Run> read(Path file) {
    String name = file.getFileName().toString();
    Matcher dated = NAME.matcher(name);
    if (!dated.matches()) {
      return Optional.empty();
    }
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException ignored) { // unreadable, or not a text: then it is no report
      return Optional.empty();
    }
    OptionalLong connected = find(CONNECTED, text);
    OptionalLong rss = find(RSS, text);
    OptionalLong heap = find(HEAP, text);
    if (connected.isEmpty() || rss.isEmpty() || heap.isEmpty()) {
      return Optional.empty();
    }
    OptionalLong kernel = find(KERNEL, text);
    String source = "results/" + name + (kernel.isPresent() ? "" : "; kernel: a stated default");
    Footprint footprint =
        new Footprint(kernel.orElse(DEFAULT.kernel), rss.getAsLong(), heap.getAsLong(), source);
    return Optional.of(new Run(dated.group(1), connected.getAsLong(), footprint));
  }

  private static Pattern figure(String row) {
    return Pattern.compile("(?m)^" + row + "\\s+([\\d,]+) B a connection");
  }

  private static OptionalLong find(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find()
        ? OptionalLong.of(Long.parseLong(matcher.group(1).replace(",", "")))
        : OptionalLong.empty();
  }
}
