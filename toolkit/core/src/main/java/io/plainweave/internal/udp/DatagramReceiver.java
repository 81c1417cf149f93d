package io.plainweave.internal.udp;

import io.plainweave.internal.admission.PeerKey;
import io.plainweave.internal.log.Log;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.thread.Shortage;
import io.plainweave.udp.DatagramDrop;
import io.plainweave.udp.DatagramHandler;
import io.plainweave.udp.SessionHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Receives the datagrams of one place, gives each to a handler, and owns the scope in which those
 * live, since only the owner of a scope may fork in it.
 *
 * <p>It runs on a platform thread, as an acceptor does: it takes its turn even when every carrier
 * of the virtual threads is busy, and what it does not take in time the kernel drops.
 */
public final class DatagramReceiver implements Scope.Task {
  /** How many datagrams are taken before it looks at anything else. */
  private static final int MOST_AT_ONCE = 1_024;

  private static final long SHORTEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(5);
  private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(1);

  private final DatagramListener listener;
  private final ReceiverSockets sockets;
  private final DatagramHome home;

  // The rest is touched by the receiver's thread only.

  /** The sessions of each socket that are not over, which remove themselves from the inner map. */
  private final Map<UdpSocket, ConcurrentMap<PeerKey, SessionTask>> sessions = new HashMap<>();

  /**
   * One byte more than is wanted: so a datagram that is too long can be told from one that fits.
   */
  private final ByteBuffer buffer;

  /** Whether something new is dropped. */
  private boolean draining;

  /** How long to wait after the next failure, in nanoseconds. */
  private long pause = SHORTEST_PAUSE;

  public DatagramReceiver(DatagramListener listener, ReceiverSockets sockets, DatagramHome home) {
    this.listener = listener;
    this.sockets = sockets;
    this.home = home;
    this.buffer = ByteBuffer.allocateDirect(listener.udp().maxDatagram() + 1);
  }

  @Override
  public Scope.After call() throws InterruptedException {
    Thread.currentThread().setName("plainweave receiver " + listener);
    try {
      return receiveAndJoin();
    } finally {
      listener.lookAtKernel();
      sockets.close();
      home.receiverEnded();
    }
  }

  /** Receives until the drain is over; an interrupt cancels the handlers. */
  private Scope.After receiveAndJoin() throws InterruptedException {
    try (Scope handlers = Scope.open("datagram " + listener, home.threads())) {
      try {
        receiveInto(handlers);
      } catch (IOException | RuntimeException | Error e) {
        home.failed(listener.address(), e);
        // Nothing comes any more that their handlers could wait for.
        drainSessions();
      }
      handlers.join();
    }
    return Scope.After.CONTINUE;
  }

  private void receiveInto(Scope handlers) throws IOException, InterruptedException {
    var shortage = new Shortage();
    @Nullable Error failure = null;
    while (!(draining && listener.handlers() == 0)) {
      try {
        if (failure != null) {
          pauseAfter(failure);
          failure = null;
        }
        boolean finish = awaitAndReceive(handlers);
        if (finish && !draining) {
          drainSessions();
          draining = true;
        }
        shortage.isOver();
      } catch (Error e) {
        if (!shortage.passes(e)) {
          throw e;
        }
        failure = e;
        // Even to tell of it needs memory, for which it has to wait.
        Shortage.pause();
      }
    }
  }

  private void drainSessions() {
    sessions.values().forEach(table -> table.values().forEach(SessionTask::drain));
  }

  /** Follows the addresses of this machine. What was at one that is gone gets nothing any more. */
  private void followAddresses() {
    for (UdpSocket gone : sockets.follow(listener.ownHosts())) {
      var table = sessions.remove(gone);
      if (table != null) {
        table.values().forEach(SessionTask::drain);
      }
    }
  }

