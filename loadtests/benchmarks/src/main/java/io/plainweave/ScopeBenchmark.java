package io.plainweave;

import java.util.concurrent.ThreadFactory;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The whole life of a scope: opened, one thread forked, joined and closed. */
@State(Scope.Thread)
public class ScopeBenchmark extends Settings {
  private static final ThreadFactory THREADS = Thread.ofVirtual().factory();

  @Benchmark
  public void withOneThread() throws InterruptedException {
    try (var scope = io.plainweave.Scope.open("benchmark", THREADS)) {
      scope.fork(() -> io.plainweave.Scope.After.CONTINUE);
      scope.join();
    }
  }

  @Benchmark
  public void withoutThreads() throws InterruptedException {
    try (var scope = io.plainweave.Scope.open("benchmark", THREADS)) {
      scope.join();
    }
  }

  /** Its thread cancels the scope. */
  @Benchmark
  public void cancelled() throws InterruptedException {
    try (var scope = io.plainweave.Scope.open("benchmark", THREADS)) {
      scope.fork(() -> io.plainweave.Scope.After.CANCEL);
      scope.join();
    }
  }
}
