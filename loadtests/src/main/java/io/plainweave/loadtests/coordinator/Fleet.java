package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.coordinator.ChildProcess.Arrival;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * The processes of a run.
 *
 * <p>However the run ends, so do they: {@link #close()} ends them, a signal to the coordinator
 * closes the fleet, and a coordinator that is killed takes their stdin with it. All of it but
 * {@code close} belongs to the thread that leads the run.
 */
final class Fleet implements AutoCloseable {
  /** What somebody who waits wants to know meanwhile. */
  interface Observer {
    void said(ChildProcess child, Notice notice);

    /** Called several times a second, whether somebody said something or not. */
    void tick();
  }

  private static final Duration TICK = Duration.ofMillis(100);
  private static final Duration RELEASE = Duration.ofSeconds(JavaCommand.isTraining() ? 120 : 2);

  private final Observer observer;
  private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();

  /** Answers nobody has waited for yet. */
  private final Map<ChildProcess, Queue<Notice.Answer>> answers = new HashMap<>();

  /** Children that were told to end. */
  private final Set<ChildProcess> ending = new HashSet<>();

  private final List<ChildProcess> children = new ArrayList<>(); // guarded by this
  private final Thread onSignal = new Thread(this::close, "close-fleet");
  private boolean closed; // guarded by this

  Fleet(Observer observer) {
    this.observer = observer;
    Runtime.getRuntime().addShutdownHook(onSignal);
  }

  synchronized ChildProcess start(String name, List<String> command) {
    if (closed) {
      throw interrupted();
    }
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      // Not as an option: a class path is long, and the kernel's lists of processes would show
      // nothing else.
      builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
      Process process = builder.start();
      ChildProcess child = new ChildProcess(name, process, arrivals);
      children.add(child);
      return child;
    } catch (IOException e) {
      throw new RunFailed("cannot start " + name + ": " + e.getMessage(), e);
    }
  }

  /**
   * Waits until each of {@code expected} has given its next answer.
   *
   * @throws RunFailed if a child ended or answered something else, or the limit passed
   */
  <T extends Notice.Answer> Map<ChildProcess, T> await(
      Class<T> type, Collection<ChildProcess> expected, Duration limit)
      throws InterruptedException {
    Map<ChildProcess, T> given = new LinkedHashMap<>();
    Set<ChildProcess> missing = new LinkedHashSet<>(expected);
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      missing.removeIf(child -> {
        Notice.Answer answer = answersOf(child).poll();
        if (answer == null) {
          return false;
        }
        if (!type.isInstance(answer)) {
          throw new RunFailed(child.name() + " said " + answer + " out of turn");
        }
        given.put(child, type.cast(answer));
        return true;
      });
      if (missing.isEmpty()) {
        return given;
      }
      if (deadline - System.nanoTime() <= 0) {
        String names = missing.stream().map(ChildProcess::name).collect(Collectors.joining(", "));
        throw new RunFailed("no answer within " + limit.toSeconds() + " s from " + names);
      }
      handleNext(deadline);
    }
  }

  /**
   * Lets a child end whose work is done, and waits until it has.
   *
   * @throws RunFailed if it has not when the limit has passed
   */
  void end(ChildProcess child, Duration limit) throws InterruptedException {
    ending.add(child);
    child.release();
    long deadline = System.nanoTime() + limit.toNanos();
    while (ending.contains(child)) {
      if (deadline - System.nanoTime() <= 0) {
        throw new RunFailed(child.name() + " did not end within " + limit.toSeconds() + " s");
      }
      handleNext(deadline);
    }
  }

  /**
   * Lets time pass.
   *
   * @throws RunFailed if a child ended meanwhile
   */
  void pause(Duration duration) throws InterruptedException {
    long deadline = System.nanoTime() + duration.toNanos();
    while (deadline - System.nanoTime() > 0) {
      handleNext(deadline);
    }
  }

  /** Handles one arrival, or none if a tick passes without. */
  private void handleNext(long deadline) throws InterruptedException {
    long wait = Math.min(deadline - System.nanoTime(), TICK.toNanos());
    switch (arrivals.poll(wait, TimeUnit.NANOSECONDS)) {
      case null -> {}
      case Arrival.Said(ChildProcess child, Notice notice) -> {
        if (notice instanceof Notice.Answer answer) {
          answersOf(child).add(answer);
        }
        observer.said(child, notice);
      }
      case Arrival.Garbled(ChildProcess child, String line) ->
          throw new RunFailed(child.name() + " said what is no notice: \"" + line + "\"");
      case Arrival.Ended(ChildProcess child, int exitCode) -> {
        if (isClosed()) {
          throw interrupted();
        }
        if (!ending.remove(child)) {
          throw new RunFailed(child.obituary(exitCode));
        }
      }
    }
    observer.tick();
  }

  private Queue<Notice.Answer> answersOf(ChildProcess child) {
    return answers.computeIfAbsent(child, _ -> new ArrayDeque<>());
  }

  /** Ends every process and waits for it. */
  @Override
  public synchronized void close() {
    closed = true;
    children.forEach(ChildProcess::release);
    long deadline = System.nanoTime() + RELEASE.toNanos();
    boolean interrupted = false;
    for (ChildProcess child : children) {
      while (true) {
        try {
          child.awaitEnd(deadline);
          break;
        } catch (InterruptedException e) {
          interrupted = true; // the processes have to end all the same
        }
      }
    }
    children.clear();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(onSignal);
    } catch (IllegalStateException ignored) {
      // The hook is what runs this.
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private static RunFailed interrupted() {
    return new RunFailed("interrupted");
  }
}
