package io.plainweave.messaging;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an outbox has to send: messages in the order in which they came, of which some may be
 * dropped and some may not. Both kinds have a line of their own, numbered in common, so that
 * neither the next one to send nor the next one to drop is ever searched for.
 *
 * <p>It is used under the lock of its outbox.
 */
final class MessageQueue {
  /** The place of one message. */
  static final class Place {
    private final long number;
    private final @Nullable Object key;

    /** Null while it is kept for one that is not known yet. */
    private byte @Nullable [] message;

    /** The one behind it in its line. */
    private @Nullable Place next;

    private Place(long number, @Nullable Object key, byte @Nullable [] message) {
      this.number = number;
      this.key = key;
      this.message = message;
    }

    private int length() {
      return message == null ? 0 : message.length;
    }
  }

  /** Messages of one kind. */
  private static final class Line {
    private @Nullable Place first;
    private @Nullable Place last;
    private int size;
    private long bytes;

    void add(Place place) {
      if (last == null) {
        first = place;
      } else {
        last.next = place;
      }
      last = place;
      size++;
      bytes += place.length();
    }

    /** Takes the first one out, which is there. */
    Place poll() {
      Place place = first;
      if (place == null) {
        throw new AssertionError("nobody polls an empty line");
      }
      first = place.next;
      if (first == null) {
        last = null;
      }
      size--;
      bytes -= place.length();
      return place;
    }
  }

  /** What is to be sent, whatever happens. */
  private final Line kept = new Line();

  /** What may make room for others. */
  private final Line droppable = new Line();

  /** The droppable messages with a key; null until there is one. */
  private @Nullable Map<Object, Place> byKey;

  private long numbered;

  int size() {
    return kept.size + droppable.size;
  }

  long bytes() {
    return kept.bytes + droppable.bytes;
  }

  /** Whether the next message is there to be sent. */
  boolean isReady() {
    Place next = next();
    return next != null && next.message != null;
  }

  /**
   * Whether there is room for a message.
   *
   * @param key with which it replaces another one, if there is one of that key; or null
   */
  boolean hasRoomFor(byte[] message, @Nullable Object key, OutboxLimits limits) {
    Place before = withKey(key);
    return before == null
        ? limits.allow(size() + 1, bytes() + message.length)
        : limits.allow(size(), bytes() - before.length() + message.length);
  }

  /** Whether there is room for a message once all is dropped that may be. */
  boolean hasRoomAmongKept(byte[] message, OutboxLimits limits) {
    return limits.allow(kept.size + 1, kept.bytes + message.length);
  }

  /** Adds a message that is not to be dropped. */
  void add(byte[] message) {
    kept.add(new Place(numbered++, null, message));
  }

  /**
   * Adds a message that may be dropped.
   *
   * @param key with which it replaces another one in its place; or null
   * @return whether it has replaced one
   */
  boolean addDroppable(byte[] message, @Nullable Object key) {
    Place before = withKey(key);
    if (before != null) {
      droppable.bytes += message.length - before.length();
      before.message = message;
      return true;
    }
    var place = new Place(numbered++, key, message);
    droppable.add(place);
    if (key != null) {
      if (byKey == null) {
        byKey = new HashMap<>();
      }
      byKey.put(key, place);
    }
    return false;
  }

  /** Keeps a place for a message, behind which all that is added from now on has to wait. */
  Place reserve() {
    var place = new Place(numbered++, null, null);
    kept.add(place);
    return place;
  }

  /** Puts a message in the place that was kept for it. */
  void fill(Place place, byte[] message) {
    kept.bytes += message.length;
    place.message = message;
  }

  /** Takes the next message, or null if it is not there. */
  byte @Nullable [] poll() {
    Place next = next();
    if (next == null || next.message == null) {
      return null;
    }
    take(next == kept.first ? kept : droppable);
    return next.message;
  }

  /** Drops the message that has waited longest of those that may be dropped; there is one. */
  void dropOldest() {
    take(droppable);
  }

  private void take(Line line) {
    Place taken = line.poll();
    if (byKey != null && taken.key != null) {
      byKey.remove(taken.key);
    }
  }

  private @Nullable Place next() {
    Place one = kept.first;
    Place other = droppable.first;
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return one.number < other.number ? one : other;
  }

  private @Nullable Place withKey(@Nullable Object key) {
    return byKey == null || key == null ? null : byKey.get(key);
  }
}
