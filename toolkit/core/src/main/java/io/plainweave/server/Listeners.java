package io.plainweave.server;

import io.plainweave.InheritedListen;
import io.plainweave.event.ServerEvent;
import io.plainweave.internal.socket.Listener;
import io.plainweave.internal.time.Ticks;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a server takes connections, from the bind to the end: some more while it runs, some less,
 * and in the drain first those of the service, then those for administration.
 */
final class Listeners {
  /** What an acceptor gets to take what waits in the backlog. */
  private static final int ACCEPTING = 300 / Ticks.MILLIS;

  /**
   * A socket that listens, and the home of the connections that it takes, which it shares with the
   * other sockets of the same description.
   */
  static final class Bound {
    private final Listener listener;
    private final ServerHome home;

    // Set once, by whoever ends it: the tick before the flag that says so.

    private int finishingSince;
    private volatile boolean finishing;

    /** Set once, by whoever takes it away from the server. */
    private volatile boolean removed;

    private Bound(Listener listener, ServerHome home) {
      this.listener = listener;
      this.home = home;
    }

    Listener listener() {
      return listener;
    }

    ServerHome home() {
      return home;
    }

    /** Ends it, but for what waits in its backlog. It allocates nothing. */
    private void finish() {
      if (!finishing) {
        finishingSince = home.ticks().now();
        finishing = true;
      }
      home.admission().finish(home.limit());
      listener.finish();
    }

    private void close() {
      listener.close();
      home.admission().close(home.limit());
    }

    private void closeIfOver(int now) {
      if (finishing && now - finishingSince >= ACCEPTING) {
        close();
      }
    }
  }

  /** Sockets whose acceptors the owner of their scope is to start, and what says that it has. */
  private record Added(List<Bound> sockets, CompletableFuture<Void> started) {}

  private final List<ServerHome.ListenPlace> places;
  private final ServerHome home;
  private final Lifecycle lifecycle;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** All that are not closed, the ones that were removed included; replaced under lock. */
  private volatile List<Bound> all = List.of();

  /** Guarded by lock. */
  private final Queue<Added> toStart = new ArrayDeque<>();

  /** Whether no more come: they finish, or the server has ended by itself. Written under lock. */
  private boolean over;

  Listeners(List<ServerHome.ListenPlace> places, ServerHome home, Lifecycle lifecycle) {
    this.places = places;
    this.home = home;
    this.lifecycle = lifecycle;
  }

  /** Binds those of the builder, all or none. */
  void bind() throws IOException {
    for (ServerHome.ListenPlace place : places) {
      add(bind(place));
    }
  }

  private List<Bound> bind(ServerHome.ListenPlace place) throws IOException {
    List<Listener> sockets = home.surroundings().network().bind(place.listen());
    ServerHome own = home.of(place, sockets.getFirst().address());
    String name = place.listen().name();
    sockets.forEach(socket -> home.observer().named(socket.address(), name));
    return sockets.stream().map(socket -> new Bound(socket, own)).toList();
  }

  private void add(List<Bound> sockets) {
    lock.lock();
    try {
      all = Stream.concat(all.stream(), sockets.stream()).toList();
    } finally {
      lock.unlock();
    }
  }

  // What there is

  /** Whether one of the builder's is the socket with which the process was started. */
  boolean inherit() {
    return places.stream().anyMatch(place -> place.listen() instanceof InheritedListen);
  }

  /** Those that were not removed, in the order of their descriptions; empty before the bind. */
  List<Bound> bound() {
    return all.stream().filter(each -> !each.removed).toList();
  }

  List<Listener> sockets() {
    return bound().stream().map(Bound::listener).toList();
  }

  List<SocketAddress> addresses() {
    return bound().stream().map(each -> each.listener.address()).distinct().toList();
  }

  List<InetSocketAddress> tcpAddresses() {
    return addresses().stream()
        .filter(InetSocketAddress.class::isInstance)
        .map(InetSocketAddress.class::cast)
        .toList();
  }

  /** As {@link Server#port()}. */
  int port() {
    return tcpAddresses().stream()
        .map(InetSocketAddress::getPort)
        .findFirst()
        .orElseThrow(() ->
            new IllegalStateException(
                "the server has no TCP listener, or was not started; it listens on " + sockets()));
  }

