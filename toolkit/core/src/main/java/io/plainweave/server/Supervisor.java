package io.plainweave.server;

import io.plainweave.event.DrainReport;
import io.plainweave.event.ServerEvent;
import io.plainweave.internal.connection.Home;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.log.Log;
import io.plainweave.internal.process.StopSignals;
import io.plainweave.internal.process.Stoppable;
import io.plainweave.internal.process.Waiters;
import io.plainweave.internal.socket.PassedSockets;
import io.plainweave.internal.thread.LostWakeUps;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.thread.Shortage;
import io.plainweave.internal.udp.DatagramListener;
import io.plainweave.internal.udp.DatagramReceiver;
import io.plainweave.internal.udp.ReceiverSockets;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Binds the listeners of a server, starts its threads and owns them until all have ended:
 *
 * <pre>
 *   plainweave server           one thread for each poller, or the monitor of the event loops, which
 *   │                           owns their threads
 *   └─ plainweave background    one thread for each background task
 *      └─ plainweave listeners  acceptors or receivers for each listener, and the reaper
 *         ├─ listener …         one thread for each connection; each acceptor owns its own
 *         └─ datagram …         one thread for each session or datagram, owned by the receiver
 * </pre>
 */
final class Supervisor implements Stoppable {
  /** What a cancelled thread gets to clean up before {@link #drain()} goes on without it. */
  private static final Duration CANCEL_TIMEOUT = Duration.ofSeconds(1);

  private final Server server;
  private final Listeners listeners;
  private final ServerHome home;
  private final int maxCarriers;
  private final boolean stopOnSignal;
  private final Lifecycle lifecycle;

  /**
   * Why the server ended by itself, if it did: what was first, set by the thread that found out.
   */
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  /**
   * Who stops it with other services, and is told if it fails; set before any thread of it runs.
   */
  private volatile @Nullable Consumer<Throwable> owner;

  Supervisor(
      Server server,
      Listeners listeners,
      ServerHome home,
      int maxCarriers,
      boolean stopOnSignal,
      Lifecycle lifecycle) {
    this.server = server;
    this.listeners = listeners;
    this.home = home;
    this.maxCarriers = maxCarriers;
    this.stopOnSignal = stopOnSignal;
    this.lifecycle = lifecycle;
  }

  /** Binds all listeners or none; then the server is terminated. */
  void bind() throws IOException, InterruptedException {
    boolean complete = false;
    try {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      WarmUp.run();
      listeners.bind();
      home.datagrams().bind(listeners.tcpAddresses());
      home.pollers().open();
      if (Services.OWNER.isBound()) {
        owner = Services.OWNER.get();
      } else if (stopOnSignal) {
        StopSignals.add(this);
      }
      LostWakeUps.tell();
      PassedSockets.tell(listeners.inherit());
      ScopedValue.where(Home.CURRENT, home).run(this::tellListening);
      complete = true;
    } catch (ClosedByInterruptException e) {
      Thread.interrupted();
      var interrupted = new InterruptedException();
      interrupted.initCause(e);
      throw interrupted;
    } finally {
      if (!complete) {
        listeners.abandon();
        closeAll();
      }
    }
  }

  private void tellListening() {
    listeners.tellListening();
    for (DatagramListener listener : home.datagrams().listeners()) {
      home.observer().onEvent(new ServerEvent.Listening(listener.address()));
    }
    home.admission().reportIfLimited();
  }

  /** Closes what is bound, and terminates the server: no thread of it runs, or will. */
  private void closeAll() throws IOException {
    try {
      StopSignals.remove(this);
      listeners.close();
      home.datagrams().close(home.observer());
      home.pollers().close();
    } finally {
      home.traces().close();
      lifecycle.advanceTo(ServerState.TERMINATED);
    }
  }

  /** Starts the thread that owns all others, and waits until it accepts. */
  void start(Consumer<Runnable> thread) throws IOException, InterruptedException {
    try {
      thread.accept(this::superviseInBackground);
    } catch (OutOfMemoryError e) {
      // There may be no thread left for this process, or this user.
      note(e);
      closeAll();
    }
    try {
      lifecycle.await(ServerState.RUNNING, Long.MAX_VALUE);
    } catch (InterruptedException e) {
      server.shutdownNow();
      throw e;
    }
    if (lifecycle.state() == ServerState.TERMINATED) {
      throwFailure();
    }
  }

