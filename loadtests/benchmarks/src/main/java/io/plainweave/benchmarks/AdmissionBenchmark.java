package io.plainweave.benchmarks;

import io.plainweave.internal.connection.ConnectionRegistry;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.transport.BufferPool;
import java.io.IOException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What a connection takes when it comes and gives back when it goes. With {@code -t 2} two threads
 * want it at a time.
 */
public class AdmissionBenchmark extends Settings {
  private static final byte[] BYTES = {0};

  /** What all threads share. */
  @State(Scope.Benchmark)
  public static class Shared {
    private final MemoryConnections connections = new MemoryConnections();
  }

  /** The connection of one thread. */
  @State(Scope.Thread)
  public static class Own {
    private SocketConnection connection;

    @Setup
    public void open(Shared shared) throws IOException {
      connection = shared.connections.openEndless(BYTES);
    }
  }

  @Benchmark
  public void permit(Shared shared, Own own) throws InterruptedException {
    MemoryHome home = shared.connections.home();
    home.admission().admit(own.connection, home.limit());
    home.release(own.connection);
  }

  @Benchmark
  public void registry(Shared shared, Own own) {
    ConnectionRegistry registry = shared.connections.home().registry();
    registry.remove(own.connection);
    registry.add(own.connection);
  }

  @Benchmark
  public void buffer(Shared shared) {
    BufferPool buffers = shared.connections.home().buffers();
    buffers.give(buffers.take());
  }
}