  /**
   * Waits for datagrams and takes those that are there. No failure is the end of it: what one
   * datagram has caused, such as an ICMP error on some systems, is no matter of the next.
   *
   * @return whether the listener was to finish when it began to take them: what lay in the socket
   *     when the drain began is served
   * @throws IOException if the socket is closed
   */
  private boolean awaitAndReceive(Scope handlers) throws IOException, InterruptedException {
    try {
      followAddresses();
      Collection<UdpSocket> ready = sockets.awaitDatagram();
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      boolean finish = listener.isFinishing();
      for (UdpSocket socket : finish ? sockets.all() : ready) {
        receiveFrom(socket, handlers);
      }
      pause = SHORTEST_PAUSE;
      return finish;
    } catch (IOException e) {
      if (!sockets.isOpen()) {
        throw new IOException("the socket was closed", e);
      }
      pauseAfter(e);
      return false;
    }
  }

  private void pauseAfter(Throwable failure) throws InterruptedException {
    // Somebody may have ended the wait that has failed.
    sockets.wake();
    Log.datagramFailed(sockets, failure);
    listener.drop(DatagramDrop.FAILED);
    boolean _ = home.isCancelledWithin(pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }

  private void receiveFrom(UdpSocket socket, Scope handlers) throws IOException {
    for (int i = 0; i < MOST_AT_ONCE; i++) {
      buffer.clear();
      InetSocketAddress source = socket.receive(buffer);
      if (source == null) {
        break;
      }
      take(source, socket, handlers);
    }
  }

  private void take(InetSocketAddress source, UdpSocket socket, Scope handlers) {
    listener.received();
    DatagramDrop why;
    if (home.isDenied(source.getAddress())) {
      why = DatagramDrop.DENIED;
    } else if (!listener.admits(source)) {
      why = DatagramDrop.SOURCE_RATE;
    } else if (!buffer.hasRemaining()) {
      why = DatagramDrop.OVERSIZE;
    } else {
      why =
          switch (listener.service()) {
            case DatagramService.PerDatagram(DatagramHandler handler) ->
                begin(handler, source, socket, handlers);
            case DatagramService.PerPeer(SessionHandler handler) ->
                deliver(handler, source, socket, handlers);
          };
    }
    if (why != null) {
      listener.drop(why);
    }
  }

  private byte[] bytes() {
    buffer.flip();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  /** Begins a run for the datagram in the buffer; returns why not, if not. */
  private @Nullable DatagramDrop begin(
      DatagramHandler handler, InetSocketAddress source, UdpSocket socket, Scope handlers) {
    DatagramDrop refused = refusal();
    if (refused != null) {
      return refused;
    }
    var peer = new DatagramPeer(source, listener, socket);
    byte[] bytes = bytes();
    peer.received(bytes.length);
    return start(
        new DatagramTask(home, listener, handler, new ReceivedDatagram(bytes, peer)), handlers);
  }

  /** Gives the datagram in the buffer to the session of its sender, perhaps a new one. */
  private @Nullable DatagramDrop deliver(
      SessionHandler handler, InetSocketAddress source, UdpSocket socket, Scope handlers) {
    PeerKey key = PeerKey.of(source);
    var table = sessions.computeIfAbsent(socket, _ -> new ConcurrentHashMap<>());
    SessionTask known = table.get(key);
    byte[] bytes = null;
    if (known != null) {
      bytes = bytes();
      DatagramDrop why = known.session().deliver(bytes);
      if (why != DatagramDrop.UNREAD) {
        return why;
      }
    }
    DatagramDrop refused = refusal();
    if (refused != null) {
      return refused;
    }
    var peer = new DatagramPeer(source, listener, socket);
    var session = new PeerSession(peer, listener.udp(), home.ticks());
    session.deliver(bytes != null ? bytes : bytes());
    var task = new SessionTask(home, listener, handler, session, key, table);
    // Before the start, since its end takes it out again.
    table.put(key, task);
    return start(task, handlers);
  }

  /** Why nothing new is begun now, if so. */
  private @Nullable DatagramDrop refusal() {
    if (draining) {
      return DatagramDrop.DRAINING;
    }
    return listener.isBusy() ? DatagramDrop.BUSY : null;
  }

  private @Nullable DatagramDrop start(DatagramRun run, Scope handlers) {
    if (!run.begin()) {
      return DatagramDrop.BUSY;
    }
    boolean started = false;
    try {
      started = !home.cancelsDatagrams() && handlers.fork(run);
    } finally {
      if (!started) {
        run.discard();
      }
    }
    return started ? null : DatagramDrop.DRAINING;
  }
}
