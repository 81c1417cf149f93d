package io.plainweave.internal.transport;

import io.plainweave.interleavings.explorer.Interleavings;
import io.plainweave.interleavings.explorer.Scenario;
import io.plainweave.interleavings.explorer.Twin;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("An event loop that goes to another thread, in every order")
class HandOverInterleavingsTest {
  /** A thread that runs the loop, one that takes it away, and one that submits tasks. */
  static final class Tasks extends Scenario {
    private static final int TASKS = 3;

    private final AtomicInteger done = new AtomicInteger();
    private final AtomicInteger twice = new AtomicInteger();
    private final boolean[] ran = new boolean[TASKS];

    private Kernel kernel;
    private EventLoop loop;
    private EventLoops all;

    @Override
    protected void prepare() throws IOException {
      kernel = new Kernel();
      loop = new EventLoop(kernel.poller());
      all = new EventLoops(List.of(loop), 2, LoopThread::new);
      var first = new LoopThread(() -> {});
      var second = new LoopThread(() -> {});
      thread(() -> loop.run(first, all));
      thread(() -> {
        long turn = loop.turn();
        if ((turn & 1) != 0 && loop.takeAway(turn)) {
          loop.run(second, all);
        }
      });
      thread(() -> {
        for (int i = 0; i < TASKS; i++) {
          int number = i;
          loop.execute(() -> run(number));
        }
      });
    }

    private void run(int task) {
      if (ran[task]) {
        twice.incrementAndGet();
      }
      ran[task] = true;
      if (done.incrementAndGet() == TASKS) {
        kernel.stop();
      }
    }

    @Override
    protected void check() {
      must(done.get() == TASKS, "so many tasks have run: " + done);
      must(twice.get() == 0, "a task has run twice");
      must(loop.queued() == 0, "so many tasks are left: " + loop.queued());
    }
  }

  @Test
  void eachTaskRunsOnce() {
    Interleavings.explore(Tasks.class);
  }

  @Test
  void aThreadThatGoesOnWithALoopThatIsNotItsOwnAnyMoreIsFound() {
    Interleavings.finds(Tasks.class, Twin.without("EventLoop", "runQueue", "compareAndSet"));
  }

  @Test
  void aTaskOfWhichTheLoopDoesNotHearIsFound() {
    Interleavings.finds(Tasks.class, Twin.without("EventLoop", "execute", "wakeIfWaiting"));
  }
}
