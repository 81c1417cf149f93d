package io.plainweave.internal.transport;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.TlsServer;
import io.plainweave.server.Server;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import jdk.management.VirtualThreadSchedulerMXBean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The peers of some handlers send or take faster than these go on, so that they never wait. What
 * they have moved while somebody else waited for an answer is counted, and no time is measured.
 */
@DisplayName("A handler that never has to wait")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class TurnTest {
  private static final VirtualThreadSchedulerMXBean SCHEDULER =
      ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);

  private static final int FLOODS = 2;
  private static final int PIECE = 16 * 1024;

  /** How long a handler works on a piece, which a client moves in a tenth of it. */
  private static final long WORK_NANOS = 50_000;

  /**
   * More than all of them move in several hundred turns, and in what a busy machine takes to run
   * the one that asks; less than before the watchdog adds a carrier.
   */
  private static final long MOST = 384 * 1024 * 1024;

  private final int carriersBefore = SCHEDULER.getParallelism();
  private final AtomicLong moved = new AtomicLong();
  private final List<Socket> floods = new ArrayList<>();
  private final List<Thread> clients = new ArrayList<>();

  /** Whether somebody waits for an answer, and how much was moved meanwhile. */
  private volatile boolean asked;

  private final AtomicLong movedMeanwhile = new AtomicLong();

  @TempDir private Path folder;

  @AfterEach
  void restoreCarriers() {
    SCHEDULER.setParallelism(carriersBefore);
  }

  @AfterEach
  void endFloods() throws Exception {
    for (Socket flood : floods) {
      flood.close();
    }
    for (Thread client : clients) {
      client.join();
    }
  }

  private void handle(Connection connection) throws IOException {
    InputStream in = connection.input();
    OutputStream out = connection.output();
    var piece = new byte[PIECE];
    switch (in.read()) {
      case 'r' -> {
        for (int n; goesOn() && (n = in.read(piece)) > 0; ) {
          work(n);
        }
      }
      case 'w' -> {
        while (goesOn()) {
          out.write(piece);
          work(PIECE);
        }
      }
      case 'c' -> {
        for (int n; goesOn() && (n = in.read(piece)) > 0; ) {
          out.write(piece, 0, n);
          work(n);
        }
      }
      default -> {
        for (int asks; (asks = in.read()) >= 0; ) {
          asked = false;
          out.write(asks);
        }
      }
    }
  }

  private boolean goesOn() {
    return movedMeanwhile.get() <= MOST;
  }

  private void work(int bytes) {
    moved.addAndGet(bytes);
    if (asked) {
      movedMeanwhile.addAndGet(bytes);
    }
    long end = System.nanoTime() + WORK_NANOS;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  /** Lets a client send and receive as fast as it can. */
  private void flood(Socket socket, String kind) throws IOException {
    floods.add(socket);
    socket.setSoTimeout(0);
    OutputStream out = socket.getOutputStream();
    InputStream in = socket.getInputStream();
    out.write(kind.charAt(0));
    start(() -> in.transferTo(OutputStream.nullOutputStream()));
    if (!kind.equals("writes")) {
      var piece = new byte[4 * PIECE];
      start(() -> {
        while (true) {
          out.write(piece);
        }
      });
    }
  }

  /** What a client does until its socket is closed. */
  @FunctionalInterface
  private interface Use {
    void run() throws IOException;
  }

  private void start(Use use) {
    clients.add(
        Thread.ofPlatform()
            .start(() -> {
              try {
                use.run();
              } catch (IOException closed) {
                // The end of the test.
              }
            }));
  }

  @ParameterizedTest(name = "{0}, {1}, {2} carriers, {3} event loops")
  @CsvSource({
    "reads,  plain, 1, 0",
    "reads,  plain, 2, 0",
    "writes, plain, 1, 0",
    "copies, plain, 2, 0",
    "reads,  TLS,   1, 0",
    "writes, TLS,   2, 0",
    "reads,  plain, 2, 1",
    "writes, plain, 2, 1",
    "copies, TLS,   2, 1"
  })
  void givesWayToOthers(String kind, String transport, int carriers, int loops) throws Exception {
    SCHEDULER.setParallelism(carriers);
    TlsServer tls = TlsServer.in(folder);
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .listen(tls.listen())
            .eventLoops(loops)
            .stopOnSignal(false)
            .handler(this::handle)
            .start()) {
      int port = ((InetSocketAddress) server.listeners().getLast().address()).getPort();
      try (Client other = Client.connect(server)) {
        other.send("-");
        for (int i = 0; i < FLOODS; i++) {
          flood(
              transport.equals("TLS")
                  ? tls.connect(new Socket("127.0.0.1", port), "TLSv1.3")
                  : Client.connect(server).socket(),
              kind);
        }
        await().until(() -> moved.get() >= 1024 * 1024);
        for (int i = 0; i < 20; i++) {
          exchange(other);
          try (Client newcomer = Client.connect(server)) {
            newcomer.send("-");
            exchange(newcomer);
          }
        }
      } finally {
        endFloods();
      }
    }
  }

  private void exchange(Client client) throws IOException {
    movedMeanwhile.set(0);
    asked = true;
    client.send("?");
    assertEquals("?", client.receive(1));
    assertTrue(goesOn(), "all that was moved while one waited: " + movedMeanwhile);
  }
}
