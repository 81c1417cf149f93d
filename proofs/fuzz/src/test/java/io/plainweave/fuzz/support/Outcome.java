package io.plainweave.fuzz.support;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;

/**
 * What has become of an input: what was read, one value after the other, and how it has ended. Two
 * of the same input are equal, however it was split.
 *
 * @param seen what was read
 * @param end that it has ended in order, or the error with its message
 */
public record Outcome(List<String> seen, String end) {
  /** The end without an error. */
  public static final String IN_ORDER = "in order";

  /** Reads an input, and passes on what it sees. */
  @FunctionalInterface
  public interface Reading {
    /** Reads all of it. */
    void into(Consumer<Object> seen) throws Exception;
  }

  /**
   * Reads an input.
   *
   * @param documented the only errors that may come out; every other one is a finding
   */
  @SafeVarargs
  public static Outcome of(Reading reading, Class<? extends Exception>... documented) {
    List<String> seen = new ArrayList<>();
    try {
      reading.into(value -> seen.add(shown(value)));
      return new Outcome(seen, IN_ORDER);
    } catch (Exception e) {
      for (Class<?> expected : documented) {
        if (expected.isInstance(e)) {
          return new Outcome(seen, e.toString());
        }
      }
      throw new Finding("an error that is not documented", e);
    }
  }

  /** Whether all was read. */
  public boolean isInOrder() {
    return end.equals(IN_ORDER);
  }

  private static String shown(Object value) {
    return value instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : String.valueOf(value);
  }

  /** Fails unless two outcomes are the same. */
  public static void same(Outcome one, Outcome other, String how) {
    if (!one.equals(other)) {
      throw new Finding(how + ":\n" + one + "\n" + other);
    }
  }
}
