package io.plainweave.benchmarks;

import java.util.concurrent.ThreadFactory;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The whole life of a scope: opened, joined and closed, with threads in it and without. */
@State(Scope.Thread)
public class ScopeBenchmark extends Settings {
  private static final ThreadFactory THREADS = Thread.ofVirtual().factory();

  @Benchmark
  public void withoutThreads() throws InterruptedException {
    try (var scope = io.plainweave.internal.thread.Scope.open("benchmark", THREADS)) {
      scope.join();
    }
  }

  @Benchmark
  public void withAHundredThreads() throws InterruptedException {
    try (var scope = io.plainweave.internal.thread.Scope.open("benchmark", THREADS)) {
      for (int i = 0; i < 100; i++) {
        scope.fork(() -> io.plainweave.internal.thread.Scope.After.CONTINUE);
      }
      scope.join();
    }
  }
}
