package io.plainweave.admin.threads;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.Listen;
import io.plainweave.server.Server;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.module.ModuleFinder;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The tree of a server in this very process. */
@Timeout(60)
final class ThreadTreeTest {
  private static final int ASKS = 'a';
  private static final int FORKS = 'f';
  private static final int STUCK = 's';

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
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
    return run(arguments);
  }

  private int run(List<String> arguments) {
    out.reset();
    err.reset();
    return new Main(new PrintStream(out), new PrintStream(err)).run(arguments);
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
            " {10}#\\d+ .*: waits for input at .*ThreadTreeTest.handle\\(ThreadTreeTest.java:\\d+\\)",
            " {10}#\\d+ .*: waits for a CountDownLatch.* at .*ThreadTreeTest.beStuck\\(.*",
            " {10}#\\d+ .*: waits for its scope at .*ThreadTreeTest.handle\\(ThreadTreeTest.java:\\d+\\)",
            " {12}.*: 2 threads",
            " {14}#\\d+ one: waits for a CountDownLatch.* at .*ThreadTreeTest.beStuck\\(.*",
            " {14}#\\d+ two: waits for a CountDownLatch.* at .*ThreadTreeTest.beStuck\\(.*"),
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
            " {10} +8  waits for input at .*ThreadTreeTest.handle\\(.*",
            " {10} +2  waits for its scope at .*ThreadTreeTest.handle\\(.*",
            " {10} +1  waits for a CountDownLatch.* at .*ThreadTreeTest.beStuck\\(.*",
            " {10}in their scopes: 4 threads",
            " {12} +4  waits for a CountDownLatch.* at .*ThreadTreeTest.beStuck\\(.*"),
        self(),
        "--most",
        "10");
  }

  @Test
  void answersQuestionsOfTheProgramItself() throws Exception {
    for (int i = 0; i < 3; i++) {
      connect(ASKS);
    }
    connect(STUCK);

    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> {
          List<PlaceCount> places = whereConnectionsWait("api");
          assertEquals(
              List.of(3L, 1L), places.stream().map(PlaceCount::threads).toList(), places::toString);
          assertEquals("waits for input", places.getFirst().place().activity());
          assertTrue(places.getFirst().place().line().contains("ThreadTreeTest.handle("));
        });
  }

  // @start region="tree"
  /** Where the connections of a listener wait, those places first at which most do. */
  private static List<PlaceCount> whereConnectionsWait(String listener) throws IOException {
    return ThreadTree.ofThisProcess()
        .allScopes()
        .filter(scope -> scope.name().startsWith("listener " + listener))
        .flatMap(scope -> scope.places().stream())
        .toList();
  }

  // @end

  @Test
  void knowsEachPackageOfTheToolkitFromTheProgramsOwn() {
    List<String> packages =
        ModuleFinder.of(
                Path.of(Server.class.getProtectionDomain().getCodeSource().getLocation().getPath()))
            .find("io.plainweave")
            .orElseThrow()
            .descriptor()
            .packages()
            .stream()
            .toList();
    assertTrue(packages.contains("io.plainweave.server"), packages::toString);
    assertEquals(
        List.of(), packages.stream().filter(name -> !Place.isForeign(name + ".Server")).toList());
    assertFalse(Place.isForeign("io.plainweave.samples.Chat.handle(Chat.java:42)"));
  }

  @Test
  void leavesNoFileBehind() throws Exception {
    Path folder = Path.of(System.getProperty("java.io.tmpdir"));
    Set<Path> before = dumps(folder);
    assertEquals(self(), ThreadTree.ofThisProcess().processId());
    assertEquals(self(), ThreadTree.of(ProcessHandle.current().pid()).processId());
    assertThrows(IOException.class, () -> ThreadTree.of(999_999_999));
    assertEquals(before, dumps(folder));
  }

  private static Set<Path> dumps(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("threads"))
          .collect(Collectors.toSet());
    }
  }

  @Test
  void readsWhatANewerJdkAddsAndKeepsNamesInTheirLine(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("newer.json"),
            """
            {"threadDump": {"formatVersion": 9, "processId": 12, "new": [1, {"x": [true, null]}],
              "threadContainers": [
                {"container": "<root>", "parent": null, "owner": null, "threads": []},
                {"container": "listener a\\b", "parent": "<root>", "more": {"y": -1.5e3},
                 "threads": [{"tid": 7, "name": "one\\n two \\u0041", "state": "WAITING",
                   "parkBlocker": {"object": "app.Gate@1", "exclusiveOwnerThreadId": 3},
                   "stack": ["java.base/java.lang.Thread.park(Thread.java:1)", "app/app.A.b(A.java:2)"]}]}
              ]}, "after": "x"}
            """);
    assertEquals(0, tree(file.toString()), err::toString);
    assertTrue(
        out.toString().contains("#7 one\\u000a two A: waits for a Gate at app.A.b(A.java:2)"),
        out::toString);
  }

  @Test
  void saysWhatItCannotRead(@TempDir Path folder) throws Exception {
    for (String text :
        List.of(
            "",
            "x",
            "[]",
            "{\"a\": 1",
            "{\"a\" 1}",
            "{\"a\": \"\\q\"}",
            "{\"a\": \"\\u00zz\"}",
            "{\"threadDump\": {\"threadContainers\": [{\"threads\": [{\"tid\": \"x\"}]}]}}",
            "{\"a\": " + "[".repeat(100_000))) {
      Path file = Files.writeString(folder.resolve("no-dump"), text);
      IOException e = assertThrows(IOException.class, () -> ThreadTree.read(file), text);
      assertTrue(e.getMessage().startsWith("it "), e::toString);
    }
  }

  @Test
  void saysWhyThereIsNoTree(@TempDir Path folder) throws Exception {
    assertEquals(1, tree("999999999"));
    assertEquals(
        "no tree of 999999999: jcmd says: non existent JVM pid: 999999999", err.toString().strip());

    Path other = Files.writeString(folder.resolve("other"), "no dump");
    assertEquals(1, tree(other.toString()));
    assertTrue(err.toString().startsWith("no tree of " + other + ": it is no JSON"), err::toString);

    Path empty = Files.writeString(folder.resolve("empty"), "{\"a\": 1}");
    assertEquals(1, tree(empty.toString()));
    assertEquals("no tree of " + empty + ": there are no threads in it", err.toString().strip());
  }

  @Test
  void refusesWhatIsNoProcessAndNoFile() {
    assertEquals(2, tree("no-such-file"));
    assertTrue(
        err.toString().startsWith("there is no file, and no process, no-such-file\nUsage: "),
        err::toString);

    assertEquals(2, tree(self(), "--most", "-1"));
    assertTrue(err.toString().startsWith("--most needs a number from 0 on, not -1"), err::toString);
    assertEquals(2, tree());
    assertEquals(2, tree(self(), self()));
    assertEquals(2, tree(self(), "--least"));
    assertEquals(2, tree(self(), "--most"));
    assertEquals(2, run(List.of()));
    assertEquals(2, run(List.of("bush", self())));
    assertFalse(err.toString().contains("Exception"), err::toString);
    assertEquals(0, run(List.of("--help")));
    assertTrue(out.toString().startsWith("Usage: "), out::toString);
  }
}
