package io.plainweave.server;

import io.plainweave.BackgroundTask;
import io.plainweave.event.TaskPosition;
import io.plainweave.internal.log.Log;
import io.plainweave.internal.thread.Scope;
import io.plainweave.text.OneLine;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The background tasks of one server. Their scope is around that of the listeners, and within that
 * of the pollers, since a task may have connections of its own.
 */
final class BackgroundTasks {
  private final List<Task> tasks;

  /** Set once by the owner of the scope, before it interrupts the tasks. */
  private volatile boolean ending;

  BackgroundTasks(Map<String, BackgroundTask> tasks) {
    this.tasks = tasks.entrySet().stream().map(it -> new Task(it.getKey(), it.getValue())).toList();
  }

  /** One of them, in its thread. */
  private final class Task {
    private final String name;
    private final BackgroundTask code;

    // Only the thread of the task writes these.

    private volatile @Nullable Thread thread;
    private volatile boolean ended;

    Task(String name, BackgroundTask code) {
      this.name = name;
      this.code = code;
    }

    Scope.After run(BiConsumer<String, Throwable> failed) {
      Thread current = Thread.currentThread();
      current.setName("plainweave background " + OneLine.of(name));
      thread = current;
      try {
        code.run();
      } catch (Throwable e) {
        if (ending) {
          Log.endedTaskFailed(name, e);
        } else {
          failed.accept(name, e);
        }
      } finally {
        ended = true;
      }
      return Scope.After.CONTINUE;
    }

    boolean isRunning() {
      Thread started = thread;
      return started != null && started.getState() == Thread.State.RUNNABLE;
    }

    @Nullable TaskPosition position() {
      return ended ? null : TaskPosition.of(name, thread);
    }
  }

  /**
   * Starts a thread for each in the scope, which the caller owns.
   *
   * @param failed receives the name of a task that has failed and its failure, in its thread
   */
  void fork(Scope scope, BiConsumer<String, Throwable> failed) {
    for (Task task : tasks) {
      Scope.Task run = () -> task.run(failed);
      scope.fork(run);
    }
  }

  /**
   * Prepares for the end of the scope, now that no connection is left: what a task throws from here
   * on is no failure, and whoever closes the server waits for the tasks as for cancelled handlers.
   * Not so whoever starts it: the start has failed, which is known when all has ended.
   */
  void beginToEnd(Lifecycle lifecycle) {
    ending = true;
    boolean started = lifecycle.state().isAtLeast(ServerState.RUNNING);
    if (started && tasks.stream().anyMatch(task -> !task.ended)) {
      lifecycle.advanceTo(ServerState.CANCELLING);
    }
  }

  /** Where those stand that do not wait. */
  List<TaskPosition> running() {
    return tasks.stream()
        .filter(Task::isRunning)
        .map(Task::position)
        .filter(Objects::nonNull)
        .toList();
  }

  /** Where those stand that have not ended. */
  List<TaskPosition> positions() {
    return tasks.stream().map(Task::position).filter(Objects::nonNull).toList();
  }
}