  /** Supervises for a caller, for whom the end of the process waits in turn. */
  void superviseOrFail() throws IOException, InterruptedException {
    try (var _ = stopOnSignal ? Waiters.begin(this) : null) {
      supervise();
    }
    throwFailure();
  }

  /** Waits until the server has terminated; so does the end of the process for the caller. */
  boolean awaitTermination(long nanos) throws InterruptedException {
    // Who only asks does not wait.
    try (var _ = stopOnSignal && nanos > 0 ? Waiters.begin(this) : null) {
      return lifecycle.await(ServerState.TERMINATED, nanos);
    }
  }

  /** As {@link Server#drain()}. */
  @SuppressWarnings("ReferenceEquality") // a home is itself only
  DrainReport drain() {
    beginToClose();
    if (Home.CURRENT.isBound() && Home.CURRENT.get() == home) {
      return home.drain().report(home);
    }
    try {
      lifecycle.await(ServerState.CANCELLING, Long.MAX_VALUE);
      lifecycle.await(ServerState.TERMINATED, CANCEL_TIMEOUT.toNanos());
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
    return home.drain().conclude(home);
  }

  /** Owns the server's scopes until everything in them has ended; then it is terminated. */
  private void supervise() throws InterruptedException {
    try {
      // Bound here once, it is inherited by all threads.
      home.surroundings()
          .bind(ScopedValue.where(Home.CURRENT, home))
          .call(() -> {
            superviseAll();
            return this;
          });
    } catch (RuntimeException | Error e) {
      note(e);
      throw e;
    } finally {
      lifecycle.advanceTo(ServerState.TERMINATED);
      home.drain().conclude(home);
    }
  }

  /** The same as the task of a thread that nobody waits for. */
  private void superviseInBackground() {
    try {
      supervise();
    } catch (InterruptedException e) {
      // Whoever interrupts this thread wants the server to be cancelled, and so it was.
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      Log.serverFailed(e);
    }
  }

  private void superviseAll() throws InterruptedException {
    // The pollers have the outer one, since a connection needs its poller to the last.
    try (Scope pollers = Scope.open("plainweave server", home.pollers().threads())) {
      try {
        home.pollers().start(pollers, this::threadFailed);
        superviseTasks();
      } finally {
        // What handlers have opened and left open, in a pool for example.
        home.registry().forEach(SocketConnection::closeSocket);
        home.registry().closeAdopted();
        home.pollers().stop();
        pollers.join();
      }
    } finally {
      listeners.close();
      home.datagrams().close(home.observer());
      closePollers();
      StopSignals.remove(this);
      home.traces().close();
      home.observer().close();
    }
  }

  /** Those that no thread has run, since it could not be started, are open still. */
  private void closePollers() {
    try {
      home.pollers().close();
    } catch (IOException e) {
      Log.closeFailed("a poller", e);
    }
  }

  /** The background tasks see the first connection come, and are interrupted after the last. */
  private void superviseTasks() throws InterruptedException {
    BackgroundTasks background = home.background();
    try (Scope tasks = Scope.open("plainweave background", Scope.virtualThreads())) {
      background.fork(tasks, this::taskFailed);
      try {
        superviseListeners();
      } finally {
        background.beginToEnd(lifecycle);
      }
      // What is left is cancelled, and waited for by the close.
      tasks.fork(() -> Scope.After.CANCEL);
      tasks.join();
    }
  }

  private void superviseListeners() throws InterruptedException {
    try (Scope scope = Scope.open("plainweave listeners", Thread.ofPlatform().factory())) {
      listeners.bound().forEach(each -> accept(scope, each));
      var datagramHome = new ServerDatagramHome(home, this, lifecycle);
      lifecycle.expect(home.datagrams().receivers(), false);
      for (DatagramListener listener : home.datagrams().listeners()) {
        for (ReceiverSockets sockets : listener.sockets()) {
          scope.fork(watched(new DatagramReceiver(listener, sockets, datagramHome)));
        }
      }
      // The reaper ends when the acceptors and receivers have, or when the server is to be
      // cancelled; its end cancels the scope.
      var watchdog = new CarrierWatchdog(home, maxCarriers);
      var backlogs = new BacklogWatch(listeners::sockets, home.observer(), home.ticks().now());
      var reaper = new Reaper(lifecycle, home, watchdog, backlogs, listeners::check);
      scope.fork(
          watched(() -> {
            try {
              return reaper.call();
            } finally {
              listeners.end();
            }
          }));
      if (!lifecycle.advanceTo(ServerState.RUNNING)) {
        // A shutdown came first, when there was no listener yet that it could finish.
        listeners.finishService();
      }
      try {
        listeners.startAdded(each -> accept(scope, each));
        scope.join();
      } catch (InterruptedException e) {
        server.shutdownNow();
        throw e;
      }
    }
  }

  /** Starts the acceptors of a socket, in the thread that owns the scope. */
  private void accept(Scope scope, Listeners.Bound bound) {
    boolean admin = bound.home().isAdmin();
    for (int i = 0; i < bound.listener().acceptors(); i++) {
      boolean binds = i == 0;
      lifecycle.expect(1, admin);
      boolean started = false;
      try {
        started =
            scope.fork(
                watched(
                    new Acceptor(bound.listener(), binds, this::failed, lifecycle, bound.home())));
      } finally {
        if (!started) {
          lifecycle.acceptorEnded(admin);
        }
      }
    }
  }

  /**
   * The task of a thread without which the server is none, and whose end is that of all others in
   * its scope if it fails, against all expectation.
   */
  private Scope.Task watched(Scope.Task task) {
    return () -> {
      try {
        return task.call();
      } catch (InterruptedException e) {
        return Scope.After.CANCEL;
      } catch (Throwable e) {
        threadFailed(e);
        return Scope.After.CANCEL;
      }
    };
  }

  /** Cancels the server, since a thread without which it is none has failed. */
  private void threadFailed(Throwable cause) {
    note(cause);
    end(true);
    Log.serverFailed(cause);
  }

  /** Cancels or drains the server, as soon as there is memory for that. */
  private void end(boolean cancels) {
    for (boolean ended = false; !ended; ) {
      try {
        if (cancels) {
          server.shutdownNow();
        } else {
          beginToClose();
        }
        ended = true;
      } catch (OutOfMemoryError e) {
        // It comes after a collection, and so not at once again.
        Shortage.see(e);
      }
    }
  }

  /**
   * Ends the server because a listener of it has failed: within the time to drain, since nobody may
   * be there to close it.
   */
  void failed(SocketAddress listener, Throwable cause) {
    note(cause);
    try {
      end(false);
    } finally {
      home.observer().onEvent(new ServerEvent.ListenerFailed(listener, cause));
    }
  }

  /** The same because of a background task. */
  private void taskFailed(String name, Throwable cause) {
    note(cause);
    try {
      end(false);
    } finally {
      home.observer().onEvent(new ServerEvent.BackgroundFailed(name, cause));
    }
  }

  /** Keeps the first failure; the others come with it, and may be its consequence. */
  @SuppressWarnings("ReferenceEquality") // none can be suppressed by itself
  private void note(Throwable cause) {
    Throwable first = failure.compareAndExchange(null, cause);
    Consumer<Throwable> told = owner;
    if (first == null && told != null) {
      told.accept(cause);
    }
    if (first != null && first != cause) {
      try {
        first.addSuppressed(cause);
      } catch (OutOfMemoryError e) {
        Shortage.see(e);
      }
    }
  }

  @Override
  public void beginToClose() {
    home.drain().limit();
    server.shutdown();
  }

  @Override
  public void close() {
    server.close();
  }

  @Override
  public void shutdownNow() {
    server.shutdownNow();
  }

  @Override
  public boolean hasTerminated() {
    return lifecycle.state() == ServerState.TERMINATED;
  }

  /** Why the server has ended by itself, if it has. */
  @Nullable Throwable failure() {
    return failure.get();
  }

  /** Throws why the server has ended by itself, if it has. */
  void throwFailure() throws IOException {
    Throwable cause = failure.get();
    if (cause != null) {
      throw new IOException("the server has ended by itself: " + cause, cause);
    }
  }
}
