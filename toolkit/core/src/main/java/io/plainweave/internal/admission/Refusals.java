package io.plainweave.internal.admission;

import io.plainweave.admission.Refusal;
import io.plainweave.event.ServerEvent;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.log.Log;
import io.plainweave.internal.time.Cooldown;
import io.plainweave.internal.time.Ticks;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Turns connections away without a thread, and tells how many. One that is told goodbye stays open
 * for a moment, for the reason for which every connection lingers (RFC 9112, section 9.6); the
 * reaper reads and drops meanwhile what the client sends.
 */
public final class Refusals {
  /** In a flood, what the clients read is not worth more descriptors than this. */
  private static final int MOST_LINGERING = 64;

  private static final int LINGER_TICKS = 1_000 / Ticks.MILLIS;
  private static final int LINGER_BYTES = 64 * 1024;

  /** What is told as one. */
  private record Kind(SocketAddress listener, Refusal reason) {}

  /** How many of a kind are to be told. */
  private static final class Tally {
    private final Cooldown cooldown = new Cooldown();
    private SocketAddress latest;
    private int count;

    private Tally(SocketAddress latest) {
      this.latest = latest;
    }
  }

  private record Lingering(SocketChannel channel, int until) {}

  private final Ticks ticks;
  private final ServerObserver observer;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by lock. */
  private final Map<Kind, Tally> tallies = new HashMap<>();

  /** How many there were for each reason, told or not; guarded by lock. */
  private final Map<Refusal, Long> totals = new EnumMap<>(Refusal.class);

  /** The oldest first; guarded by lock. */
  private final Deque<Lingering> lingering = new ArrayDeque<>();

  /** Guarded by lock. */
  private final ByteBuffer dropped = ByteBuffer.allocateDirect(8 * 1024);

  /** Guarded by lock. */
  private boolean closed;

  Refusals(Ticks ticks, ServerObserver observer) {
    this.ticks = ticks;
    this.observer = observer;
  }

  /** Counts a refused connection. */
  public void count(SocketAddress listener, Refusal reason, SocketAddress remote) {
    lock.lock();
    try {
      // No lambdas, as in check: the first refusal may be for want of memory.
      var kind = new Kind(listener, reason);
      Tally tally = tallies.get(kind);
      if (tally == null) {
        tally = new Tally(remote);
        tallies.put(kind, tally);
      }
      tally.latest = remote;
      tally.count++;
      Long before = totals.get(reason);
      totals.put(reason, before == null ? 1 : before + 1);
    } finally {
      lock.unlock();
    }
  }

  /** How many there were, for each reason for which there were any. */
  public Map<Refusal, Long> totals() {
    lock.lock();
    try {
      return Map.copyOf(totals);
    } finally {
      lock.unlock();
    }
  }

  /** Ends an accepted channel, without waiting for anything. */
  public void turnAway(SocketChannel channel, ByteBuffer goodbye) {
    lock.lock();
    try {
      if (!goodbye.hasRemaining() || closed || !say(goodbye, channel)) {
        reset(channel);
        return;
      }
      lingering.add(new Lingering(channel, ticks.now() + LINGER_TICKS));
      if (lingering.size() > MOST_LINGERING) {
        Lingering oldest = lingering.remove();
        dropInput(oldest.channel);
        close(oldest.channel);
      }
    } finally {
      lock.unlock();
    }
  }

  private static boolean say(ByteBuffer goodbye, SocketChannel channel) {
    try {
      channel.configureBlocking(false);
      channel.write(goodbye);
      channel.shutdownOutput();
      return true;
    } catch (IOException gone) {
      return false;
    }
  }

  private void reset(SocketChannel channel) {
    try {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException gone) {
      // There is nobody to reset any more.
    }
    close(channel);
  }

  private void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is gone all the same (close(2)).
      Log.closeFailed(channel, e);
    }
  }

  /** Reads what is there; true if the client has finished, is gone, or sends more than is read. */
  private boolean dropInput(SocketChannel channel) {
    try {
      for (int left = LINGER_BYTES; left > 0; ) {
        dropped.clear();
        int count = channel.read(dropped);
        if (count == 0) {
          return false;
        }
        left = count < 0 ? 0 : left - count;
      }
    } catch (IOException gone) {
      // As good as finished.
    }
    return true;
  }

  /** Closes those that have lingered enough, and reports what is due; called by the reaper. */
  void check(int now) {
    List<ServerEvent> told = new ArrayList<>();
    lock.lock();
    try {
      // No lambdas: they would be linked for good or ill when memory may be short for the first
      // time.
      for (Iterator<Lingering> all = lingering.iterator(); all.hasNext(); ) {
        Lingering one = all.next();
        if (dropInput(one.channel) || now - one.until >= 0) {
          close(one.channel);
          all.remove();
        }
      }
      for (Map.Entry<Kind, Tally> entry : tallies.entrySet()) {
        Kind kind = entry.getKey();
        Tally tally = entry.getValue();
        if (tally.count > 0 && (closed || tally.cooldown.isOver(now))) {
          told.add(
              new ServerEvent.ConnectionsRefused(
                  kind.listener, kind.reason, tally.count, tally.latest));
          tally.count = 0;
        }
      }
    } finally {
      lock.unlock();
    }
    for (ServerEvent event : told) {
      observer.onEvent(event);
    }
  }

  /** Lets nobody linger any more, and reports the rest; called by the reaper at its end. */
  public void close(int now) {
    lock.lock();
    try {
      closed = true;
      for (Lingering one : lingering) {
        close(one.channel);
      }
      lingering.clear();
    } finally {
      lock.unlock();
    }
    check(now);
  }
}
