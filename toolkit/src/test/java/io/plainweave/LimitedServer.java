package io.plainweave;

import java.time.Duration;

/** A server with time limits, for the tests of these. */
final class LimitedServer {
  /** Soon over, but not before a connection has come to the handler. */
  static final Duration SHORT = Duration.ofMillis(400);

  static final Handler ECHO = connection -> connection.input().transferTo(connection.output());

  private LimitedServer() {}

  static Server start(TimeLimits limits, Handler handler, ConnectionEvents events)
      throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(handler)
        .timeLimits(limits)
        .observer(events)
        .drainTimeout(Duration.ofSeconds(10))
        .stopOnSignal(false)
        .start();
  }
}
