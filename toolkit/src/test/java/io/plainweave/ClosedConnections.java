package io.plainweave;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Notes why the connections of a server have ended. */
final class ClosedConnections implements ServerObserver {
  private final BlockingQueue<CloseReason> reasons = new LinkedBlockingQueue<>();

  @Override
  public void onEvent(ServerEvent event) {
    if (event instanceof ServerEvent.ConnectionClosed closed) {
      reasons.add(closed.reason());
    }
  }

  /** Starts a server whose connections are noted here. */
  Server start(Handler handler) throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(handler)
        .observer(this)
        .drainTimeout(Duration.ofSeconds(10))
        .start();
  }

  /** Runs the handler for a client that sends nothing, and returns why the connection has ended. */
  CloseReason serve(Handler handler) throws Exception {
    try (Server server = start(handler);
        Client _ = Client.connect(server)) {
      return next();
    }
  }

  /** Waits for the next one to end. */
  CloseReason next() throws InterruptedException {
    CloseReason reason = reasons.poll(10, TimeUnit.SECONDS);
    if (reason == null) {
      throw new AssertionError("no connection has ended within 10 s");
    }
    return reason;
  }

  /** Fails unless the reason is that very failure of the handler. */
  static void assertFailedWith(Throwable failure, CloseReason reason) {
    assertSame(failure, assertInstanceOf(CloseReason.HandlerFailed.class, reason).failure());
  }
}
