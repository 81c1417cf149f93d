package io.plainweave.fuzz.support;

import io.plainweave.ConnectionScope;
import io.plainweave.PeerState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;

/** Threads of a connection in memory. None outlives its scope. */
final class MemoryScope implements ConnectionScope {
  private static final Duration LONGEST_END = Duration.ofSeconds(10);

  // Only the owner touches them.
  private final List<Thread> front = new ArrayList<>();
  private final List<Thread> background = new ArrayList<>();

  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  /** A task, in a thread of its own. */
  private record Running<T>(Thread thread, FutureTask<T> task) implements Subtask<T> {
    @Override
    public T join() throws Exception {
      try {
        return task.get();
      } catch (ExecutionException e) {
        throw e.getCause() instanceof Exception failure ? failure : e;
      }
    }

    @Override
    public void cancel() {
      task.cancel(true);
    }
  }

  private <T> Running<T> start(String name, Callable<? extends T> task) {
    Callable<T> noted =
        () -> {
          try {
            return task.call();
          } catch (Throwable e) {
            failure.compareAndSet(null, e);
            throw e;
          }
        };
    var future = new FutureTask<T>(noted);
    return new Running<>(Thread.ofVirtual().name(name).start(future), future);
  }

  private Running<Boolean> start(String name, Task task) {
    Running<Boolean> started =
        start(
            name,
            () -> {
              task.run();
              return true;
            });
    task.forked();
    return started;
  }

  @Override
  public Subtask<?> fork(String name, Task task) {
    Running<?> started = start(name, task);
    front.add(started.thread());
    return started;
  }

  @Override
  public <T> Subtask<T> fork(String name, Callable<? extends T> task) {
    Running<T> started = start(name, task);
    front.add(started.thread());
    return started;
  }

  @Override
  public Subtask<?> forkBackground(String name, Task task) {
    Running<?> started = start(name, task);
    background.add(started.thread());
    return started;
  }

  @Override
  public void bufferOutput(int maxBytes) {}

  @Override
  public void endWhen(PeerState state) {}

  @Override
  public void join() throws Exception {
    for (Thread thread : front) {
      thread.join();
    }
    switch (failure.get()) {
      case null -> {}
      case Exception e -> throw e;
      case Throwable e -> throw new Finding("a task has failed", e);
    }
  }

  @Override
  public void close() {
    List<Thread> all = new ArrayList<>(front);
    all.addAll(background);
    all.forEach(Thread::interrupt);
    try {
      for (Thread thread : all) {
        Finding.unless(thread.join(LONGEST_END), "a thread does not end: " + thread);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
