package io.plainweave.loadtests.tree;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.Listen;
import io.plainweave.loadtests.Main;
import io.plainweave.server.Server;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The tree of a server in this very process. */
@Timeout(60)
final class TreeTest {
  private static final int ASKS = 'a';
  private static final int FORKS = 'f';
  private static final int STUCK = 's';

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final List<Socket> clients = new ArrayList<>();
  private final CountDownLatch release = new CountDownLatch(1);
  private final CyclicBarrier handled = new CyclicBarrier(2);
  private Server server;

  @BeforeEach
  void start() throws Exception {
    server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0).name("api"))
            .stopOnSignal(false)
            .handler(this::handle)
            .start();
  }

  @AfterEach
  void end() throws IOException {
    release.countDown();
    for (Socket client : clients) {
      client.close();
    }
    server.close();
  }

  private void handle(Connection connection) throws Exception {
    switch (connection.input().read()) {
      case FORKS -> {
        try (ConnectionScope scope = connection.openScope()) {
          scope.fork("one", this::beStuck);
          scope.fork("two", this::beStuck);
          handled.await();
          scope.join();
        }
      }
      case STUCK -> {
        handled.await();
        beStuck();
      }
      default -> {
        handled.await();
        int _ = connection.input().read();
      }
    }
  }

  private void beStuck() throws InterruptedException {
    release.await();
  }

  private void connect(int does) throws Exception {
    Socket client = new Socket(InetAddress.getLoopbackAddress(), server.port());
    clients.add(client);
    client.getOutputStream().write(does);
    handled.await();
  }

  private int tree(String... options) {
    List<String> arguments = new ArrayList<>(List.of("tree"));
    arguments.addAll(List.of(options));
    out.getBuffer().setLength(0);
    CommandLine command = Main.commandLine();
    return command
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(arguments.toArray(String[]::new));
  }

  private static String self() {
    return Long.toString(ProcessHandle.current().pid());
  }

  /** Until all have come to where they wait. */
  private void awaitTree(List<String> expected, String... options) {
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> {
          assertEquals(0, tree(options), err::toString);
          List<String> lines = out.toString().lines().toList();
          for (String line : expected) {
            assertTrue(lines.stream().anyMatch(it -> it.matches(line)), () -> line + "\n" + out);
          }
        });
  }

  @Test
  void showsServerListenerConnectionScopeAndTaskWithWhatEachWaitsFor() throws Exception {
    connect(ASKS);
    connect(STUCK);
    connect(FORKS);

    awaitTree(
        List.of(
            "plainweave server(: \\d+ threads?)?",
            " {4}plainweave listeners: 2 threads",
            " {6}#\\d+ plainweave acceptor .*: waits for a connection at .*",
            " {8}listener api.*: 3 threads",
            " {10}#\\d+ .*: waits for input at .*TreeTest.handle\\(TreeTest.java:\\d+\\)",
            " {10}#\\d+ .*: waits for a CountDownLatch.* at .*TreeTest.beStuck\\(.*",
            " {10}#\\d+ .*: waits for its scope at .*TreeTest.handle\\(TreeTest.java:\\d+\\)",
            " {12}.*: 2 threads",
            " {14}#\\d+ one: waits for a CountDownLatch.* at .*TreeTest.beStuck\\(.*",
            " {14}#\\d+ two: waits for a CountDownLatch.* at .*TreeTest.beStuck\\(.*"),
        self());
  }

  @Test
  void countsWhereManyWait() throws Exception {
    for (int i = 0; i < 8; i++) {
      connect(ASKS);
    }
    connect(STUCK);
    connect(FORKS);
    connect(FORKS);

    awaitTree(
        List.of(
            " {8}listener api.*: 11 threads",
            " {10} +8  waits for input at .*TreeTest.handle\\(.*",
            " {10} +2  waits for its scope at .*TreeTest.handle\\(.*",
            " {10} +1  waits for a CountDownLatch.* at .*TreeTest.beStuck\\(.*",
            " {10}in their scopes: 4 threads",
            " {12} +4  waits for a CountDownLatch.* at .*TreeTest.beStuck\\(.*"),
        self(),
        "--most",
        "10");
  }

  @Test
  void saysWhyThereIsNoTree(@TempDir Path folder) throws Exception {
    assertEquals(1, tree("999999999"));
    assertEquals(
        "no tree of 999999999: jcmd says: non existent JVM pid: 999999999", err.toString().strip());

    Path other = Files.writeString(folder.resolve("other"), "no dump");
    err.getBuffer().setLength(0);
    assertEquals(1, tree(other.toString()));
    assertTrue(
        err.toString().startsWith("no tree of " + other + ": it is no JSON: "), err::toString);

    Path empty = Files.writeString(folder.resolve("empty"), "{\"a\": 1}");
    err.getBuffer().setLength(0);
    assertEquals(1, tree(empty.toString()));
    assertEquals("no tree of " + empty + ": there are no threads in it", err.toString().strip());
  }

  @Test
  void refusesWhatIsNoProcessAndNoFile() {
    assertEquals(2, tree("no-such-file"));
    assertTrue(
        err.toString().startsWith("there is no file, and no process, no-such-file\n"),
        err::toString);

    err.getBuffer().setLength(0);
    assertEquals(2, tree(self(), "--most", "-1"));
    assertTrue(err.toString().startsWith("--most must not be negative: -1"), err::toString);
    assertFalse(err.toString().contains("Exception"), err::toString);
  }
}
