package io.plainweave.loadtests.peers;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The registry of a peer's connections, and one thread that closes the idle ones.
 *
 * <p>A {@link SocketChannel} has no timeout of its own; this is the usual way to give it one
 * without a timer for each read.
 */
final class Sweeper {
  /** An open connection. */
  static final class Entry {
    final SocketChannel channel;

    /** When a byte last came; written by the connection's thread, read by the sweeper's. */
    volatile long active = System.nanoTime();

    Entry(SocketChannel channel) {
      this.channel = channel;
    }
  }

  private final Set<Entry> entries = ConcurrentHashMap.newKeySet();

  void start() {
    Thread.ofPlatform().daemon().name("sweeper").start(this::run);
  }

  Entry add(SocketChannel channel) {
    Entry entry = new Entry(channel);
    entries.add(entry);
    return entry;
  }

  void remove(Entry entry) {
    entries.remove(entry);
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(1_000);
        long now = System.nanoTime();
        for (Entry entry : entries) {
          if (now - entry.active > Peer.IDLE_TIMEOUT.toNanos()) {
            entry.channel.close();
          }
        }
      }
    } catch (InterruptedException | IOException e) {
      throw new IllegalStateException("the sweeper has ended", e);
    }
  }
}
