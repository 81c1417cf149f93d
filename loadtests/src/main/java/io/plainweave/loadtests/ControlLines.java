package io.plainweave.loadtests;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/** The lines between coordinator and children: the one place that knows what they look like. */
final class ControlLines {
  private ControlLines() {}

  static String encode(Order order) {
    return switch (order) {
      case Order.Measure() -> "measure";
      case Order.Drain(Duration limit) -> line("drain", limit);
      case Order.Ramp(int first, int count, int port, int destinations, int window) ->
          line("ramp", first, count, port, destinations, window);
      case Order.Sweep(int window) -> line("sweep", window);
      case Order.ExpectEnd(Duration limit) -> line("expect-end", limit);
    };
  }

  /**
   * Reads an order.
   *
   * @throws IllegalArgumentException if the line is none
   */
  static Order order(String line) {
    Words words = new Words(line);
    Order order =
        switch (words.next()) {
          case "measure" -> new Order.Measure();
          case "drain" -> new Order.Drain(words.duration());
          case "ramp" ->
              new Order.Ramp(
                  words.number(), words.number(), words.number(), words.number(), words.number());
          case "sweep" -> new Order.Sweep(words.number());
          case "expect-end" -> new Order.ExpectEnd(words.duration());
          default -> throw words.malformed(null);
        };
    words.end();
    return order;
  }

  static String encode(Notice notice) {
    return switch (notice) {
      case Notice.Listening(int port) -> line("listening", port);
      case Notice.Memory(long heap, OptionalLong rss) ->
          rss.isPresent() ? line("memory", heap, rss.getAsLong()) : line("heap", heap);
      case Notice.Drained(boolean complete, Duration took) ->
          line(complete ? "drained" : "not-drained", took);
      case Notice.Ready() -> "ready";
      case Notice.EndExpected() -> "end-expected";
      case Notice.Progress(int done, int open, int failed) -> line("progress", done, open, failed);
      case Notice.FirstFailure(Failure kind, String text) ->
          line("failure", kind, text.lines().collect(Collectors.joining(" ")));
      case Notice.Done(int done, Map<Failure, Integer> failures, Histogram latencies) ->
          line("done", done, text(failures), text(latencies));
    };
  }

  /**
   * Reads a notice.
   *
   * @throws IllegalArgumentException if the line is none
   */
  static Notice notice(String line) {
    Words words = new Words(line);
    Notice notice =
        switch (words.next()) {
          case "listening" -> new Notice.Listening(words.number());
          case "memory" -> new Notice.Memory(words.bytes(), OptionalLong.of(words.bytes()));
          case "heap" -> new Notice.Memory(words.bytes(), OptionalLong.empty());
          case "drained" -> new Notice.Drained(true, words.duration());
          case "not-drained" -> new Notice.Drained(false, words.duration());
          case "ready" -> new Notice.Ready();
          case "end-expected" -> new Notice.EndExpected();
          case "progress" -> new Notice.Progress(words.number(), words.number(), words.number());
          case "failure" -> new Notice.FirstFailure(words.failure(), words.rest());
          case "done" -> new Notice.Done(words.number(), words.failures(), words.histogram());
          default -> throw words.malformed(null);
        };
    words.end();
    return notice;
  }

  private static String line(String name, Object... values) {
    return name + Arrays.stream(values).map(value -> " " + value).collect(Collectors.joining());
  }

  private static String text(Map<Failure, Integer> failures) {
    return failures.isEmpty()
        ? "-"
        : failures.entrySet().stream()
            .map(entry -> entry.getKey() + ":" + entry.getValue())
            .collect(Collectors.joining(","));
  }

  private static String text(Histogram histogram) {
    ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
    int length = histogram.encodeIntoCompressedByteBuffer(buffer);
    return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
  }

  /** The words of one line, read from the left. */
  private static final class Words {
    private final String line;
    private String rest; // touched only by the thread that decodes

    Words(String line) {
      this.line = line;
      this.rest = line;
    }

    String next() {
      List<String> parts = List.of(rest.split(" ", 2));
      rest = parts.size() == 2 ? parts.get(1) : "";
      return parts.getFirst();
    }

    String rest() {
      String all = rest;
      rest = "";
      return all;
    }

    int number() {
      return read(Integer::parseInt);
    }

    long bytes() {
      return read(Long::parseLong);
    }

    Duration duration() {
      return read(Duration::parse);
    }

    Failure failure() {
      return read(Failure::valueOf);
    }

    Map<Failure, Integer> failures() {
      return read(word -> {
        Map<Failure, Integer> failures = new EnumMap<>(Failure.class);
        if (!word.equals("-")) {
          for (String entry : word.split(",")) {
            String[] pair = entry.split(":");
            failures.put(Failure.valueOf(pair[0]), Integer.valueOf(pair[1]));
          }
        }
        return failures;
      });
    }

    Histogram histogram() {
      return read(word ->
          Histogram.decodeFromCompressedByteBuffer(
              ByteBuffer.wrap(Base64.getDecoder().decode(word)), 0));
    }

    void end() {
      if (!rest.isEmpty()) {
        throw malformed(null);
      }
    }

    private <T> T read(Reader<T> reader) {
      try {
        return reader.read(next());
      } catch (RuntimeException | DataFormatException e) {
        throw malformed(e);
      }
    }

    IllegalArgumentException malformed(Exception cause) {
      return new IllegalArgumentException("not a control line: \"" + line + "\"", cause);
    }

    private interface Reader<T> {
      T read(String word) throws DataFormatException;
    }
  }
}
