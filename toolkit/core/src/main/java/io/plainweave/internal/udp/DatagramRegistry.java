package io.plainweave.internal.udp;

import io.plainweave.event.ServerObserver;
import io.plainweave.internal.time.Ticks;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Knows the datagram listeners of a server, and every handler that is at work for one of them. */
public final class DatagramRegistry {
  private static final int BEAT = (int) TimeUnit.SECONDS.toMillis(1) / Ticks.MILLIS;

  private final List<DatagramService.Place> places;
  private final Set<DatagramRun> runs = ConcurrentHashMap.newKeySet();

  /** Set once, when all are bound. */
  private volatile List<DatagramListener> listeners = List.of();

  public DatagramRegistry(List<DatagramService.Place> places) {
    this.places = List.copyOf(places);
  }

  /**
   * Binds all listeners or none.
   *
   * @param tcp where the server listens by TCP
   */
  public void bind(List<InetSocketAddress> tcp) throws IOException {
    List<DatagramListener> bound = new ArrayList<>();
    boolean complete = false;
    try {
      for (DatagramService.Place place : places) {
        bound.addAll(DatagramListeners.bind(place, tcp, this));
      }
      listeners = List.copyOf(bound);
      complete = true;
    } finally {
      if (!complete) {
        bound.forEach(DatagramListener::close);
      }
    }
  }

  /** How many receivers there are. */
  public int receivers() {
    return listeners.stream().mapToInt(listener -> listener.sockets().size()).sum();
  }

  /** Those that are bound, in the order of their descriptions; empty before. */
  public List<DatagramListener> listeners() {
    return listeners;
  }

  void add(DatagramRun run) {
    runs.add(run);
  }

  void remove(DatagramRun run) {
    runs.remove(run);
  }

  /** Calls the action for all that are at work, and perhaps for some that come or go meanwhile. */
  public void forEach(Consumer<? super DatagramRun> action) {
    runs.forEach(action);
  }

  /**
   * Looks at the time, and once a second at what was dropped; called by the reaper.
   *
   * @param idleTicks after how long without a datagram a session ends
   */
  public void check(int idleTicks, ServerObserver observer, int now) {
    listeners.forEach(DatagramListener::countRefused);
    forEach(run -> run.check(idleTicks, now));
    if (now % BEAT == 0) {
      listeners.forEach(DatagramListener::lookForAddresses);
      listeners.forEach(listener -> listener.tellDrops(observer, now));
    }
  }

  /** Whether a datagram from there is from one of our own sockets. */
  boolean isOwn(InetSocketAddress address) {
    for (DatagramListener listener : listeners) {
      if (listener.isAt(address)) {
        return true;
      }
    }
    return false;
  }

  /** Takes nothing new from now on, and ends what waits for something new. */
  public void finish() {
    listeners.forEach(DatagramListener::finish);
  }

  /** Closes the sockets, when nobody uses them any more, and reports what was dropped at last. */
  public void close(ServerObserver observer) {
    listeners.forEach(DatagramListener::close);
    listeners.forEach(listener -> listener.tellLastDrops(observer));
  }

  /** How many handlers are at work. */
  public int handlers() {
    return listeners.stream().mapToInt(DatagramListener::handlers).sum();
  }
}
