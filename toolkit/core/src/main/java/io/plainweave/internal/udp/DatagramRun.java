package io.plainweave.internal.udp;

import io.plainweave.CloseReason;
import io.plainweave.event.HandlerPosition;
import io.plainweave.internal.thread.Scope;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The task of a thread that serves a datagram or a session, from its handler to the end. */
public abstract sealed class DatagramRun implements Scope.Task permits DatagramTask, SessionTask {
  private final DatagramHome home;
  private final DatagramListener listener;
  private final InetSocketAddress peer;
  private final AtomicReference<@Nullable CloseReason> reason = new AtomicReference<>();
  private final AtomicBoolean hasPermit = new AtomicBoolean();

  /** The thread that runs the handler, set by itself. */
  private volatile @Nullable Thread thread;

  DatagramRun(DatagramHome home, DatagramListener listener, InetSocketAddress peer) {
    this.home = home;
    this.listener = listener;
    this.peer = peer;
  }

  /** Runs the handler; returns how it has ended. */
  abstract CloseReason work() throws Exception;

  /** Takes it out of where it is known. */
  abstract void remove();

  /** Tells that it is over. */
  abstract void ended(CloseReason why);

  /**
   * Takes what it needs, before its thread is started; false, and nothing is taken, if it cannot.
   */
  boolean begin() {
    boolean begun = false;
    try {
      // First what may fail for want of memory.
      listener.registry().add(this);
      begun = listener.beginHandler();
      hasPermit.set(begun);
      return begun;
    } finally {
      if (!begun) {
        listener.registry().remove(this);
        remove();
      }
    }
  }

  @Override
  public Scope.After call() {
    thread = Thread.currentThread();
    try {
      reason.compareAndSet(null, work());
    } catch (Throwable failure) {
      reason.compareAndSet(null, CloseReason.of(failure));
    } finally {
      end();
    }
    return Scope.After.CONTINUE;
  }

  /** Gives back what was taken for it. */
  void end() {
    CloseReason why = reason.get();
    try {
      remove();
      // There is no reason if it has not run at all.
      if (why != null) {
        home.ended(why);
        if (thread != null) {
          ended(why);
        }
      }
    } finally {
      giveBack();
    }
  }

  /**
   * Gives back what was taken for a run that has got no thread. The JDK may have failed to start
   * one, say so, and run it all the same: then that ends it once more.
   */
  void discard() {
    try {
      remove();
    } finally {
      giveBack();
    }
  }

  private void giveBack() {
    try {
      listener.registry().remove(this);
    } finally {
      if (hasPermit.compareAndSet(true, false)) {
        listener.handlerEnded();
      }
    }
  }

  /** Looks at the time; called by the reaper. */
  void check(int idleTicks, int now) {}

  /** Notes that it is cancelled, and its thread about to be interrupted; false if it has ended. */
  public boolean cancel() {
    return reason.compareAndSet(null, new CloseReason.Cancelled());
  }

  DatagramListener listener() {
    return listener;
  }

  DatagramHome home() {
    return home;
  }

  /** Where the handler stands, or null if its thread does not run. */
  public @Nullable HandlerPosition position() {
    return HandlerPosition.of(peer, thread);
  }

  /** Whether the handler's thread is on a carrier, or wants to be. */
  public boolean isRunning() {
    Thread handler = thread;
    return handler != null && handler.getState() == Thread.State.RUNNABLE;
  }
}
