package io.plainweave.internal.recording;

import io.plainweave.CloseReason;
import io.plainweave.text.OneLine;
import java.util.List;
import java.util.stream.Collectors;

/** Text as it is recorded: one line, and not too much of it, since a peer may have chosen it. */
final class Shown {
  private static final int LONGEST = 500;
  private static final int MOST_PLACES = 20;

  private Shown() {}

  static String text(String text) {
    return OneLine.of(text.length() > LONGEST ? text.substring(0, LONGEST) + "..." : text);
  }

  /** Class and message; an exception of a handler may fail when it is asked for that. */
  static String failure(Throwable failure) {
    try {
      return text(String.valueOf(failure.toString()));
    } catch (RuntimeException noMessage) {
      return failure.getClass().getName() + " (" + noMessage.getClass().getName() + ")";
    }
  }

  /** The kind of a reason, by which ends can be counted. */
  static String kind(CloseReason reason) {
    return reason.getClass().getSimpleName();
  }

  /** What there is to say beside the kind, or empty. */
  static String detail(CloseReason reason) {
    return switch (reason) {
      case CloseReason.TimedOut(var limit) -> limit.name();
      case CloseReason.Refused(var refusal) -> refusal.name();
      case CloseReason.Aborted(var text) -> text(text);
      case CloseReason.EndedByOperator(var text) -> text(text);
      case CloseReason.PeerReset(var cause) -> failure(cause);
      case CloseReason.Truncated(var cause) -> failure(cause);
      case CloseReason.Malformed(var cause) -> failure(cause);
      case CloseReason.TlsFailed(var cause) -> failure(cause);
      case CloseReason.UpstreamFailed(var cause) -> failure(cause);
      case CloseReason.HandlerFailed(var failure) -> failure(failure);
      case CloseReason.Finished _,
          CloseReason.Drained _,
          CloseReason.PeerFinished _,
          CloseReason.SlowPeer _,
          CloseReason.Cancelled _ ->
          "";
    };
  }

  /** Where handlers or tasks stand, the first of them. */
  static String places(List<?> positions) {
    return OneLine.of(
        positions.stream()
            .limit(MOST_PLACES)
            .map(String::valueOf)
            .collect(Collectors.joining(", ")));
  }
}
