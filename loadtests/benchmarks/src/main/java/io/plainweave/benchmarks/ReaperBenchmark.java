package io.plainweave.benchmarks;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One pass of the reaper over all connections, each of which waits for a message and has time left.
 */
@State(Scope.Benchmark)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ReaperBenchmark extends Settings {
  @Param({"10000", "100000"})
  private int connections;

  private final MemoryConnections server = new MemoryConnections();

  @Setup
  public void open() throws IOException, InterruptedException {
    server.openSilent(connections);
  }

  @TearDown
  public void close() throws IOException {
    server.closeAll();
  }

  @Benchmark
  public void checkTimes() {
    MemoryHome home = server.home();
    int now = home.ticks().now();
    home.registry().forEach(connection -> home.timeCheck().apply(connection, now, false));
  }
}
