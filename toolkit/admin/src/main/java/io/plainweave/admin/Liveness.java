package io.plainweave.admin;

import io.plainweave.event.HandlerPosition;
import io.plainweave.event.ServerEvent;
import io.plainweave.event.ServerObserver;
import io.plainweave.event.TaskPosition;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Whether virtual threads can run. The watchdog of the server starts one on the JDK's scheduler and
 * one on each event loop several times a second, from a thread of the platform, and tells when one
 * of them has not run for 1.5 seconds, and then again as long as it lasts: what it has told last is
 * what is known. Where all are kept, nobody could answer, and that says the same.
 */
final class Liveness implements ServerObserver {
  /** The watchdog repeats itself each 1.5 seconds: that is late, but not missed. */
  private static final long LASTS = Duration.ofMillis(2_500).toNanos();

  private static final int MOST_POSITIONS = 3;

  private record Stall(long toldAt, ServerEvent.CarriersBusy event) {}

  /** What was told last; set by the reaper, which has no time to write sentences. */
  private volatile @Nullable Stall latest;

  @Override
  public void onEvent(ServerEvent event) {
    if (event instanceof ServerEvent.CarriersBusy busy) {
      latest = new Stall(System.nanoTime(), busy);
    }
  }

  private static String sentence(ServerEvent.CarriersBusy busy) {
    List<String> kept =
        Stream.concat(
                busy.running().stream().map(HandlerPosition::line),
                busy.tasks().stream().map(TaskPosition::line))
            .limit(MOST_POSITIONS)
            .map(Shown::oneLine)
            .toList();
    return "virtual threads have not run for "
        + Shown.seconds(busy.waited())
        + (kept.isEmpty() ? "" : "; they are kept by " + String.join(", ", kept));
  }

  /** Why it is not live; empty if it is. */
  Optional<String> trouble() {
    Stall stall = latest;
    return stall == null || System.nanoTime() - stall.toldAt > LASTS
        ? Optional.empty()
        : Optional.of(sentence(stall.event));
  }
}