  /** The homes of the listeners at an address: one, or more if they share the port. */
  List<ServerHome> homesAt(SocketAddress listener) {
    List<ServerHome> found =
        bound().stream()
            .filter(each -> each.listener.address().equals(listener))
            .map(Bound::home)
            .toList();
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "the server does not listen on " + listener + ", but on " + addresses());
    }
    return found;
  }

  // While the server runs

  /** Adds a listener, and returns the first of its addresses when it accepts. */
  SocketAddress listen(ServerHome.ListenPlace place) throws IOException, InterruptedException {
    ensureRunning();
    List<Bound> sockets = bind(place);
    boolean complete = false;
    try {
      var started = new CompletableFuture<Void>();
      ask(new Added(sockets, started));
      started.get();
      complete = true;
    } catch (ExecutionException e) {
      throw new IOException("cannot accept on " + place.listen(), e.getCause());
    } finally {
      if (!complete) {
        sockets.forEach(this::withdraw);
        sockets.forEach(Bound::close);
      }
    }
    sockets.forEach(each -> tellListening(each.listener.address()));
    return sockets.getFirst().listener.address();
  }

  private void ensureRunning() {
    ServerState state = lifecycle.state();
    if (state != ServerState.RUNNING) {
      throw new IllegalStateException(
          "listeners are added and removed while a server runs, and this one is " + state);
    }
  }

  private void ask(Added added) {
    lock.lock();
    try {
      if (over) {
        throw new IllegalStateException("the server drains: no listener begins in it");
      }
      add(added.sockets);
      toStart.add(added);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Removes the listeners at an address, with all their addresses. Their connections go on. */
  void remove(SocketAddress address) {
    List<ServerHome> homes = homesAt(address);
    ensureRunning();
    List<Bound> sockets = all.stream().filter(each -> homes.contains(each.home)).toList();
    sockets.forEach(this::withdraw);
    sockets.forEach(Bound::finish);
  }

  private void withdraw(Bound socket) {
    socket.removed = true;
    socket.home.admission().remove(socket.home.limit());
  }

  /**
   * Starts acceptors as they are asked for, until no more come.
   *
   * @param start starts those of one socket, in the calling thread, which owns their scope
   */
  void startAdded(Consumer<Bound> start) throws InterruptedException {
    try {
      for (Added added; (added = awaitAdded()) != null; ) {
        try {
          added.sockets.forEach(start);
          added.started.complete(null);
        } catch (RuntimeException | Error e) {
          // The one who has asked for it has to know, and the others go on.
          added.started.completeExceptionally(e);
        }
      }
    } finally {
      refuseAdded();
    }
  }

  private @Nullable Added awaitAdded() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (toStart.isEmpty() && !over) {
        changed.await();
      }
      return toStart.poll();
    } finally {
      lock.unlock();
    }
  }

  /** Tells those whose acceptors were not started that they will not be. */
  private void refuseAdded() {
    end();
    lock.lock();
    try {
      for (Added left; (left = toStart.poll()) != null; ) {
        left.started.completeExceptionally(new IllegalStateException("the server has ended"));
      }
    } finally {
      lock.unlock();
    }
  }

  /** Tells that they are bound. */
  void tellListening() {
    addresses().forEach(this::tellListening);
  }

  private void tellListening(SocketAddress address) {
    home.observer().onEvent(new ServerEvent.Listening(address));
  }

  // The end

  /** Lets no more listeners begin; whoever owns the scope of the acceptors waits for their end. */
  void end() {
    lock.lock();
    try {
      over = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends those of the service, but for what waits in their backlogs, and those of UDP. */
  void finishService() {
    end();
    for (Bound each : all) {
      if (!each.home.isAdmin()) {
        each.finish();
      }
    }
    home.datagrams().finish();
  }

  private void finishAdmin() {
    home.drain().finishAdmin();
    for (Bound each : all) {
      each.finish();
    }
  }

  /** Ends those whose time has come; called by the reaper. */
  void check(int now) {
    if (home.drain().finishesListeners(now)) {
      finishService();
      if (!lifecycle.isServing()) {
        finishAdmin();
      }
    }
    boolean removed = false;
    for (Bound each : all) {
      each.closeIfOver(now);
      removed |= each.removed;
    }
    if (removed) {
      forgetRemoved();
    }
  }

  private void forgetRemoved() {
    lock.lock();
    try {
      List<Bound> left = new ArrayList<>(all);
      left.removeIf(each -> each.removed && !each.listener.isOpen());
      all = List.copyOf(left);
    } finally {
      lock.unlock();
    }
  }

  /** Closes and forgets all, since the server does not start. */
  void abandon() {
    close();
    lock.lock();
    try {
      all = List.of();
    } finally {
      lock.unlock();
    }
  }

  /** Closes all, at once. */
  void close() {
    end();
    all.forEach(Bound::close);
    home.datagrams().finish();
  }
}
