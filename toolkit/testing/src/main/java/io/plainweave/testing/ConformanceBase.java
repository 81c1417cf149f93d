package io.plainweave.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.plainweave.Connection;
import io.plainweave.Handler;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** What the parts of the {@link ConnectionConformance} share. */
abstract class ConformanceBase {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);

  /**
   * Describes the server whose connections are looked at, a new one each time.
   *
   * @return without a handler, a clock or limits
   * @throws Exception if it cannot be made
   */
  protected abstract TestServerBuilder server() throws Exception;

  /**
   * Returns what is looked at in place of a connection, at both sides. Default: itself.
   *
   * @param connection as the toolkit has made it
   * @return a connection around it
   */
  protected Connection wrapped(Connection connection) {
    return connection;
  }

  /**
   * Returns whether a reset reaches the other side if nothing is unread. A Unix-domain socket of
   * Linux ends in order then. Default: true.
   *
   * @return whether it does
   */
  protected boolean resetsAreSeen() {
    return true;
  }

  /** Lets a handler serve the one connection, and the test use it; both have to go well. */
  final void between(Handler serving, Handler using) throws Exception {
    between(server(), serving, using);
  }

  /** The same with a server that the test has described further. */
  final void between(TestServerBuilder server, Handler serving, Handler using) throws Exception {
    var begun = new CompletableFuture<Boolean>();
    var served = new CompletableFuture<Boolean>();
    Handler noted =
        connection -> {
          begun.complete(true);
          try {
            serving.handle(wrapped(connection));
            served.complete(true);
          } catch (Throwable e) {
            served.completeExceptionally(e);
            throw e;
          }
        };
    try (TestServer started = server.handler(noted).start()) {
      Connection client = wrapped(started.connect());
      await(begun);
      try {
        using.handle(client);
      } finally {
        close(client);
      }
      await(served);
    }
  }

  /** Closes what may have ended already. */
  static void close(Connection connection) throws IOException {
    boolean lost = connection.closeReason().isPresent();
    try {
      connection.close();
    } catch (IOException e) {
      if (!lost) {
        throw e;
      }
    }
  }

  /** Waits for what a thread does, and throws what that has thrown. */
  static <T> T await(CompletableFuture<T> done) throws Exception {
    try {
      return done.get(PATIENCE, TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case Exception failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw e;
      }
    } catch (TimeoutException e) {
      throw new AssertionError("it has not ended within 10 s", e);
    }
  }

  /** Waits until something is so. */
  static void await(String what, BooleanSupplier isSo) throws InterruptedException {
    long begin = System.nanoTime();
    while (!isSo.getAsBoolean()) {
      if (System.nanoTime() - begin > PATIENCE) {
        throw new AssertionError("within 10 s it has not come to be that " + what);
      }
      TimeUnit.MICROSECONDS.sleep(200);
    }
  }

  /** Does something in another thread. */
  static <T> CompletableFuture<T> start(Callable<T> work) {
    var done = new CompletableFuture<T>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            done.complete(work.call());
          } catch (Throwable e) {
            done.completeExceptionally(e);
          }
        });
    return done;
  }

  static void send(Connection connection, String text) throws IOException {
    connection.output().write(text.getBytes(US_ASCII));
    connection.output().flush();
  }

  static String receive(Connection connection, int length) throws IOException {
    return new String(connection.input().readNBytes(length), US_ASCII);
  }

  static String receiveAll(Connection connection) throws IOException {
    return new String(connection.input().readAllBytes(), US_ASCII);
  }

  /** Bytes that differ from place to place. */
  static byte[] pattern(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + (i >> 8));
    }
    return bytes;
  }
}
