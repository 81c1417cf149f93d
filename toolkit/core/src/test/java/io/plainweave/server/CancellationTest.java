package io.plainweave.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.client.Connector;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.InHandlers;
import io.plainweave.fixture.ResourceGuard;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The cancellation of a server, as soon as all its connections are cancelled,")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class CancellationTest {
  private InHandlers handlers;

  @BeforeEach
  void start() throws Exception {
    handlers = InHandlers.start();
  }

  @AfterEach
  void stop() throws Exception {
    handlers.close();
  }

  /** What a cancellation begins with. The state does not tell of it yet, and no interrupt came. */
  private void cancelConnections() {
    ServerHome home = handlers.server().home();
    home.drain().cancel(home.registry(), home.datagrams());
    assertEquals(ServerState.RUNNING, handlers.server().state());
  }

  @Test
  void cancelsWhatAHandlerOpensAfterIt() throws Exception {
    try (var target = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      target.setSoTimeout(10_000);
      Connector connector = Connector.parse("127.0.0.1:" + target.getLocalPort());
      var entered = new CountDownLatch(1);
      var cancelled = new CountDownLatch(1);
      Future<Connection> late =
          handlers.submit(() -> {
            entered.countDown();
            cancelled.await();
            Connection connection = connector.connect();
            var failure =
                assertThrows(ConnectionClosedException.class, () -> connection.input().read());
            assertInstanceOf(CloseReason.Cancelled.class, failure.reason());
            return connection;
          });
      entered.await();
      cancelConnections();
      cancelled.countDown();
      assertFalse(late.get(10, TimeUnit.SECONDS).isOpen());
      try (var upstream = new Client(target.accept())) {
        assertTrue(upstream.seesReset());
      }
    }
  }

  @Test
  void servesNobodyWhoIsAcceptedAfterIt() throws Exception {
    cancelConnections();
    Future<Boolean> served = handlers.submit(() -> true);
    assertTrue(handlers.clients().getFirst().seesReset());
    assertFalse(served.isDone());
    await().until(() -> handlers.server().connections() == 0);
  }
}
