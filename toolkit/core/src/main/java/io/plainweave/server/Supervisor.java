package io.plainweave.server;

import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.internal.connection.Home;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.log.Log;
import io.plainweave.internal.socket.Listener;
import io.plainweave.internal.thread.LostWakeUps;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.thread.Shortage;
import io.plainweave.internal.transport.Pollers;
import io.plainweave.internal.udp.DatagramListener;
import io.plainweave.internal.udp.DatagramReceiver;
import io.plainweave.internal.udp.ReceiverSockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.ClosedByInterruptException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Binds the listeners of a server, starts its threads and owns them until all have ended:
 *
 * <pre>
 *   plainweave server           one thread for each poller
 *   └─ plainweave listeners     acceptors or receivers for each listener, and the reaper
 *      ├─ listener …            one thread for each connection; each acceptor owns its own
 *      └─ datagram …            one thread for each session or datagram, owned by the receiver
 * </pre>
 */
final class Supervisor {
  private final Server server;
  private final List<Listen> listens;
  private final ServerHome home;
  private final int maxCarriers;
  private final boolean stopOnSignal;
  private final Lifecycle lifecycle;

  /** Set once, when all are bound. */
  private volatile List<Listener> listeners = List.of();

  /** Why the server ended by itself, if it did; set by the thread that found out. */
  private volatile @Nullable Throwable failure;

  Supervisor(
      Server server,
      List<Listen> listens,
      ServerHome home,
      int maxCarriers,
      boolean stopOnSignal,
      Lifecycle lifecycle) {
    this.server = server;
    this.listens = listens;
    this.home = home;
    this.maxCarriers = maxCarriers;
    this.stopOnSignal = stopOnSignal;
    this.lifecycle = lifecycle;
  }

  /** Binds all listeners or none; then the server is terminated. */
  void bind() throws IOException, InterruptedException {
    List<Listener> bound = new ArrayList<>();
    boolean complete = false;
    try {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      WarmUp.run();
      for (Listen listen : listens) {
        bound.addAll(Listener.bind(listen));
      }
      home.datagrams().bind(tcpAddresses(bound));
      home.pollers().open();
      listeners = List.copyOf(bound);
      if (stopOnSignal) {
        StopSignals.add(server);
      }
      LostWakeUps.tell();
      ScopedValue.where(Home.CURRENT, home).run(this::tellListening);
      complete = true;
    } catch (ClosedByInterruptException e) {
      Thread.interrupted();
      var interrupted = new InterruptedException();
      interrupted.initCause(e);
      throw interrupted;
    } finally {
      if (!complete) {
        close(bound);
      }
    }
  }

  private void tellListening() {
    addresses().forEach(address -> home.observer().onEvent(new ServerEvent.Listening(address)));
    for (DatagramListener listener : home.datagrams().listeners()) {
      home.observer().onEvent(new ServerEvent.Listening(listener.address()));
    }
    home.admission().tellIfLimited();
  }

  /** Closes what is bound, and terminates the server: no thread of it runs, or will. */
  private void close(List<Listener> bound) throws IOException {
    try {
      StopSignals.remove(server);
      bound.forEach(Listener::close);
      home.datagrams().close(home.observer());
      home.pollers().close();
    } finally {
      lifecycle.advanceTo(ServerState.TERMINATED);
    }
  }

  /** Ends a server that is bound and has not the first of its threads. */
  void abandon(Throwable cause) throws IOException {
    failure = cause;
    close(listeners);
  }

  private static List<InetSocketAddress> tcpAddresses(List<Listener> listeners) {
    return listeners.stream()
        .map(Listener::address)
        .filter(InetSocketAddress.class::isInstance)
        .map(InetSocketAddress.class::cast)
        .distinct()
        .toList();
  }

  /** Where the listeners are. */
  List<SocketAddress> addresses() {
    return listeners.stream().<SocketAddress>map(Listener::address).distinct().toList();
  }

  /** Those that are bound, in the order of their descriptions; empty before. */
  List<Listener> listeners() {
    return listeners;
  }

  /** Owns the server's scopes until everything in them has ended. */
  void supervise() throws InterruptedException {
    // Bound here once, it is inherited by all threads.
    ScopedValue.where(Home.CURRENT, home)
        .call(() -> {
          superviseAll();
          return this;
        });
  }

