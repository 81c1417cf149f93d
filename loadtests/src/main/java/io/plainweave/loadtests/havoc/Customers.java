package io.plainweave.loadtests.havoc;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** The good clients of a round: as many conversations at a time as threads, one after another. */
final class Customers {
  private static final int MOST_TOLD = 20;
  private static final long AFTER_A_FAILURE_NANOS = 20_000_000;

  private final Place place;
  private final long seed;
  private final AtomicLong next = new AtomicLong();
  private final Map<Long, Conversation> active = new ConcurrentHashMap<>();
  private final List<Window> windows = new CopyOnWriteArrayList<>();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private final List<Thread> threads = new ArrayList<>();
  private final Map<Work, AtomicLong> whole = new EnumMap<>(Work.class);
  private final AtomicLong touched = new AtomicLong();
  private final AtomicLong inWindows = new AtomicLong();
  private final BlowCounts blows;

  private volatile boolean over;

  /**
   * Makes them; nobody begins yet.
   *
   * @param first the number of the first conversation: those of other processes have others
   */
  Customers(Place place, long seed, long first, BlowCounts blows) {
    this.place = place;
    this.seed = seed;
    this.blows = blows;
    next.set(first);
    for (Work work : Work.values()) {
      whole.put(work, new AtomicLong());
    }
  }

  void begin(int count) {
    for (int i = 0; i < count; i++) {
      int number = i;
      threads.add(Thread.ofVirtual().name("customer " + i).start(() -> goOn(number)));
    }
  }

  private void goOn(int customer) {
    var random = new Random(seed * 31 + customer);
    Work[] works = Work.values();
    while (!over) {
      talk(works[random.nextInt(works.length)]);
    }
  }

  private void talk(Work work) {
    var conversation = new Conversation(next.getAndIncrement(), work, place);
    active.put(conversation.number, conversation);
    IOException broken = null;
    try {
      conversation.lead();
    } catch (WrongBytes e) {
      tell(conversation + " got wrong bytes: " + e.getMessage());
      return;
    } catch (IOException e) {
      broken = e;
    } catch (RuntimeException e) {
      tell(conversation + " failed: " + e);
      return;
    } finally {
      conversation.ended();
      active.remove(conversation.number);
    }
    judge(conversation, broken);
  }

  private void judge(Conversation conversation, IOException broken) {
    Blow blow = conversation.blow;
    if (blow != null) {
      touched.incrementAndGet();
      blows.came(blow, broken == null ? "had its bytes all the same" : "cut");
      return;
    }
    if (broken == null) {
      whole.get(conversation.work).incrementAndGet();
      return;
    }
    boolean excused = false;
    for (Window window : windows) {
      excused |= window.excuses(conversation);
    }
    if (excused) {
      inWindows.incrementAndGet();
      LockSupport.parkNanos(AFTER_A_FAILURE_NANOS);
    } else {
      tell(
          "%s was broken after %d ms, and nobody has touched it: %s"
              .formatted(
                  conversation, (System.nanoTime() - conversation.begin) / 1_000_000, broken));
      LockSupport.parkNanos(AFTER_A_FAILURE_NANOS);
    }
  }

  private void tell(String what) {
    if (wrong.size() < MOST_TOLD) {
      wrong.add(what);
    }
  }

  /** Those that go on now. */
  Collection<Conversation> active() {
    return active.values();
  }

  /** Adds a time that excuses failures. */
  Window open(Window window) {
    windows.add(window);
    return window;
  }

  /** Lets all end the conversation that they have begun; says which do not. */
  void end(Duration within) throws InterruptedException {
    over = true;
    long deadline = System.nanoTime() + within.toNanos();
    for (Thread thread : threads) {
      long left = deadline - System.nanoTime();
      if (!thread.join(Duration.ofNanos(Math.max(1, left)))) {
        // It is one of the active ones.
        break;
      }
    }
    for (Conversation stuck : active.values()) {
      blows.note("stuck: " + stuck + (stuck.blow == null ? "" : " after " + stuck.blow));
      if (stuck.blow == null) {
        tell(stuck + " does not get on");
      }
      stuck.interrupt();
    }
    for (Thread thread : threads) {
      thread.join(Duration.ofSeconds(5));
    }
  }

  /** What no blow excuses. */
  Collection<String> wrong() {
    return wrong;
  }

  /** How many conversations have had exactly their bytes, untouched. */
  long whole(Work work) {
    return whole.get(work).get();
  }

  /** How many conversations somebody has aimed at. */
  long touched() {
    return touched.get();
  }

  /** How many were broken while something was done that may break them. */
  long brokenInWindows() {
    return inWindows.get();
  }
}
