package io.plainweave.admin;

import io.plainweave.server.Server;
import io.plainweave.status.ServerStatus;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The figures of a server, asked for anew when they are old: that is a walk along all connections,
 * and however many clients ask, there are no more than two in a second.
 */
final class Figures {
  private static final long LIFETIME = Duration.ofMillis(500).toNanos();

  private final Server server;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock. The first ones are old from the beginning: nothing was bound then.
  private ServerStatus latest;
  private long takenAt = System.nanoTime() - LIFETIME - 1;

  Figures(Server server) {
    this.server = server;
    this.latest = server.live().status();
  }

  ServerStatus get() {
    lock.lock();
    try {
      long now = System.nanoTime();
      if (now - takenAt > LIFETIME) {
        latest = server.live().status();
        takenAt = now;
      }
      return latest;
    } finally {
      lock.unlock();
    }
  }
}
