package io.plainweave.loadtests.soak;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;

/** What a server loses with a connection because it was told to: the run has to find it. */
enum Leak {
  NONE {
    @Override
    Object keep() {
      return this;
    }
  },
  /** A thousand bytes of the heap. */
  HEAP {
    @Override
    Object keep() {
      return new byte[1_000];
    }
  },
  /** A page of memory outside of it. */
  NATIVE {
    @Override
    Object keep() {
      return ByteBuffer.allocateDirect(4_096).put(new byte[4_096]);
    }
  },
  DESCRIPTOR {
    @Override
    Object keep() throws IOException {
      return new FileInputStream("/dev/null");
    }
  },
  THREAD {
    @Override
    Object keep() {
      return Thread.ofPlatform().daemon().start(Leak::waitForEver);
    }
  };

  private static final Queue<Object> KEPT = new ConcurrentLinkedQueue<>();

  /** Takes something that nobody gives back; returns it. */
  abstract Object keep() throws IOException;

  /** Keeps it. */
  void happen() throws IOException {
    KEPT.add(keep());
  }

  private static void waitForEver() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
