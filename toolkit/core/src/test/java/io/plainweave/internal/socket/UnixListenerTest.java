package io.plainweave.internal.socket;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Listen;
import io.plainweave.client.Connector;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UnixClient;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.server.ServerState;
import io.plainweave.text.Addresses;
import java.io.IOException;
import java.net.BindException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A listener at a path")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class UnixListenerTest {
  @TempDir Path folder;

  private Path path;

  @BeforeEach
  void choosePath() {
    path = folder.resolve("app.sock");
  }

  private static ServerBuilder echo() {
    return Server.builder()
        .handler(connection -> connection.input().transferTo(connection.output()))
        .drainTimeout(Duration.ofSeconds(10));
  }

  private Server start() throws Exception {
    return echo().listen(Listen.unix(path)).start();
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  /** The names in the folder: what a listener has left, hidden or not. */
  private List<String> names() throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** Leaves what a killed server leaves: a socket that nobody listens on. */
  private static void leaveStale(Path path) throws IOException {
    try (var channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.bind(UnixDomainSocketAddress.of(path));
    }
  }

  private String refusal() {
    Server server = echo().listen(Listen.unix(path)).build();
    var failure = assertThrows(BindException.class, server::start);
    assertEquals(ServerState.TERMINATED, server.state());
    String message = failure.getMessage();
    assertTrue(message.startsWith("cannot listen on unix:" + path + ": "), message);
    return message;
  }

  @Test
  void servesThereAndLeavesNothingBehind() throws Exception {
    try (Server server = start();
        UnixClient client = UnixClient.connect(path)) {
      client.exchange("hello");
      assertEquals(List.of(UnixDomainSocketAddress.of(path)), server.addresses());
      assertEquals(List.of("app.sock"), names());
    }
    assertEquals(List.of(), names());
  }

  @Test
  void isForItsOwnUserOnlyUntilToldOtherwise() throws Exception {
    try (Server _ = start()) {
      assertEquals("rw-------", permissions(path));
    }
    try (Server _ = echo().listen(Listen.unix(path).permissions("rw-rw-rw-")).start()) {
      assertEquals("rw-rw-rw-", permissions(path));
    }
  }

  @Test
  void mayHaveARelativePath() throws Exception {
    Path relative = Path.of("").toAbsolutePath().relativize(path);
    try (Server server = echo().listen(Listen.unix(relative)).start();
        UnixClient client = UnixClient.connect(path)) {
      client.exchange("hello");
      assertEquals(List.of(UnixDomainSocketAddress.of(relative)), server.addresses());
    }
    assertEquals(List.of(), names());
  }

  @Test
  void hasNoPort() throws Exception {
    try (Server server = start()) {
      var failure = assertThrows(IllegalStateException.class, server::port);
      assertTrue(failure.getMessage().contains("unix:" + path), failure.getMessage());
    }
    try (Server server =
            echo().listen(Listen.unix(path)).listen(Listen.tcp("127.0.0.1", 0)).start();
        Client client = Client.connect(server)) {
      client.exchange("the port is that of the other listener");
    }
  }

  @Test
  void replacesWhatAKilledServerHasLeft() throws Exception {
    leaveStale(path);
    try (Server _ = start();
        UnixClient client = UnixClient.connect(path)) {
      client.exchange("hello");
      assertEquals("rw-------", permissions(path));
      assertEquals(List.of("app.sock"), names());
    }
  }

  @Test
  void replacesIt_alsoWhenAnotherHasLeftItsLockFile() throws Exception {
    leaveStale(path);
    Files.createFile(folder.resolve(".app.sock.lock"));
    try (Server _ = start()) {
      assertEquals(List.of("app.sock"), names());
    }
  }

  @Test
  void doesNotStartWhereAnotherServerListens() throws Exception {
    try (Server _ = start();
        UnixClient client = UnixClient.connect(path)) {
      String message = refusal();
      assertTrue(message.endsWith("another server listens there: stop it, or take another path"));
      client.exchange("the other one");
      try (UnixClient next = UnixClient.connect(path)) {
        next.exchange("is not harmed");
      }
    }
  }

  @Test
  void doesNotStartWhereAnotherServerHasNoRoomForAnotherClient() throws Exception {
    try (var other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(path), 1);
      try (UnixClient _ = UnixClient.connect(path);
          UnixClient _ = UnixClient.connect(path)) {
        assertTrue(refusal().contains("may be in use"));
      }
      assertTrue(Files.exists(path));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "folder", "fifo", "link", "link to a stale socket"})
  void leavesAloneWhatIsNoSocket(String kind) throws Exception {
    switch (kind) {
      case "file" -> Files.writeString(path, "precious");
      case "folder" -> Files.createDirectory(path);
      case "fifo" ->
          assertEquals(0, new ProcessBuilder("mkfifo", path.toString()).start().waitFor());
      case "link" -> Files.createSymbolicLink(path, folder.resolve("nowhere"));
      default -> {
        leaveStale(folder.resolve("stale"));
        Files.createSymbolicLink(path, folder.resolve("stale"));
      }
    }
    Object before = Files.readAttributes(path, "unix:ino,ctime,mode", LinkOption.NOFOLLOW_LINKS);
    List<String> names = names();
    assertTrue(refusal().contains("what is there is no socket, and stays"));
    assertEquals(
        before, Files.readAttributes(path, "unix:ino,ctime,mode", LinkOption.NOFOLLOW_LINKS));
    assertEquals(names, names());
  }

  @Test
  void saysThatTheFolderIsMissing() {
    path = folder.resolve("missing/app.sock");
    assertTrue(refusal().endsWith("there is no folder " + folder.resolve("missing")));
  }

  @Test
  void saysThatTheFolderIsNone() throws Exception {
    path = Files.createFile(folder.resolve("file")).resolve("app.sock");
    assertTrue(refusal().endsWith("this is no folder: " + folder.resolve("file")));
  }

  @Test
  void takesAPathAsLongAsTheSystemDoesAndNoLonger() throws Exception {
    int room = 106 - folder.toString().length() - 1;
    path = folder.resolve("ü" + "x".repeat(room - 2));
    try (Server _ = start();
        UnixClient client = UnixClient.connect(path)) {
      client.exchange("hello");
    }
    Path longer = folder.resolve("ü" + "x".repeat(room - 1));
    for (var description :
        List.<Runnable>of(() -> Listen.unix(longer), () -> Connector.unix(longer))) {
      var failure = assertThrows(IllegalArgumentException.class, description::run);
      assertTrue(failure.getMessage().contains("106 bytes, and this one has 107: " + longer));
    }
  }

  @Test
  void saysThatTheFolderHasTooLongAName() throws Exception {
    Path longest = folder.resolve("x".repeat(98 - folder.toString().length() - 1));
    Files.createDirectory(longest);
    path = longest.resolve("s");
    try (Server _ = start();
        UnixClient client = UnixClient.connect(path)) {
      client.exchange("hello");
    }
    Path longer = folder.resolve("x".repeat(99 - folder.toString().length() - 1)).resolve("s");
    var failure = assertThrows(IllegalArgumentException.class, () -> Listen.unix(longer));
    assertTrue(failure.getMessage().contains("98 bytes, and this one's has 99: " + longer));
  }

  @Test
  void refusesWhatIsNoPathAndNoPermission() {
    assertThrows(IllegalArgumentException.class, () -> Listen.unix(Path.of("")));
    assertThrows(IllegalArgumentException.class, () -> Listen.unix(Path.of("/")));
    var failure =
        assertThrows(IllegalArgumentException.class, () -> Listen.unix(path).permissions("0600"));
    assertTrue(failure.getMessage().endsWith("rw-rw----: 0600"), failure.getMessage());
  }

  @Test
  void isShownAsAPath() {
    assertEquals("unix:/run/app.sock", Listen.unix(Path.of("/run/app.sock")).toString());
    assertEquals("unix:/run/app.sock", Connector.unix(Path.of("/run/app.sock")).toString());
    assertEquals("unix:(unnamed)", Addresses.format(UnixDomainSocketAddress.of("")));
  }

  @Test
  void isTakenBackWhenAnotherListenerCannotBeBound() throws Exception {
    Server server =
        echo()
            .listen(Listen.unix(path))
            .listen(Listen.unix(folder.resolve("missing/other.sock")))
            .build();
    assertThrows(BindException.class, server::start);
    assertEquals(List.of(), names());
  }

  @Test
  void leavesTheFileThatAnotherHasPutInItsPlace() throws Exception {
    try (Server _ = start()) {
      Files.delete(path);
      Files.writeString(path, "of somebody else");
    }
    assertArrayEquals(
        "of somebody else".getBytes(StandardCharsets.US_ASCII), Files.readAllBytes(path));
  }

  @Test
  void leavesTheSocketThatAnotherServerHasPutInItsPlace() throws Exception {
    Server first = start();
    try (first) {
      Files.delete(path);
      try (Server _ = start()) {
        first.close();
        try (UnixClient client = UnixClient.connect(path)) {
          client.exchange("the other one is not harmed");
        }
      }
    }
    assertEquals(List.of(), names());
  }

  @Test
  void doesNotMindThatItsFileIsGone() throws Exception {
    try (Server _ = start();
        UnixClient client = UnixClient.connect(path)) {
      Files.delete(path);
      client.exchange("hello");
    }
  }

  @Test
  void removesItsFileAlsoWhenOwnerAndPermissionsHaveChanged() throws Exception {
    try (Server _ = start()) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
    }
    assertEquals(List.of(), names());
  }

  @Test
  void removesItsFileAsSoonAsTheDrainBegins() throws Exception {
    try (Server server = start();
        UnixClient busy = UnixClient.connect(path)) {
      busy.exchange("hello");
      server.shutdown();
      await().until(() -> Files.notExists(path));
      try (Server _ = start();
          UnixClient client = UnixClient.connect(path)) {
        client.exchange("the next one");
      }
    }
  }

  @RepeatedTest(20)
  void isTakenByOneOfManyServersThatStartAtOnce() throws Exception {
    leaveStale(path);
    int servers = 6;
    var together = new CyclicBarrier(servers);
    try (var threads = Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
      List<Future<Server>> starts = new ArrayList<>();
      for (int i = 0; i < servers; i++) {
        Callable<Server> begin =
            () -> {
              Server server = echo().listen(Listen.unix(path)).build();
              together.await();
              try {
                return server.start();
              } catch (BindException taken) {
                assertTrue(taken.getMessage().contains("another server"), taken::getMessage);
                return server;
              }
            };
        starts.add(threads.submit(begin));
      }
      List<Server> running = new ArrayList<>();
      for (Future<Server> start : starts) {
        Server server = start.get();
        if (server.state() == ServerState.RUNNING) {
          running.add(server);
        }
      }
      assertEquals(1, running.size());
      try (Server _ = running.getFirst();
          UnixClient client = UnixClient.connect(path)) {
        client.exchange("hello");
        assertFalse(running.getFirst().addresses().isEmpty());
      }
      assertEquals(List.of(), names());
    }
  }
}
