package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ServerSocket;
import java.nio.file.Path;

/**
 * Redis itself, beside which the sample is put.
 *
 * @param process the server
 * @param port where it listens
 */
record RedisServer(ChildProcess process, int port) implements AutoCloseable {
  static RedisServer start(Path folder) throws Exception {
    int port;
    try (var socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    var process =
        ChildProcess.start(
            folder, "redis-server", "--bind", "127.0.0.1", "--port", "" + port, "--save", "");
    var server = new RedisServer(process, port);
    await()
        .until(() -> {
          assertTrue(process.isAlive(), () -> "Redis itself has ended");
          return !Client.isRefused(port);
        });
    return server;
  }

  @Override
  public void close() throws Exception {
    process.close();
  }
}
