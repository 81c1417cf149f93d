package io.plainweave.internal.process;

import io.plainweave.internal.log.Log;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Closes the running servers, and services in their order, when the process is told to end, and
 * only then lets it end.
 *
 * <p>While there is a server, SIGTERM and SIGINT are caught. The first one drains all servers side
 * by side, in a process that is as it was: its log writes, and what handlers need is open. The
 * {@link Waiters} come next, which are as long in it. After that the JVM does what it would have
 * done at once: it runs its shutdown hooks, in no order, and exits with 128 and the number of the
 * signal. A second signal cancels the servers, or ends the wait for the waiters.
 *
 * <p>A hook of our own drains what still runs when the process ends in another way, by {@link
 * System#exit} for example, or when signals could not be caught.
 */
public final class StopSignals {
  private static final List<String> SIGNALS = List.of("TERM", "INT");

  /** Guards the rest; nobody waits while he has it. */
  private static final ReentrantLock LOCK = new ReentrantLock();

  private static final Set<Stoppable> SERVERS = new LinkedHashSet<>();

  /** There while there are servers, as are the signals. */
  private static @Nullable Thread hook;

  private static List<CaughtSignal> caught = List.of();

  /** Whether it was logged why signals cannot be caught, which is the same for each server. */
  private static boolean saidWhyNot;

  /** Whether the process is ending, from which nothing brings it back. */
  private static boolean ending;

  private StopSignals() {}

  /**
   * Lets a signal close the server from now on. Throws {@link IllegalStateException} if the process
   * is ending already.
   */
  public static void add(Stoppable server) {
    LOCK.lock();
    try {
      if (ending) {
        throw new IllegalStateException("the process is ending: no server starts in it");
      }
      if (SERVERS.isEmpty()) {
        Thread ours = new Thread(StopSignals::closeInHook, "plainweave shutdown hook");
        Runtime.getRuntime().addShutdownHook(ours);
        hook = ours;
        catchSignals();
      }
      SERVERS.add(server);
    } finally {
      LOCK.unlock();
    }
  }

  /** Forgets the server, which has ended. */
  public static void remove(Stoppable server) {
    LOCK.lock();
    try {
      if (SERVERS.remove(server) && SERVERS.isEmpty() && !ending && hook != null) {
        caught.forEach(CaughtSignal::release);
        Runtime.getRuntime().removeShutdownHook(hook);
      }
    } catch (IllegalStateException hooksAreRunning) {
      // Ours has nothing left to do.
    } finally {
      LOCK.unlock();
    }
  }

  private static void catchSignals() {
    List<CaughtSignal> signals = new ArrayList<>();
    try {
      for (String name : SIGNALS) {
        CaughtSignal signal = CaughtSignal.of(name, StopSignals::received);
        if (signal != null) {
          signals.add(signal);
        }
      }
    } catch (ReflectiveOperationException e) {
      if (!saidWhyNot) {
        saidWhyNot = true;
        Log.signalsNotCaught(e);
      }
    }
    caught = List.copyOf(signals);
  }

  /** Runs in a thread that the JVM makes for each signal. */
  private static void received(CaughtSignal signal) {
    if (!beginToEnd()) {
      goOn();
      return;
    }
    Runnable end = () -> closeAndPassOn(signal);
    try {
      // No daemon, as the JVM's thread is: with its servers the program may have ended, and the JVM
      // would exit with 0 before this one has told it to.
      Thread.ofPlatform().name("plainweave stop").daemon(false).start(end);
    } catch (OutOfMemoryError e) {
      // There may be no thread left for this process, or this user.
      end.run();
    }
  }

  /** Ends what the end of the process waits for. */
  private static void goOn() {
    List<Stoppable> servers = running();
    servers.forEach(Stoppable::shutdownNow);
    if (servers.isEmpty()) {
      Waiters.leave();
    }
  }

  private static void closeAndPassOn(CaughtSignal signal) {
    boolean exits = false;
    try {
      closeAll();
      exits = Waiters.awaitEnd();
    } finally {
      // A thread that has called System.exit ends the process with its own exit code.
      if (!exits) {
        signal.passOn();
      }
    }
  }

  private static void closeInHook() {
    beginToEnd();
    closeAll();
    Waiters.awaitEnd();
  }

  /** Whether the process is ending. */
  public static boolean isEnding() {
    LOCK.lock();
    try {
      return ending;
    } finally {
      LOCK.unlock();
    }
  }

  /** Whether this call is the first that ends the process. */
  private static boolean beginToEnd() {
    LOCK.lock();
    try {
      boolean first = !ending;
      ending = true;
      return first;
    } finally {
      LOCK.unlock();
    }
  }

  private static List<Stoppable> running() {
    LOCK.lock();
    try {
      return List.copyOf(SERVERS);
    } finally {
      LOCK.unlock();
    }
  }

  /**
   * Closes all servers side by side. One that has not terminated by then, for a handler that reacts
   * to nothing, is forgotten: the hook does not wait for it once more.
   */
  private static void closeAll() {
    List<Stoppable> servers = running();
    servers.forEach(Stoppable::beginToClose);
    for (Stoppable server : servers) {
      server.close();
      remove(server);
    }
  }
}
