package io.plainweave.internal.connection;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The open scopes of one connection, in the order of their opening: a value that is replaced as a
 * whole, since several threads of a handler may open scopes, and the reaper looks at them.
 *
 * @param all the scopes
 */
public record OpenScopes(List<ConnectionThreads> all) {
  static final OpenScopes NONE = new OpenScopes(List.of());

  OpenScopes with(ConnectionThreads opened) {
    List<ConnectionThreads> more = new ArrayList<>(all);
    more.add(opened);
    return new OpenScopes(more);
  }

  OpenScopes without(ConnectionThreads closed) {
    List<ConnectionThreads> rest = new ArrayList<>(all);
    rest.remove(closed);
    return rest.isEmpty() ? NONE : new OpenScopes(rest);
  }

  public boolean isEmpty() {
    return all.isEmpty();
  }

  /** Where the output is kept, or null; there is one at most. */
  @Nullable OutputBuffer outputBuffer() {
    for (int i = 0; i < all.size(); i++) {
      OutputBuffer buffer = all.get(i).outputBuffer();
      if (buffer != null) {
        return buffer;
      }
    }
    return null;
  }

  /** Whether one of them is being cancelled because its owner has left without a join. */
  boolean isAnyAbandoned() {
    return all.stream().anyMatch(ConnectionThreads::isAbandoned);
  }

  /** Fails if the calling thread has left a scope open. */
  void ensureOwnClosed() {
    if (all.stream().anyMatch(ConnectionThreads::isOwner)) {
      throw new IllegalStateException(
          "a scope was left open: openScope() belongs into a try-with-resources statement");
    }
  }

  /** Ends the threads of scopes that the calling thread has left open, the innermost first. */
  void closeOwn() {
    // Without a stream, for which there may be no memory.
    for (int i = all.size() - 1; i >= 0; i--) {
      ConnectionThreads scope = all.get(i);
      if (scope.isOwner()) {
        scope.close();
      }
    }
  }

  /** Ends what has taken too long, and tells the owners if the connection has ended. */
  public void check(int now) {
    all.forEach(scope -> scope.check(now));
  }
}
