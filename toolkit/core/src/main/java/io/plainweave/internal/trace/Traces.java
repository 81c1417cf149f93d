package io.plainweave.internal.trace;

import io.plainweave.admission.Network;
import io.plainweave.internal.log.Log;
import io.plainweave.internal.thread.Shortage;
import io.plainweave.internal.time.Ticks;
import io.plainweave.trace.Trace;
import io.plainweave.trace.TraceEnd;
import io.plainweave.trace.TraceLimits;
import io.plainweave.trace.TraceTarget;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The traces of a server that go on. It costs a connection that comes a look at one field, and one
 * that is open nothing.
 */
public final class Traces {
  /** Each has a thread and a queue. */
  static final int MOST = 16;

  /** A trace of those who come from a network. */
  private record OfNetwork(Network peers, OpenTrace trace) {
    boolean isOf(Traceable connection) {
      return connection.remoteAddress() instanceof InetSocketAddress peer
          && peers.contains(peer.getAddress());
    }
  }

  private static final OfNetwork[] NONE = {};

  private final Ticks ticks;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by the lock. */
  private final List<OpenTrace> open = new ArrayList<>();

  /** Never modified, but replaced under the lock. */
  private volatile OfNetwork[] ofNetworks = NONE;

  /** How many are about to be added; guarded by the lock. */
  private int reserved;

  /** Whether the server has ended; guarded by the lock. */
  private boolean closed;

  public Traces(Ticks ticks) {
    this.ticks = ticks;
  }

  /** Begins a trace of one connection, which ends with it. */
  public Trace begin(Traceable connection, TraceTarget target, TraceLimits limits)
      throws IOException {
    OpenTrace trace = begin("the trace of " + connection, target, limits, null);
    trace.join(connection, "");
    return trace;
  }

  /**
   * Begins a trace of all whose peer is in a network.
   *
   * @param present calls back with each connection that is there by now
   */
  public Trace begin(
      Network peers,
      TraceTarget target,
      TraceLimits limits,
      Consumer<Consumer<? super Traceable>> present)
      throws IOException {
    Objects.requireNonNull(peers, "peers");
    OpenTrace trace = begin("the trace of " + peers, target, limits, peers);
    var ofNetwork = new OfNetwork(peers, trace);
    // Who comes from now on finds it. So nobody is missed, and who is found twice joins once.
    present.accept(connection -> {
      if (ofNetwork.isOf(connection) && !trace.isOver()) {
        trace.join(connection, "");
      }
    });
    return trace;
  }

  private OpenTrace begin(
      String name, TraceTarget target, TraceLimits limits, @Nullable Network peers)
      throws IOException {
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(limits, "limits");
    // Whatever a file system does that hangs, no lock is held meanwhile.
    reserve();
    OpenTrace trace;
    try {
      TraceForm form = form(target, limits);
      trace = new OpenTrace(form, name, limits, ticks, peers == null, this::forgetOver);
      add(peers, trace);
      start(trace, form);
    } finally {
      giveBackReserved();
    }
    Log.traceBegan(name, target);
    return trace;
  }

  private void reserve() {
    lock.lock();
    try {
      removeOver();
      if (open.size() + reserved >= MOST) {
        throw new IllegalStateException(
            "%d traces go on at the same time, and no more can: %s".formatted(MOST, open));
      }
      reserved++;
    } finally {
      lock.unlock();
    }
  }

  private void giveBackReserved() {
    lock.lock();
    try {
      reserved--;
    } finally {
      lock.unlock();
    }
  }

  /** Lets it begin, unless the server has ended. */
  private void add(@Nullable Network peers, OpenTrace trace) {
    lock.lock();
    try {
      if (closed) {
        trace.end(TraceEnd.SERVER_ENDED);
        return;
      }
      open.add(trace);
      if (peers != null) {
        var more = new ArrayList<>(List.of(ofNetworks));
        more.add(new OfNetwork(peers, trace));
        ofNetworks = more.toArray(OfNetwork[]::new);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Its thread is in no scope: a trace may begin in any thread, and a disk that hangs must not keep
   * the server from its end.
   */
  private void start(OpenTrace trace, TraceForm form) throws IOException {
    boolean started = false;
    try {
      Thread.ofPlatform()
          .daemon()
          .name("plainweave trace")
          .inheritInheritableThreadLocals(false)
          .start(trace);
      started = true;
    } finally {
      if (!started) {
        trace.end(TraceEnd.FAILED);
        trace.setWritten();
        form.close();
      }
    }
  }

  private static TraceForm form(TraceTarget target, TraceLimits limits) throws IOException {
    Instant now = Instant.now();
    return switch (target) {
      case TraceTarget.Text(var file) ->
          new TextForm(new TraceFile.Text(TraceFile.create(file)), now, limits);
      case TraceTarget.Pcapng(var file) -> new PcapngForm(TraceFile.create(file), now, limits);
      case TraceTarget.ToLog() -> new TextForm(new LogLines(), now, limits);
    };
  }

  private void forgetOver() {
    lock.lock();
    try {
      removeOver();
    } finally {
      lock.unlock();
    }
  }

  private void removeOver() {
    // One that is over and hangs at its disk counts, and is waited for at the end.
    open.removeIf(OpenTrace::isWritten);
    List<OfNetwork> goOn = new ArrayList<>(List.of(ofNetworks));
    goOn.removeIf(each -> each.trace().isOver());
    ofNetworks = goOn.isEmpty() ? NONE : goOn.toArray(OfNetwork[]::new);
  }

  /** Looks whether a connection that has come, or whose peer is known by now, is to be traced. */
  public void opened(Traceable connection, String event) {
    for (OfNetwork each : ofNetworks) {
      try {
        if (each.isOf(connection) && !each.trace().isOver()) {
          each.trace().join(connection, event);
        }
      } catch (Throwable noMemory) {
        // Then this one is not traced, and goes on.
        Shortage.see(noMemory);
      }
    }
  }

  /** Ends all, since the server has, and waits until they are written. */
  public void close() {
    List<OpenTrace> left;
    lock.lock();
    try {
      closed = true;
      left = List.copyOf(open);
      removeOver();
    } finally {
      lock.unlock();
    }
    for (OpenTrace trace : left) {
      trace.end(TraceEnd.SERVER_ENDED);
      trace.leaveAll();
    }
    long begun = System.nanoTime();
    try {
      for (OpenTrace trace : left) {
        trace.await(OpenTrace.LONGEST_CLOSE - (System.nanoTime() - begun));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
