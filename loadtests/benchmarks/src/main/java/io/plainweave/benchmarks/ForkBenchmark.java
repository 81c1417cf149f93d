package io.plainweave.benchmarks;

import java.util.concurrent.CountDownLatch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One thread from its start to its end, in a scope as an acceptor forks it, and without a scope. A
 * thousand are started at a time, so that the wait for the last one counts little.
 */
@State(Scope.Thread)
public class ForkBenchmark extends Settings {
  private static final int THREADS = 1_000;

  private io.plainweave.internal.thread.Scope scope;

  @Setup
  public void open() {
    scope = io.plainweave.internal.thread.Scope.open("benchmark", Thread.ofVirtual().factory());
  }

  @TearDown
  public void close() throws InterruptedException {
    scope.join();
    scope.close();
  }

  @Benchmark
  @OperationsPerInvocation(THREADS)
  public void inScope() throws InterruptedException {
    var ended = new CountDownLatch(THREADS);
    for (int i = 0; i < THREADS; i++) {
      scope.fork(() -> {
        ended.countDown();
        return io.plainweave.internal.thread.Scope.After.CONTINUE;
      });
    }
    ended.await();
  }

  @Benchmark
  @OperationsPerInvocation(THREADS)
  public void withoutScope() throws InterruptedException {
    var ended = new CountDownLatch(THREADS);
    for (int i = 0; i < THREADS; i++) {
      Thread.startVirtualThread(ended::countDown);
    }
    ended.await();
  }
}
