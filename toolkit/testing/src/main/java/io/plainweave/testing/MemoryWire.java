package io.plainweave.testing;

import java.util.concurrent.locks.Condition;

/** What the two ends of a connection in memory share: two lanes, and the lock that guards both. */
final class MemoryWire {
  final BriefLock lock = new BriefLock();

  /** Signalled when a thread that waits in blocking mode may go on. */
  final Condition changed = lock.newCondition();

  final MemoryChannel client;
  final MemoryChannel server;

  private final Lane toServer;
  private final Lane toClient;
  private final Timer timer;

  /** Joins two channels, of which none is joined yet. */
  MemoryWire(
      MemoryChannel client, MemoryChannel server, Link toServer, Link toClient, Timer timer) {
    this.client = client;
    this.server = server;
    this.toServer = new Lane(toServer, timer);
    this.toClient = new Lane(toClient, timer);
    this.timer = timer;
    client.join(this, this.toClient, this.toServer);
    server.join(this, this.toServer, this.toClient);
  }

  /** Something was sent in this lane: it arrives now, or later. Called under lock. */
  void sent(Lane lane) {
    if (lane.delay() == 0) {
      lane.deliver();
    } else {
      timer.after(lane.delay(), () -> deliver(lane));
    }
    tell();
  }

  private void deliver(Lane lane) {
    lock.lock();
    try {
      if (lane.deliver()) {
        tell();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Lets nothing arrive any more, or what has come meanwhile. */
  void stall(boolean stalls) {
    lock.lock();
    try {
      toServer.stall(stalls);
      toClient.stall(stalls);
      tell();
    } finally {
      lock.unlock();
    }
  }

  /** Lets both sides meet a reset. */
  void lose() {
    lock.lock();
    try {
      breakDown();
    } finally {
      lock.unlock();
    }
  }

  /** The same, called under lock. */
  void breakDown() {
    toServer.reset();
    toClient.reset();
    tell();
  }

  /** Tells both ends that something has changed; called under lock. */
  void tell() {
    changed.signalAll();
    client.tell();
    server.tell();
  }
}
