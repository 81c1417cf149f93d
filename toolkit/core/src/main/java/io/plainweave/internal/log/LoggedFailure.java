package io.plainweave.internal.log;

import io.plainweave.text.OneLine;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A failure as it is logged where its own message, or that of one behind it, is no single line: a
 * peer that can choose it ({@code For input string: "..."}) could forge a line of the log, or have
 * the terminal of its reader obey it. It has the class name and the message of the failure, in one
 * line, its stack trace, its cause and what is suppressed in it.
 *
 * <p>A logger that asks for the class and not for the text shows the name of this class before that
 * of the other.
 */
final class LoggedFailure extends Throwable {
  /** What is longer, is cut: a peer is not to fill the log. */
  private static final int LONGEST = 2_000;

  private static final long serialVersionUID = 1;

  private LoggedFailure(String description) {
    super(description);
  }

  /** The failure, if it can be logged as it is, or else what is logged in its place. */
  static Throwable of(Throwable failure) {
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    return isFine(failure, seen) ? failure : copy(failure, new IdentityHashMap<>());
  }

  private static boolean isFine(@Nullable Throwable failure, Set<Throwable> seen) {
    if (failure == null || !seen.add(failure)) {
      return true;
    }
    boolean isFine = isOneLine(failure) && isFine(failure.getCause(), seen);
    for (Throwable suppressed : failure.getSuppressed()) {
      isFine = isFine && isFine(suppressed, seen);
    }
    return isFine;
  }

  private static boolean isOneLine(Throwable failure) {
    try {
      String text = String.valueOf(failure.toString());
      return text.length() <= LONGEST
          && OneLine.isOne(text)
          && OneLine.isOne(String.valueOf(failure.getMessage()));
    } catch (RuntimeException noMessage) {
      return false;
    }
  }

  /** Copies all of it, also what is fine: that may lead back to what is not. */
  private static LoggedFailure copy(Throwable failure, Map<Throwable, LoggedFailure> copies) {
    LoggedFailure known = copies.get(failure);
    if (known != null) {
      return known;
    }
    var copy = new LoggedFailure(describe(failure));
    copies.put(failure, copy);
    copy.setStackTrace(failure.getStackTrace());
    Throwable cause = failure.getCause();
    if (cause != null) {
      copy.initCause(copy(cause, copies));
    }
    for (Throwable suppressed : failure.getSuppressed()) {
      copy.addSuppressed(copy(suppressed, copies));
    }
    return copy;
  }

  /** Its class and its message; an exception may fail when it is asked for that. */
  private static String describe(Throwable failure) {
    try {
      return cut(String.valueOf(failure.toString()));
    } catch (RuntimeException noMessage) {
      return failure.getClass().getName() + " (" + noMessage.getClass().getName() + ")";
    }
  }

  /** One line of a text, and not too much of it. */
  private static String cut(String text) {
    return OneLine.of(text.length() > LONGEST ? text.substring(0, LONGEST) + "..." : text);
  }

  @Override
  public Throwable fillInStackTrace() {
    return this; // it has that of the failure
  }

  @Override
  @SuppressWarnings("OverrideThrowableToString") // it is to look like the failure
  public String toString() {
    return String.valueOf(getMessage());
  }
}
