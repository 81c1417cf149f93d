package io.plainweave.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.Connection;
import io.plainweave.MalformedMessageException;
import io.plainweave.TimeLimits;
import io.plainweave.TruncatedMessageException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Verifies a decoder: that it reads the same messages however the network cuts them.
 *
 * {@snippet file="io/plainweave/testing/GuideTest.java" region="split"}
 *
 * <p>{@link #verify()} feeds it with all messages, one behind the other,
 *
 * <ul>
 *   <li>in one piece, a byte at a time, cut in two at each byte, and in pieces chosen by chance;
 *       where there are not more than twelve bytes, in every way there is;
 *   <li>ended at each byte: between two messages the decoder has to return null, within one it has
 *       to throw a {@link TruncatedMessageException}, and what came before has to be there;
 *   <li>and with what it has to refuse.
 * </ul>
 *
 * <p>Each time it reads from a new connection in memory. What is not so is an {@link
 * AssertionError} that says how the input was cut.
 *
 * @param <T> what a message is to the program; compared by equals
 */
public final class EverySplit<T> {
  /**
   * Reads messages, one after the other.
   *
   * @param <T> what a message is to the program
   */
  @FunctionalInterface
  public interface Decoder<T> {
    /**
     * Reads the next message.
     *
     * @return the message, or null at the end of the input
     * @throws IOException if the message is cut or malformed
     */
    @Nullable T read() throws IOException;
  }

  /**
   * Makes a decoder for a connection.
   *
   * @param <T> what a message is to the program
   */
  @FunctionalInterface
  public interface Opening<T> {
    /**
     * Makes one.
     *
     * @param connection from which it reads
     * @return a new decoder
     * @throws IOException if it reads at once, and that fails
     */
    Decoder<T> of(Connection connection) throws IOException;
  }

  /** For all ways to cut there are two to the power of the bytes but one. */
  private static final int FEW = 12;

  private static final int BY_CHANCE = 200;
  private static final long MOST_ALLOCATED = 1 << 20;

  private record Message<T>(byte[] bytes, T expected) {}

  private record Wrong(byte[] bytes, boolean giant) {}

  private final Opening<T> opening;
  private final List<Message<T>> messages = new ArrayList<>();
  private final List<Wrong> wrong = new ArrayList<>();

  private EverySplit(Opening<T> opening) {
    this.opening = opening;
  }

  /**
   * Begins to describe what a decoder is to do.
   *
   * @param <T> what a message is to the program
   * @param opening makes the decoder
   * @return the description, for one thread
   */
  public static <T> EverySplit<T> of(Opening<T> opening) {
    return new EverySplit<>(Objects.requireNonNull(opening, "opening"));
  }

  /**
   * Adds a message.
   *
   * @param bytes as they travel
   * @param expected what the decoder is to return
   * @return this
   */
  public EverySplit<T> message(byte[] bytes, T expected) {
    messages.add(new Message<>(bytes.clone(), Objects.requireNonNull(expected, "expected")));
    return this;
  }

  /**
   * Adds a message in text.
   *
   * @param text as it travels, in UTF-8
   * @param expected what the decoder is to return
   * @return this
   */
  public EverySplit<T> message(String text, T expected) {
    return message(text.getBytes(UTF_8), expected);
  }

  /**
   * Adds what the decoder has to refuse, with a {@link MalformedMessageException}, however it is
   * cut.
   *
   * @param bytes nothing comes behind them
   * @return this
   */
  public EverySplit<T> malformed(byte[] bytes) {
    wrong.add(new Wrong(bytes.clone(), false));
    return this;
  }

  /**
   * Adds the beginning of a message that claims to be giant. The decoder has to refuse it, with a
   * {@link MalformedMessageException}, or to find it cut, and must not have allocated more than a
   * megabyte by then.
   *
   * @param bytes a header with the largest length, for example
   * @return this
   */
  public EverySplit<T> giant(byte[] bytes) {
    wrong.add(new Wrong(bytes.clone(), true));
    return this;
  }

  /**
   * Verifies all of it.
   *
   * @throws AssertionError if something is not so
   * @throws IOException if the system has no thread or no descriptor for it
   * @throws InterruptedException if the calling thread is interrupted
   */
  public void verify() throws IOException, InterruptedException {
    MemoryNetwork network = MemoryNetwork.create();
    try (var pairs = new Pairs(network, TimeLimits.NONE)) {
      verify(new Feeder<>(network, pairs, opening));
    }
  }

  private void verify(Feeder<T> feeder) throws IOException, InterruptedException {
    byte[] input = whole();
    List<T> expected = messages.stream().map(Message::expected).toList();
    for (int[] cuts : ways(input.length)) {
      check(feeder, new Feeder.Feed(input, cuts), expected, Ending.IN_ORDER);
    }
    truncate(feeder, input);
    for (Wrong each : wrong) {
      for (int[] cuts : each.giant ? List.of(new int[0]) : ways(each.bytes.length)) {
        check(
            feeder,
            new Feeder.Feed(each.bytes, cuts),
            List.of(),
            each.giant ? Ending.SMALL : Ending.MALFORMED);
      }
    }
  }

  private byte[] whole() {
    var all = new ByteArrayOutputStream();
    messages.forEach(message -> all.writeBytes(message.bytes));
    return all.toByteArray();
  }

  private void truncate(Feeder<T> feeder, byte[] input) throws IOException, InterruptedException {
    List<T> before = new ArrayList<>();
    int begin = 0;
    for (Message<T> message : messages) {
      check(
          feeder,
          new Feeder.Feed(Arrays.copyOf(input, begin), new int[0]),
          before,
          Ending.IN_ORDER);
      for (int end = begin + 1; end < begin + message.bytes.length; end++) {
        check(
            feeder,
            new Feeder.Feed(Arrays.copyOf(input, end), new int[0]),
            before,
            Ending.TRUNCATED);
      }
      begin += message.bytes.length;
      before.add(message.expected);
    }
  }

  /** The places at which to cut, for each way. */
  private static List<int[]> ways(int length) {
    List<int[]> ways = new ArrayList<>();
    ways.add(new int[0]);
    if (length > 1) {
      ways.add(cuts(length, _ -> true));
    }
    if (length <= FEW) {
      for (int bits = 0; bits < 1 << Math.max(0, length - 1); bits++) {
        int set = bits;
        ways.add(cuts(length, at -> (set >> (at - 1) & 1) != 0));
      }
      return ways;
    }
    for (int at = 1; at < length; at++) {
      ways.add(new int[] {at});
    }
    for (int seed = 0; seed < BY_CHANCE; seed++) {
      var chance = new Random(seed);
      int most = 2 + chance.nextInt(8);
      ways.add(cuts(length, _ -> chance.nextInt(most) == 0));
    }
    return ways;
  }

  private static int[] cuts(int length, IntPredicate isCut) {
    return IntStream.range(1, length).filter(isCut).toArray();
  }

  /** How it has to end. */
  private enum Ending {
    IN_ORDER("the end in order"),
    TRUNCATED("a TruncatedMessageException"),
    MALFORMED("a MalformedMessageException"),
    SMALL("a MalformedMessageException or a TruncatedMessageException");

    private final String text;

    Ending(String text) {
      this.text = text;
    }

    boolean is(@Nullable Throwable failure) {
      return switch (this) {
        case IN_ORDER -> failure == null;
        case TRUNCATED -> failure instanceof TruncatedMessageException;
        case MALFORMED -> failure instanceof MalformedMessageException;
        case SMALL -> TRUNCATED.is(failure) || MALFORMED.is(failure);
      };
    }
  }

  private void check(Feeder<T> feeder, Feeder.Feed feed, List<T> expected, Ending ending)
      throws IOException, InterruptedException {
    Feeder.Outcome<T> outcome = feeder.run(feed);
    if (!outcome.read().equals(expected) || !ending.is(outcome.failure())) {
      throw new AssertionError(
          "of %s are expected: %s and %s; what came: %s and %s"
              .formatted(
                  feed,
                  expected,
                  ending.text,
                  outcome.read(),
                  outcome.failure() == null ? Ending.IN_ORDER.text : outcome.failure()),
          outcome.failure());
    }
    if (ending == Ending.SMALL && outcome.allocated() > MOST_ALLOCATED) {
      throw new AssertionError(
          "of %s, %,d bytes were allocated".formatted(feed, outcome.allocated()));
    }
  }
}
