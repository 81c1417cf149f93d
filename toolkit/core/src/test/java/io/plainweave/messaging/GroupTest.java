package io.plainweave.messaging;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A group")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class GroupTest {
  private final ClosedConnections closed = new ClosedConnections();
  private final Group group = new Group();

  /** A server that makes a member of each connection, named by the one byte that it sends first. */
  private Server members(int capacity, Outbox.Policy policy) throws Exception {
    return closed.start(connection -> {
      String name = Character.toString(connection.input().read());
      var outbox = new Outbox(connection, capacity, policy);
      try (var scope = connection.openScope()) {
        scope.fork("outbox", outbox);
        group.join(name, outbox);
        connection.input().readAllBytes();
        outbox.close();
        scope.join();
      }
    });
  }

  private Client join(Server server, String name) throws Exception {
    Client client = Client.connect(server);
    client.send(name);
    await().pollInterval(Duration.ofMillis(5)).until(() -> group.names().contains(name));
    return client;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(US_ASCII);
  }

  @Test
  void givesEveryMemberWhatIsBroadcast() throws Exception {
    // @start region="group"
    Group room = new Group();
    Handler handler =
        connection -> {
          var outbox = new Outbox(connection, 100, Outbox.Policy.DISCONNECT);
          try (var scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            room.join(connection.remoteAddress().toString(), outbox);
            byte[] buffer = new byte[1_000];
            for (int n; (n = connection.input().read(buffer)) >= 0; ) {
              room.broadcast(java.util.Arrays.copyOf(buffer, n));
            }
            outbox.close(); // leaves the room
            scope.join();
          }
        };
    // @end
    try (Server server = closed.start(handler);
        Client one = Client.connect(server);
        Client other = Client.connect(server)) {
      await().until(() -> room.size() == 2);
      one.send("hello");
      assertEquals("hello", one.receive(5));
      assertEquals("hello", other.receive(5));
      one.finish();
      assertEquals("", one.receiveAll());
      other.send("still here");
      assertEquals("still here", other.receive(10));
      assertEquals(1, room.size());
    }
  }

  @Test
  void hasOneMemberOfAName() throws Exception {
    Handler joinsTwice =
        connection -> {
          var first = new Outbox(connection, 1, Outbox.Policy.BLOCK);
          var second = new Outbox(connection, 1, Outbox.Policy.BLOCK);
          assertTrue(group.join("b", first));
          assertFalse(group.join("b", second));
          assertTrue(group.join("a", second));
          assertEquals("[a, b]", group.names().toString());
          assertTrue(group.leave("b", first));
          assertFalse(group.leave("b", first));
          assertTrue(group.join("b", second));
          assertFalse(group.leave("b", first), "the name is another's now");
          assertEquals(Set.of("a", "b"), group.names());
          assertEquals(2, group.size());
          second.close();
          assertEquals(Set.of(), group.names());
          assertTrue(group.join("b", second), "the name is free");
          assertEquals(Set.of(), group.names(), "and the outbox is closed");
          assertEquals(0, group.size());
        };
    try (Server server = closed.start(joinsTwice);
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void isLeftByThoseWhoseConnectionsEnd() throws Exception {
    try (Server server = members(10, Outbox.Policy.BLOCK);
        Client resets = join(server, "r");
        Client finishes = join(server, "f");
        Client stays = join(server, "s")) {
      resets.reset();
      finishes.finish();
      await().untilAsserted(() -> assertEquals(Set.of("s"), group.names()));
      group.broadcast(bytes("hello"));
      assertEquals("hello", stays.receive(5));
    }
    assertEquals(Set.of(), group.names());
  }

  @Test
  void keepsTheOrderOfEachBroadcasterAtEveryMember() throws Exception {
    int broadcasters = 4;
    int messages = 2_000;
    List<Client> clients = new ArrayList<>();
    try (Server server = members(100, Outbox.Policy.BLOCK)) {
      for (String name : List.of("x", "y", "z")) {
        clients.add(join(server, name));
      }
      for (int b = 0; b < broadcasters; b++) {
        int number = b;
        Thread.startVirtualThread(
            new FutureTask<>(() -> {
              for (int i = 0; i < messages; i++) {
                group.broadcast(bytes(number + " " + i + "\n"));
              }
              return null;
            }));
      }
      List<BufferedReader> readers = new ArrayList<>();
      for (Client client : clients) {
        var in = client.socket().getInputStream();
        readers.add(new BufferedReader(new InputStreamReader(in, US_ASCII)));
      }
      int[][] next = new int[readers.size()][broadcasters];
      for (int i = 0; i < broadcasters * messages; i++) {
        for (int r = 0; r < readers.size(); r++) {
          String[] line = readers.get(r).readLine().split(" ");
          int broadcaster = Integer.parseInt(line[0]);
          assertEquals(next[r][broadcaster]++, Integer.parseInt(line[1]));
        }
      }
    } finally {
      for (Client client : clients) {
        client.close();
      }
    }
  }

  @Test
  void doesNotLetASlowMemberDelayTheOthers() throws Exception {
    try (Server server = members(10, Outbox.Policy.DISCONNECT);
        Client slow = join(server, "s");
        Client quick = join(server, "q")) {
      byte[] large = new byte[100_000];
      int count = 0;
      while (group.names().contains("s")) {
        group.broadcast(large);
        assertEquals(large.length, quick.receive(large.length).length());
        assertTrue(count++ < 1_000, "the slow member has taken 100 MB, though it does not read");
      }
      assertEquals(new CloseReason.SlowPeer(), closed.next());
      assertTrue(slow.seesReset());
      assertEquals(Set.of("q"), group.names());
      group.broadcast(bytes("hello"));
      assertEquals("hello", quick.receive(5));
    }
  }

  /** All run on one thread, so that an outbox can begin only where somebody gives way to it. */
  @Test
  @Tag("event-loops")
  void takesNoNewcomerForASlowPeer() throws Exception {
    int chatters = 200;
    Handler chats =
        connection -> {
          var outbox = new Outbox(connection, 10, Outbox.Policy.DISCONNECT);
          try (var scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            group.join(connection.remoteAddress().toString(), outbox);
            for (int i = 0; i < 20; i++) {
              group.broadcast(bytes("hello"));
            }
            connection.input().readAllBytes();
            outbox.close();
            scope.join();
          }
        };
    List<Client> clients = new ArrayList<>();
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .eventLoops(1)
            .observer(closed)
            .stopOnSignal(false)
            .handler(chats)
            .start()) {
      for (int i = 0; i < chatters; i++) {
        clients.add(Client.connect(server));
      }
      for (Client client : clients) {
        client.finish();
      }
      for (Client client : clients) {
        client.receiveAll();
        client.close();
        assertEquals(new CloseReason.Finished(), closed.next());
      }
    }
  }

  /** Each takes the room that another one has waited for. */
  @Test
  void takesNoMemberForSlowWhoseRoomIsTakenByOthers() throws Exception {
    int broadcasters = 4;
    int each = 2_000;
    try (Server server = members(1, Outbox.Policy.DISCONNECT);
        Client quick = join(server, "q")) {
      List<FutureTask<Boolean>> sent = new ArrayList<>();
      for (int i = 0; i < broadcasters; i++) {
        var task =
            new FutureTask<>(() -> {
              for (int k = 0; k < each; k++) {
                group.broadcast(bytes("hello"));
              }
              return true;
            });
        sent.add(task);
        Thread.ofPlatform().daemon().start(task);
      }
      assertEquals(5 * broadcasters * each, quick.receive(5 * broadcasters * each).length());
      for (FutureTask<Boolean> task : sent) {
        assertTrue(task.get(10, TimeUnit.SECONDS));
      }
      assertEquals(Set.of("q"), group.names());
    }
  }

  @Test
  void waitsForAMemberThatWantsEverything() throws Exception {
    try (Server server = members(10, Outbox.Policy.BLOCK);
        Client slow = join(server, "s")) {
      var done = new CompletableFuture<Boolean>();
      Thread broadcaster =
          Thread.startVirtualThread(
              new FutureTask<>(() -> {
                for (int i = 0; i < 500; i++) {
                  group.broadcast(new byte[100_000]);
                }
                return done.complete(true);
              }));
      await().until(() -> broadcaster.getState() == Thread.State.WAITING);
      assertFalse(done.isDone());
      assertEquals(50_000_000, slow.receive(50_000_000).length());
      assertTrue(done.get(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void conflatesWhatIsBroadcastWithAKey() throws Exception {
    Handler conflates =
        connection -> {
          var outbox = new Outbox(connection, 10, Outbox.Policy.CONFLATE);
          group.join("c", outbox);
          group.broadcast("EUR", bytes("EUR=1 "));
          group.broadcast("USD", bytes("USD=2 "));
          group.broadcast("EUR", bytes("EUR=3 "));
          outbox.close();
          outbox.run();
        };
    try (Server server = closed.start(conflates);
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals("EUR=3 USD=2 ", client.receiveAll());
    }
  }
}
