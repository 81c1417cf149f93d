package io.plainweave.messaging;

import io.plainweave.internal.transport.Turn;
import java.util.Iterator;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Named peers to which the same messages go: a chat room, the subscribers of a topic, the players
 * of a game. A member is an {@link Outbox}; what happens when its peer is slow is its own policy.
 *
 * {@snippet file="io/plainweave/messaging/GroupTest.java" region="group"}
 *
 * <p><b>Order.</b> What one thread broadcasts reaches every member in the order in which it was
 * broadcast. What several threads broadcast at the same time may reach two members in different
 * orders; where all are to see one order, let one thread broadcast, or hold a lock meanwhile. Who
 * joins or leaves during a broadcast may get it or not.
 *
 * <p><b>Slow members.</b> A broadcast waits for no peer, unless a member has {@link
 * Outbox.Policy#BLOCK}, or {@link OutboxLimits#stall()}: then everybody waits for that one.
 *
 * <p>All methods may be called by any thread.
 */
public final class Group {
  /** One name in one group, as its outbox knows it. */
  record Member(Group group, String name) {
    /** Gives the name back, unless somebody else has it by now. */
    boolean leave(Outbox outbox) {
      return group.members.remove(name, outbox);
    }
  }

  private final ConcurrentHashMap<String, Outbox> members = new ConcurrentHashMap<>();

  /**
   * When the {@link Turn} of those who broadcast began, whoever they are: a rough count will do.
   */
  private int turnSince = Turn.NONE;

  /** Makes a group without members. */
  public Group() {}

  /**
   * Adds a member, unless there is one of that name. When its outbox is closed, for whatever
   * reason, it leaves by itself.
   *
   * @param name the member's name in this group
   * @param outbox gets what is broadcast from now on
   * @return false if the name is taken
   */
  public boolean join(String name, Outbox outbox) {
    if (members.putIfAbsent(name, outbox) != null) {
      return false;
    }
    var member = new Member(this, name);
    if (!outbox.queue().joined(member)) {
      member.leave(outbox);
    }
    return true;
  }

  /**
   * Adds a member and sends it a first message, before all that is broadcast from now on: where
   * things stand, to which the broadcasts are the changes. The message is asked for when the member
   * is in the group, and what is broadcast meanwhile waits behind it. So nothing is missed by a
   * member whose group hears of each change after it is made:
   *
   * {@snippet file="io/plainweave/messaging/GroupJoinTest.java" region="first"}
   *
   * <p>A change that is made meanwhile may be in the first message and be broadcast behind it, too.
   * Where it must not, hold a lock around the change and its broadcast, and in the supplier; it
   * must not wait for a broadcast in another way.
   *
   * @param name the member's name in this group
   * @param outbox gets the first message, however full it is, behind what was offered to it before
   * @param first returns the bytes of one message or several; called by this thread, once, unless
   *     the name is taken. If it throws, the member leaves, and that is thrown
   * @return false if the name is taken
   */
  public boolean join(String name, Outbox outbox, Supplier<byte[]> first) {
    MessageQueue.@Nullable Place place = outbox.queue().reserve();
    byte[] message = {};
    try {
      boolean joined = join(name, outbox);
      if (joined) {
        message = firstOf(name, outbox, first);
      }
      return joined;
    } finally {
      outbox.queue().fill(place, message);
    }
  }

  private byte[] firstOf(String name, Outbox outbox, Supplier<byte[]> first) {
    try {
      return first.get();
    } catch (RuntimeException | Error e) {
      leave(name, outbox);
      throw e;
    }
  }

  /**
   * Removes a member. Has no effect if it has left before, even when another one has its name now.
   *
   * @param name the member's name
   * @param outbox the member's outbox
   * @return false if it was no member any more
   */
  public boolean leave(String name, Outbox outbox) {
    var member = new Member(this, name);
    outbox.queue().left(member);
    return member.leave(outbox);
  }

  /**
   * Offers a message to every member.
   *
   * @param message the bytes to send, shared by all: nobody modifies them from now on
   * @throws InterruptedException if the thread is interrupted while it waits for a slow member;
   *     some members have the message then, others do not
   */
  public void broadcast(byte[] message) throws InterruptedException {
    for (Outbox member : members.values()) {
      member.offer(message);
    }
    goOn();
  }

  /**
   * Offers a message with a key to every member; see {@link Outbox#offer(Object, byte[])}.
   *
   * @param key with {@code equals} and {@code hashCode} for its value
   * @param message the bytes to send, shared by all: nobody modifies them from now on
   * @throws InterruptedException if the thread is interrupted while it waits for a slow member;
   *     some members have the message then, others do not
   */
  public void broadcast(Object key, byte[] message) throws InterruptedException {
    for (Outbox member : members.values()) {
      member.offer(key, message);
    }
    goOn();
  }

  /** Who broadcasts one message after another may never have to wait. */
  private void goOn() {
    Iterator<Outbox> all = members.values().iterator();
    if (all.hasNext()) {
      turnSince = all.next().goOn(turnSince);
    }
  }

  /**
   * Returns how many are in the group.
   *
   * @return the number at this moment
   */
  public int size() {
    return members.size();
  }

  /**
   * Returns who is in the group.
   *
   * @return the names, in order; a copy
   */
  public Set<String> names() {
    return new TreeSet<>(members.keySet());
  }
}
