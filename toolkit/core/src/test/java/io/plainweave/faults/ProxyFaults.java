package io.plainweave.faults;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.proxyprotocol.ProxyHeader;
import io.plainweave.proxyprotocol.ProxyProtocol;
import io.plainweave.server.Server;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the tests of Table X have in common: a server that notes whose connections it gets. */
@ExtendWith(ResourceGuard.class)
@Tag("machine")
@Timeout(60)
abstract class ProxyFaults {
  /** What the handler has seen. */
  record Seen(SocketAddress remote, SocketAddress local, Optional<ProxyHeader> header) {}

  @TempDir Path folder;

  private final BlockingQueue<Seen> seen = new LinkedBlockingQueue<>();
  final BlockingQueue<CloseReason> closed = new LinkedBlockingQueue<>();

  Server start(Listen listen, Handler handler) throws Exception {
    return Server.builder()
        .listen(listen)
        .handler(handler)
        .observer(event -> {
          if (event instanceof ServerEvent.ConnectionClosed end) {
            closed.add(end.reason());
          }
        })
        .start();
  }

  void note(Connection connection) {
    seen.add(
        new Seen(connection.remoteAddress(), connection.localAddress(), connection.proxyHeader()));
  }

  /** Notes what it sees, echoes, and ends with its client. */
  void echo(Connection connection) throws Exception {
    note(connection);
    connection.input().transferTo(connection.output());
  }

  Server startBehindAProxy() throws Exception {
    return start(Listen.tcp("127.0.0.1", 0).proxyProtocol(ProxyProtocol.required()), this::echo);
  }

  Seen next() throws InterruptedException {
    Seen next = seen.poll(10, TimeUnit.SECONDS);
    assertNotNull(next, "the handler has run");
    return next;
  }
}
