package io.plainweave.loadtests.tree;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A thread of a dump.
 *
 * @param id its number in the process
 * @param name its name, empty for none
 * @param isVirtual whether it is a virtual thread
 * @param place what it does
 */
record DumpedThread(String id, String name, boolean isVirtual, Place place) {
  /** Neither the program's own code nor of a library that it uses. */
  private static final Pattern FOREIGN =
      Pattern.compile(
          "(java|javax|jdk|sun)\\."
              + "|io\\.plainweave\\.((admission|client|event|framing|internal\\.\\w+|kernel|messaging"
              + "|protocol|proxyprotocol|server|status|text|tls|udp)\\.)?\\p{Upper}");

  private static final String TOOLKIT = "io.plainweave.";

  /** What a thread waits for, by a method in its stack: the innermost one tells. */
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
   * What threads have in common that do the same.
   *
   * @param activity in words
   * @param line the innermost line of the program's own, or else of the toolkit, or of all
   */
  record Place(String activity, String line) {
    /**
     * Finds it.
     *
     * @param state as of {@link Thread.State}
     * @param stack innermost frame first, each with its module perhaps
     * @param blocker what it is parked at or blocked on, {@code CLASS@HASH}, if that is known
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
          .filter(frame -> !FOREIGN.matcher(frame).lookingAt())
          .findFirst()
          .or(() -> frames.stream().filter(frame -> frame.startsWith(TOOLKIT)).findFirst())
          .or(() -> frames.stream().findFirst())
          .orElse("");
    }

    private static String withoutModule(String frame) {
      return frame.substring(frame.lastIndexOf('/', frame.indexOf('(')) + 1);
    }

    @Override
    public String toString() {
      return line.isEmpty() ? activity : activity + " at " + line;
    }
  }
}
