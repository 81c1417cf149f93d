package io.plainweave.internal.transport;

import org.jspecify.annotations.Nullable;

/** A platform thread that runs event loops: one after another, if it is held up in one of them. */
final class LoopThread extends Thread {
  /** The loop whose channels it looks at in this moment; only the thread itself touches it. */
  private @Nullable EventLoop looksFor;

  LoopThread(Runnable task) {
    super(task, "plainweave event loop");
  }

  void beginToLook(EventLoop loop) {
    looksFor = loop;
  }

  void endToLook() {
    looksFor = null;
  }

  /** Whether the calling thread looks at the channels of a loop, and so has its queue. */
  @SuppressWarnings("ReferenceEquality") // a loop is itself only
  static boolean looksFor(EventLoop loop) {
    return Thread.currentThread() instanceof LoopThread thread && thread.looksFor == loop;
  }
}