  private void superviseAll() throws InterruptedException {
    // The pollers have the outer one, since a connection needs its poller to the last.
    try (Scope pollers = Scope.open("plainweave server", home.pollers().threads())) {
      for (Callable<Scope.After> task : home.pollers().tasks()) {
        Callable<Scope.After> watched = watched(task, Scope.After.CONTINUE);
        pollers.fork(() -> {
          Scope.After after = watched.call();
          Pollers.finish(task);
          return after;
        });
      }
      try {
        superviseListeners();
      } finally {
        // What handlers have opened and left open, in a pool for example.
        home.registry().forEach(SocketConnection::closeSocket);
        home.pollers().stop();
        pollers.join();
      }
    } finally {
      closeListeners();
      home.datagrams().close(home.observer());
      StopSignals.remove(server);
      home.observer().close();
    }
  }

  private void superviseListeners() throws InterruptedException {
    try (Scope scope = Scope.open("plainweave listeners", Thread.ofPlatform().factory())) {
      int acceptors = listeners.stream().mapToInt(Listener::acceptors).sum();
      lifecycle.expect(acceptors + home.datagrams().receivers());
      for (Listener listener : listeners) {
        for (int i = 0; i < listener.acceptors(); i++) {
          boolean binds = i == 0;
          scope.fork(
              watched(
                  new Acceptor(listener, binds, this, lifecycle, homeOf(listener)),
                  Scope.After.CANCEL));
        }
      }
      var datagramHome = new ServerDatagramHome(home, this, lifecycle);
      for (DatagramListener listener : home.datagrams().listeners()) {
        for (ReceiverSockets sockets : listener.sockets()) {
          scope.fork(
              watched(new DatagramReceiver(listener, sockets, datagramHome), Scope.After.CANCEL));
        }
      }
      // The reaper ends when the acceptors and receivers have, or when the server is to be
      // cancelled; its end cancels the scope.
      var watchdog = new CarrierWatchdog(home, maxCarriers);
      var backlogs = new BacklogWatch(listeners, home.observer(), home.ticks().now());
      scope.fork(
          watched(
              new Reaper(
                  lifecycle, home, watchdog, backlogs, this::finishListeners, this::closeListeners),
              Scope.After.CANCEL));
      if (!lifecycle.advanceTo(ServerState.RUNNING)) {
        // A shutdown came first, when there was no listener yet that it could finish.
        finishListeners();
      }
      try {
        scope.join();
      } catch (InterruptedException e) {
        server.shutdownNow();
        throw e;
      }
    }
  }

  private ServerHome homeOf(Listener listener) {
    return home.with(
        home.admission().add(listener.listen(), listener.address()),
        home.handshake().of(HandshakeSteps.of(listener.listen().handshake(), home.admission())));
  }

  /**
   * The task of a thread without which the server is none: if it fails, against all expectation,
   * the server is cancelled.
   */
  private Callable<Scope.After> watched(Callable<Scope.After> task, Scope.After ifItFails) {
    return () -> {
      try {
        return task.call();
      } catch (InterruptedException e) {
        return Scope.After.CANCEL;
      } catch (Throwable e) {
        failure = e;
        cancel();
        Log.serverFailed(e);
        return ifItFails;
      }
    };
  }

  /** Cancels the server, as soon as there is memory for that. */
  private void cancel() {
    for (boolean cancelled = false; !cancelled; ) {
      try {
        server.shutdownNow();
        cancelled = true;
      } catch (OutOfMemoryError e) {
        // It comes after a collection, and so not at once again.
        Shortage.see(e);
      }
    }
  }

  void finishListeners() {
    home.admission().drain();
    listeners.forEach(Listener::finish);
    home.datagrams().finish();
  }

  void closeListeners() {
    listeners.forEach(Listener::close);
    home.datagrams().finish();
    home.admission().close();
  }

  /**
   * Ends the server because a listener of it has failed: within the time to drain, since nobody may
   * be there to close it.
   */
  void failed(SocketAddress listener, Throwable cause) {
    failure = cause;
    home.drain().limit();
    try {
      server.shutdown();
    } finally {
      home.observer().onEvent(new ServerEvent.ListenerFailed(listener, cause));
    }
  }

  /** Notes why its threads could not be started. */
  void failed(Throwable cause) {
    failure = cause;
  }

  /** Why the server has ended by itself, if it has. */
  @Nullable Throwable failure() {
    return failure;
  }
}
