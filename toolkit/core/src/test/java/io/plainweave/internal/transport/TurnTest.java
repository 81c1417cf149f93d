package io.plainweave.internal.transport;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.TcpOptions;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.NeedsModule;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.TlsServer;
import io.plainweave.internal.thread.JdkScheduler;
import io.plainweave.server.Server;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The peers of some handlers send or take faster than these go on, so that they never wait. How
 * many pieces they have worked on while a request of somebody else lay at the server is counted,
 * and no time is measured.
 *
 * <p>A few requests may wait for long all the same: a busy machine, or the one that plays it, may
 * keep a thread of the JDK by which a request is noticed from the processors, and let the carriers
 * go on. That is rare. Handlers that do not give way let half of the requests wait, or all, however
 * often they are asked: so a case fails if that is seen {@link #ROUNDS} times in a row, and says
 * how long that thread of the JDK had to wait for a processor each time.
 */
@NeedsModule("jdk.management")
@DisplayName("A handler that never has to wait")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class TurnTest {
  private static final int FLOODS = 2;
  private static final int PIECE = 16 * 1024;

  /** Of a socket; the system may allow less. */
  private static final int BUFFER = 4 * 1024 * 1024;

  private static final TcpOptions WIDE =
      TcpOptions.DEFAULT.receiveBuffer(BUFFER).sendBuffer(BUFFER);

  /**
   * How long a handler works on a piece, which a client moves in a hundredth of that. So the
   * sockets have enough for the handler also where the machine lets the client wait.
   */
  private static final long WORK_NANOS = 500_000;

  /** Of one who was there before, and as many of newcomers. */
  private static final int EXCHANGES = 20;

  /** How many of all of them may wait for long. */
  private static final int OUTLIERS = 4;

  /** Of exchanges, each with floods of their own. */
  private static final int ROUNDS = 3;

  /** The pieces of fifty turns; a busy machine lets a request wait for as many as five. */
  private static final int MANY = 200;

  /** After so many pieces the handlers wait, too, for the request to be read. */
  private static final int MOST = 800;

  private final int carriersBefore = JdkScheduler.carriers();
  private final AtomicInteger worked = new AtomicInteger();
  private final List<Socket> floods = new ArrayList<>();
  private final List<Thread> clients = new ArrayList<>();

  /** Whether a request has come to the server. Until then it is the client that lets it wait. */
  private volatile boolean asked;

  /** Done when a handler has read the request. */
  private volatile CompletableFuture<Void> read = new CompletableFuture<>();

  /** How many pieces between the two. */
  private final AtomicInteger workedMeanwhile = new AtomicInteger();

  @TempDir private Path folder;

  @AfterEach
  void restoreCarriers() {
    JdkScheduler.setCarriers(carriersBefore);
  }

  @AfterEach
  void endFloods() throws Exception {
    for (Socket flood : floods) {
      flood.close();
    }
    for (Thread client : clients) {
      client.join();
    }
    floods.clear();
    clients.clear();
  }

  private void handle(Connection connection) throws Exception {
    InputStream in = connection.input();
    OutputStream out = connection.output();
    var piece = new byte[PIECE];
    switch (in.read()) {
      case 'r' -> {
        while (in.read(piece) > 0) {
          work();
        }
      }
      case 'w' -> {
        while (true) {
          out.write(piece);
          work();
        }
      }
      case 'c' -> {
        for (int n; (n = in.read(piece)) > 0; ) {
          out.write(piece, 0, n);
          work();
        }
      }
      default -> {
        for (int asks; (asks = in.read()) >= 0; ) {
          read.complete(null);
          out.write(asks);
        }
      }
    }
  }

  private void work() throws Exception {
    worked.incrementAndGet();
    CompletableFuture<Void> waits = read;
    if (asked && !waits.isDone() && workedMeanwhile.incrementAndGet() >= MOST) {
      waits.get();
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

  private static Socket connect(int port) throws IOException {
    var socket = new Socket();
    socket.setReceiveBufferSize(BUFFER);
    socket.setSendBufferSize(BUFFER);
    socket.connect(new InetSocketAddress("127.0.0.1", port));
    return socket;
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
    JdkScheduler.setCarriers(carriers);
    TlsServer tls = TlsServer.in(folder);
    List<String> rounds = new ArrayList<>();
    while (rounds.size() < ROUNDS) {
      Duration before = masterPollerDelay();
      List<Integer> all = exchanges(kind, transport.equals("TLS"), tls, carriers, loops);
      if (all.stream().filter(pieces -> pieces > MANY).count() <= OUTLIERS) {
        return;
      }
      Duration delay = masterPollerDelay().minus(before);
      rounds.add("%s (MasterPoller waited %s for a processor)".formatted(all, delay));
      System.out.println("others waited for long: " + rounds.getLast());
    }
    fail("the pieces of others while one waited, each time: " + rounds);
  }

  /** Returns how many pieces others have worked on during each exchange. */
  private List<Integer> exchanges(
      String kind, boolean overTls, TlsServer tls, int carriers, int loops) throws Exception {
    worked.set(0);
    List<Integer> all = new ArrayList<>();
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0).options(WIDE))
            .listen(tls.listen().options(WIDE))
            .eventLoops(loops)
            .maxCarriers(carriers) // the watchdog is not to help
            .stopOnSignal(false)
            .handler(this::handle)
            .start()) {
      int port = ((InetSocketAddress) server.listeners().getLast().address()).getPort();
      try (Client other = Client.connect(server)) {
        other.send("-");
        for (int i = 0; i < FLOODS; i++) {
          flood(overTls ? tls.connect(connect(port), "TLSv1.3") : connect(server.port()), kind);
        }
        await().until(() -> worked.get() >= 64);
        for (int i = 0; i < EXCHANGES; i++) {
          all.add(exchange(other));
          try (Client newcomer = Client.connect(server)) {
            newcomer.send("-");
            all.add(exchange(newcomer));
          }
        }
      } finally {
        endFloods();
      }
    }
    return all;
  }

  /**
   * How long the thread of the JDK by which a request is noticed was ready to run and had no
   * processor (proc(5), schedstat, of which the second number is that); zero where nobody says so.
   */
  private static Duration masterPollerDelay() throws IOException {
    Path tasks = Path.of("/proc/self/task");
    if (!Files.isDirectory(tasks)) {
      return Duration.ZERO;
    }
    try (Stream<Path> all = Files.list(tasks)) {
      for (Path task : all.toList()) {
        try {
          if (Files.readString(task.resolve("comm")).strip().equals("MasterPoller")) {
            String[] numbers = Files.readString(task.resolve("schedstat")).split(" ");
            return Duration.ofNanos(Long.parseLong(numbers[1]));
          }
        } catch (NoSuchFileException ended) {
          // Another thread.
        }
      }
    }
    return Duration.ZERO;
  }

  /** Returns how many pieces others have worked on while the request waited. */
  private int exchange(Client client) throws IOException {
    asked = false;
    workedMeanwhile.set(0);
    read = new CompletableFuture<>();
    client.send("?");
    asked = true;
    assertEquals("?", client.receive(1));
    return workedMeanwhile.get();
  }
}
