package io.plainweave.event;

import io.plainweave.text.Addresses;
import java.net.SocketAddress;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a handler stands.
 *
 * @param peer the address of its connection's peer
 * @param stack the stack of its thread, innermost call first; empty if the thread has just ended
 */
public record HandlerPosition(SocketAddress peer, List<StackTraceElement> stack) {
  private static final Pattern FOREIGN =
      Pattern.compile(
          "(java|javax|jdk|sun)\\."
              + "|io\\.plainweave\\.((admission|client|clock|context|event|framing|internal\\.\\w+|jmx"
              + "|kernel|messaging|protocol|proxyprotocol|server|status|text|tls|trace|udp)\\.)?\\p{Upper}");

  /** Copies the stack. */
  public HandlerPosition {
    stack = List.copyOf(stack);
  }

  /**
   * Returns where a thread stands.
   *
   * @param peer the address of its connection's peer
   * @param handler the thread, if there is one
   * @return the position, or null if it does not run
   */
  public static @Nullable HandlerPosition of(SocketAddress peer, @Nullable Thread handler) {
    return handler == null || !handler.isAlive()
        ? null
        : new HandlerPosition(peer, List.of(handler.getStackTrace()));
  }

  /**
   * Returns the innermost line that is neither the JDK's nor Plainweave's: the handler's own.
   *
   * @return for example {@code app.Chat.handle(Chat.java:42)}
   */
  public String line() {
    return lineOf(stack);
  }

  static String lineOf(List<StackTraceElement> stack) {
    return stack.stream()
        .filter(frame -> !isForeign(frame.getClassName()))
        .findFirst()
        .or(() -> stack.stream().findFirst())
        .map(StackTraceElement::toString)
        .orElse("ended");
  }

  private static boolean isForeign(String className) {
    return FOREIGN.matcher(className).lookingAt();
  }

  /** Returns the peer and the line. */
  @Override
  public String toString() {
    return Addresses.format(peer) + " at " + line();
  }
}
