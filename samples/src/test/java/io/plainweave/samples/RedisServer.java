package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Redis itself, without a file on the disk.
 *
 * @param process redis-server
 * @param port where it listens
 */
record RedisServer(ChildProcess process, int port) implements AutoCloseable {
  /** Starts it where nobody listens. */
  static RedisServer start(Path folder) throws IOException {
    return start(folder, FreePort.next());
  }

  /** Starts it at a port and waits until it answers. */
  static RedisServer start(Path folder, int port) throws IOException {
    String number = Integer.toString(port);
    var redis =
        new RedisServer(
            ChildProcess.start(
                folder, "redis-server", "--bind", "127.0.0.1", "--port", number, "--save", ""),
            port);
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> redis.process.stdout().contains("Ready to accept connections"));
    return redis;
  }

  /** Waits until so many clients have subscribed to the channel. */
  void awaitSubscribers(String channel, int count) {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> assertEquals(channel + "\n" + count + "\n", ask("pubsub numsub " + channel)));
  }

  private String ask(String command) throws IOException, InterruptedException {
    String line = "redis-cli -p " + port + " " + command;
    try (ChildProcess shell = ChildProcess.start(process.folder(), "sh", "-c", line)) {
      assertEquals(0, shell.exitCode(), () -> line);
      return shell.stdout();
    }
  }

  @Override
  public void close() throws InterruptedException {
    process.kill(); // also one that is stopped
  }
}
