package io.plainweave.internal.connection;

import io.plainweave.AttachmentKey;
import io.plainweave.internal.time.DeadlineWait;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What few connections have, and few of them at a time: one value, replaced as a whole by any
 * thread and looked at by the reaper, so that all others have no field for each.
 *
 * @param scopes the open scopes
 * @param waits of threads that have a deadline
 * @param attachments what the program has attached, never modified
 */
public record Extras(
    OpenScopes scopes, List<DeadlineWait> waits, Map<AttachmentKey<?>, Object> attachments) {
  static final Extras NONE = new Extras(OpenScopes.NONE, List.of(), Map.of());

  Extras scopes(OpenScopes scopes) {
    return new Extras(scopes, waits, attachments).orNone();
  }

  Extras with(DeadlineWait begun) {
    return waits(Stream.concat(waits.stream(), Stream.of(begun)));
  }

  @SuppressWarnings("ReferenceEquality") // each wait is one of its own
  Extras without(DeadlineWait ended) {
    return waits(waits.stream().filter(wait -> wait != ended));
  }

  private Extras waits(Stream<DeadlineWait> waits) {
    return new Extras(scopes, waits.toList(), attachments).orNone();
  }

  /** With another attachment, or none by this key. */
  Extras attached(AttachmentKey<?> key, @Nullable Object value) {
    Map<AttachmentKey<?>, Object> changed = new HashMap<>(attachments);
    if (value == null) {
      changed.remove(key);
    } else {
      changed.put(key, value);
    }
    return new Extras(scopes, waits, Map.copyOf(changed)).orNone();
  }

  @SuppressWarnings("unchecked") // nothing else is attached by that key
  <T> Optional<T> attachment(AttachmentKey<T> key) {
    return Optional.ofNullable((T) attachments.get(key));
  }

  private Extras orNone() {
    return scopes.isEmpty() && waits.isEmpty() && attachments.isEmpty() ? NONE : this;
  }

  /** Ends what has taken too long, and wakes the owners if the connection has ended. */
  @SuppressWarnings("ReferenceEquality") // there is one that is empty
  void check(int now) {
    if (this != NONE) { // it is looked at in each connection, ten times a second
      waits.forEach(wait -> wait.check(now));
      scopes.check(now);
    }
  }

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

    /** Ends what has taken too long, and wakes the owners if the connection has ended. */
    public void check(int now) {
      all.forEach(scope -> scope.check(now));
    }
  }
}
