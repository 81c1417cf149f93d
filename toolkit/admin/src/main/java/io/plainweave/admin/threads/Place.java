package io.plainweave.admin.threads;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What threads have in common that do the same.
 *
 * @param activity what it does or waits for, in words: {@code "waits for input"}
 * @param line the innermost line of the program's own code, or else of the toolkit, or of all;
 *     empty if the thread has no stack
 */
public record Place(String activity, String line) {
  /** Neither the program's own code nor of a library that it uses. */
  private static final Pattern FOREIGN =
      Pattern.compile(
          "(java|javax|jdk|sun)\\."
              + "|io\\.plainweave\\.((admin|admission|client|clock|context|event|framing|internal\\.\\w+"
              + "|jmx|kernel|messaging|micrometer|protocol|proxyprotocol|server|status|text|tls"
              + "|trace|udp)\\.)?\\p{Upper}");

  private static final String TOOLKIT = "io.plainweave.";

  /** What a thread waits for, by a method in its stack: the innermost one decides. */
  private enum Wait {
    INPUT("waits for input", ".PolledChannel.awaitReadable("),
    ROOM("waits for room to write", ".PolledChannel.awaitWritable("),
    END("waits for the peer's end", ".PolledChannel.awaitPeersEnd("),
    SOCKETS("waits for sockets", "sun.nio.ch.EPoll.wait(", ".Selector.select("),
    CONNECTION(
        "waits for a connection", "sun.nio.ch.Net.accept(", "ServerSocketChannelImpl.accept("),
    SCOPE("waits for its scope", "StructuredTaskScopeImpl.join(", "ThreadFlock.awaitAll("),
    SLEEP("sleeps", "java.lang.Thread.sleep(");

    private final String text;

    @SuppressWarnings("ImmutableEnumChecker") // it is a copy that nobody can change
    private final List<String> methods;

    Wait(String text, String... methods) {
      this.text = text;
      this.methods = List.of(methods);
    }

    private static Optional<Wait> at(String frame) {
      for (Wait wait : values()) {
        for (String method : wait.methods) {
          if (frame.contains(method)) {
            return Optional.of(wait);
          }
        }
      }
      return Optional.empty();
    }
  }

  /**
   * Finds it.
   *
   * @param state as of {@link Thread.State}
   * @param stack innermost frame first, each with its module perhaps
   * @param blocker what it is parked at or blocked on, {@code CLASS@HASH}; null if that is unknown
   */
  static Place of(String state, List<String> stack, String blocker) {
    return new Place(activity(state, stack, blocker), line(stack));
  }

  private static String activity(String state, List<String> stack, String blocker) {
    for (String frame : stack) {
      Optional<Wait> wait = Wait.at(frame);
      if (wait.isPresent()) {
        return wait.get().text;
      }
    }
    return switch (state) {
      case "RUNNABLE" -> "runs";
      case "BLOCKED" -> "waits for the monitor of a " + className(blocker);
      case "WAITING", "TIMED_WAITING" ->
          blocker == null ? "waits" : "waits for a " + className(blocker);
      default -> state.toLowerCase(Locale.ROOT);
    };
  }

  private static String className(String blocker) {
    if (blocker == null) {
      return "object";
    }
    String name = blocker.substring(0, (blocker + "@").indexOf('@'));
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static String line(List<String> stack) {
    List<String> frames = stack.stream().map(Place::withoutModule).toList();
    return frames.stream()
        .filter(frame -> !isForeign(frame))
        .findFirst()
        .or(() -> frames.stream().filter(frame -> frame.startsWith(TOOLKIT)).findFirst())
        .or(() -> frames.stream().findFirst())
        .orElse("");
  }

  /** Whether a frame is of the JDK or of the toolkit. */
  static boolean isForeign(String frame) {
    return FOREIGN.matcher(frame).lookingAt();
  }

  private static String withoutModule(String frame) {
    return frame.substring(frame.lastIndexOf('/', frame.indexOf('(')) + 1);
  }

  /** {@return both in words, for a line of text} */
  @Override
  public String toString() {
    return line.isEmpty() ? activity : activity + " at " + line;
  }
}
