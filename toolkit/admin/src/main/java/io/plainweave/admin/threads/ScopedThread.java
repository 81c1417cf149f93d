package io.plainweave.admin.threads;

import java.util.List;

/**
 * A thread of a {@link ThreadTree}.
 *
 * @param id its number in the process, {@link Thread#threadId()}
 * @param name its name; empty for none
 * @param isVirtual whether it is a virtual thread
 * @param place what it does or waits for, and where
 * @param scopes those that it has opened and not closed
 */
public record ScopedThread(
    long id, String name, boolean isVirtual, Place place, List<ThreadScope> scopes) {
  /** Describes a thread. */
  public ScopedThread {
    scopes = List.copyOf(scopes);
  }
}
