package io.plainweave.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.fixture.ResourceGuard;
import io.plainweave.internal.thread.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The threads of event loops")
@Timeout(30)
@ExtendWith(ResourceGuard.class)
@Tag("event-loops")
class EventLoopsTest {
  @Test
  void ofWhichOneCannotBeStartedAreNone() throws Exception {
    var made = new AtomicInteger();
    var noThread = new OutOfMemoryError("unable to create native thread");
    EventLoops loops =
        EventLoops.open(
            2,
            4,
            task -> {
              if (made.getAndIncrement() == 1) {
                throw noThread;
              }
              return new LoopThread(task);
            });
    try (Scope scope = Scope.open("test", Thread.ofPlatform().factory())) {
      try {
        var failure = assertThrows(IllegalStateException.class, () -> loops.start(scope, _ -> {}));
        assertSame(noThread, failure.getCause());
        assertEquals(
            "the threads of the event loops cannot be started: " + noThread, failure.getMessage());
        scope.join();
        assertEquals(0, loops.threads());
      } finally {
        loops.all().forEach(loop -> loop.poller().stop());
      }
    }
  }

  /**
   * A thread that is woken for a monitor wakes a loop on its way (the JDK's thread for that calls
   * the scheduler): if that took a monitor, too, both could wait for each other.
   */
  @Test
  void areWokenByManyThreadsAtOnce() throws Exception {
    int count = 3;
    int exchanges = 20_000;
    EventLoops loops = EventLoops.open(count, 8, LoopThread::new);
    try (Scope scope = Scope.open("test", Thread.ofPlatform().factory())) {
      List<Thread> threads = new ArrayList<>();
      try {
        loops.start(scope, _ -> {});
        for (int i = 0; i < count; i++) {
          var queue = new SynchronousQueue<Integer>();
          threads.add(
              start(
                  loops,
                  i,
                  () -> {
                    for (int j = 0; j < exchanges; j++) {
                      queue.put(j);
                      loops.all().get(j % count).poller().wakeIfWaiting();
                    }
                    return null;
                  }));
          threads.add(
              start(
                  loops,
                  i + 1,
                  () -> {
                    for (int j = 0; j < exchanges; j++) {
                      assertEquals(j, queue.take());
                      loops.all().get((j + 1) % count).poller().wakeIfWaiting();
                    }
                    return null;
                  }));
        }
        for (Thread thread : threads) {
          thread.join();
        }
      } finally {
        loops.all().forEach(loop -> loop.poller().stop());
      }
      scope.join();
    }
  }

  private static Thread start(EventLoops loops, int number, Callable<?> task) {
    EventLoop loop = loops.all().get(number % loops.all().size());
    Thread thread =
        loop.poller()
            .threads()
            .newThread(() -> {
              try {
                task.call();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    thread.start();
    return thread;
  }
}
