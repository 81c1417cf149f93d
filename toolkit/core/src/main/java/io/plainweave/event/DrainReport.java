package io.plainweave.event;

import java.time.Duration;
import java.util.List;

/**
 * What has become of the connections that were open when a drain began, and of the UDP sessions and
 * the handlers of datagrams, which count as such.
 *
 * @param finished how many have ended by themselves
 * @param forced how many were cancelled when the time had run out
 * @param forcedAt where the forced ones stood at that moment; the first hundred of them
 * @param survivors those of the forced that have ignored the cancellation, and where they stand:
 *     their sockets are closed, but their threads go on
 * @param tasks the background tasks that have not ended, and where they stand: their threads go on
 * @param elapsed from the beginning of the drain to this report
 */
public record DrainReport(
    int finished,
    int forced,
    List<HandlerPosition> forcedAt,
    List<HandlerPosition> survivors,
    List<TaskPosition> tasks,
    Duration elapsed) {
  /** Copies the lists. */
  public DrainReport {
    forcedAt = List.copyOf(forcedAt);
    survivors = List.copyOf(survivors);
    tasks = List.copyOf(tasks);
  }
}
