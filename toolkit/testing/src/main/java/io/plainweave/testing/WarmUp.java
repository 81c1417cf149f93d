package io.plainweave.testing;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/** Lets the first server of a process open what stays open in it, before a test counts that. */
final class WarmUp {
  private static final AtomicBoolean DONE = new AtomicBoolean();

  private WarmUp() {}

  static void run() throws IOException, InterruptedException {
    if (!DONE.getAndSet(true)) {
      serve(TestServer.inMemory());
      serve(TestServer.onTcp());
      serve(TestServer.onUnixSocket());
      Rest.warmUp();
      Footprint.now();
    }
  }

  private static void serve(TestServerBuilder builder) throws IOException, InterruptedException {
    try (var server =
            builder
                .handler(connection -> connection.input().transferTo(connection.output()))
                .start();
        var peer = server.peer()) {
      peer.send("x").expect("x").halfClose().expectEnd();
    }
  }
}
