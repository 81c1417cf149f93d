package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The chat of several nodes")
@EnabledOnOs(OS.LINUX)
@Timeout(120)
class ClusterChatTest {
  private static final int SIGTERM = 128 + 15;
  private static final String PROMPT = "Your name and a room, please (letters, digits, - and _):";

  @TempDir static Path folder;

  private int redisPort;

  @BeforeEach
  void findPrograms() throws IOException {
    Programs.need("nc", "socat", "redis-server", "redis-cli");
    redisPort = FreePort.next();
  }

  private RedisServer redis() throws IOException {
    return RedisServer.start(folder, redisPort);
  }

  private SampleProcess node(String name) throws Exception {
    return SampleProcess.start(folder, "ClusterChat", name, "127.0.0.1:" + redisPort, "0");
  }

  /** Somebody who has joined a room, and knows it. */
  private static ChatClient join(SampleProcess node, String nameAndRoom, String seenAs)
      throws Exception {
    ChatClient client = ChatClient.socat(node.port()); // it ends with the connection
    client.awaitLine(PROMPT);
    client.say(nameAndRoom);
    client.awaitLine("* " + seenAs + " has joined");
    return client;
  }

  private static void awaitSubscribers(RedisServer redis, int count) {
    redis.awaitSubscribers("plainweave-chat", count);
  }

  private static void awaitLog(SampleProcess node, String text) {
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> assertTrue(node.process().stderr().contains(text), node.process().stderr()));
  }

  @Test
  void runsAsItsHeaderSays() throws Exception {
    List<String> commands = SampleHeader.of("ClusterChat").commands();
    int one = FreePort.next();
    int two = FreePort.next();
    List<String> other =
        commands.stream()
            .map(command ->
                command
                    .replace("6379", "" + redisPort)
                    .replace("7011", "" + one)
                    .replace("7012", "" + two))
            .toList();
    try (ChildProcess redis =
            ChildProcess.start(folder, other.get(0).replace("''", "").split(" "));
        SampleProcess a = sample(other.get(1));
        SampleProcess b = sample(other.get(2));
        ChatClient ben = join(b, "Ben lobby", "Ben@b")) {
      await().until(() -> redis.stdout().contains("Ready to accept connections"));
      awaitSubscribers(new RedisServer(redis, redisPort), 2);
      assertEquals(one, a.port());
      try (ChildProcess ann = ChildProcess.start(folder, "sh", "-c", other.get(3))) {
        assertEquals(0, ann.exitCode());
        assertEquals(PROMPT + "\n* Ann@a has joined\nAnn@a: hello\n", ann.stdout());
      }
      ben.awaitLine("* Ann@a has joined");
      ben.awaitLine("Ann@a: hello");
      ben.awaitLine("* Ann@a has left");
    }
  }

  private static SampleProcess sample(String command) throws Exception {
    String arguments = command.substring("samples/run ".length());
    return SampleProcess.start(folder, arguments.split(" "));
  }

  @Test
  void tellsEverybodyInARoomOnceAndLosesWithANodeItsOwnClientsOnly() throws Exception {
    try (RedisServer redis = redis();
        SampleProcess a = node("a");
        SampleProcess b = node("b");
        SampleProcess c = node("c")) {
      awaitSubscribers(redis, 3);
      try (ChatClient ann = join(a, "Ann lobby", "Ann@a");
          ChatClient other = join(a, "Ann tea", "Ann@a");
          ChatClient ben = join(b, "Ben lobby", "Ben@b");
          ChatClient cleo = join(c, "Cleo lobby", "Cleo@c")) {
        ann.awaitLine("* Ben@b has joined");
        ann.awaitLine("* Cleo@c has joined");
        ben.awaitLine("* Cleo@c has joined");
        for (int i = 0; i < 100; i++) {
          ann.say("line " + i + " \u001b[31m");
          for (ChatClient client : List.of(ann, ben, cleo)) {
            client.awaitLine("Ann@a: line " + i + "  [31m");
          }
        }
        c.process().kill();
        assertEquals(Optional.empty(), cleo.next());
        ben.say("still here");
        ann.awaitLine("Ben@b: still here");
        ben.awaitLine("Ben@b: still here");
        try (SampleProcess again = node("c")) {
          awaitSubscribers(redis, 3);
          try (ChatClient back = join(again, "Cleo lobby", "Cleo@c")) {
            ann.awaitLine("* Cleo@c has joined");
            ann.say("welcome");
            back.awaitLine("Ann@a: welcome");
          }
        }
        other.say("alone");
        other.awaitLine("Ann@a: alone");
      }
    }
  }

  @Test
  void goesOnWhileRedisHangsAndThenDeliversWhatHasWaitedOnce() throws Exception {
    try (RedisServer redis = redis();
        SampleProcess a = node("a");
        SampleProcess b = node("b")) {
      awaitSubscribers(redis, 2);
      try (ChatClient ann = join(a, "Ann lobby", "Ann@a");
          ChatClient ben = join(b, "Ben lobby", "Ben@b")) {
        ann.awaitLine("* Ben@b has joined");
        redis.process().signal("STOP");
        for (int i = 0; i < 500; i++) {
          ann.say("line " + i);
          ann.awaitLine("Ann@a: line " + i);
        }
        // It has sent some of them, and does not know that Redis has them.
        awaitLog(a, "no connection to Redis");
        ann.say("last");
        ann.awaitLine("Ann@a: last");
        redis.process().signal("CONT");
        for (int i = 0; i < 500; i++) {
          ben.awaitLine("Ann@a: line " + i);
        }
        ben.awaitLine("Ann@a: last");
        ben.say("all of it");
        ann.awaitLine("Ben@b: all of it");
        assertTrue(!a.process().stderr().contains("lost"), a.process().stderr());
      }
    }
  }

  @Test
  void needsNoRedisToStartAndSaysHowMuchWasLost() throws Exception {
    try (SampleProcess a = node("a");
        SampleProcess b = node("b");
        ChatClient ann = join(a, "Ann lobby", "Ann@a");
        ChatClient ben = join(b, "Ben lobby", "Ben@b")) {
      awaitLog(a, "no connection to Redis");
      for (int i = 0; i < 1_500; i++) {
        ann.say("line " + i);
        ann.awaitLine("Ann@a: line " + i);
      }
      try (RedisServer redis = redis()) {
        awaitSubscribers(redis, 2);
        awaitLog(a, "501 messages for the other nodes were lost"); // and that she has joined
        ann.say("late");
        // What Redis got before the other node had subscribed is lost as well.
        String next;
        do {
          next = ben.next().orElseThrow();
        } while (next.startsWith("Ann@a: line "));
        assertEquals("Ann@a: late", next);
      }
      awaitLog(b, "no connection from Redis");
      try (RedisServer redis = redis()) {
        awaitSubscribers(redis, 2);
        ben.say("again");
        ben.awaitLine("Ben@b: again");
        List<String> heard = new ArrayList<>();
        do {
          heard.add(ann.next().orElseThrow());
        } while (!heard.getLast().equals("Ben@b: again"));
        heard.remove("* Ben@b has joined"); // if her node was the first, before or after her line
        assertEquals(List.of("Ann@a: late", "Ben@b: again"), heard);
      }
    }
  }

  @Test
  void endsANodeInOrderForItsClientsAndForTheOthers() throws Exception {
    try (RedisServer redis = redis();
        SampleProcess a = node("a");
        SampleProcess b = node("b")) {
      awaitSubscribers(redis, 2);
      try (ChatClient ben = join(b, "Ben lobby", "Ben@b");
          ChatClient ann = join(a, "Ann lobby", "Ann@a")) {
        ben.awaitLine("* Ann@a has joined");
        a.process().signal("TERM");
        assertEquals(Optional.empty(), ann.next());
        assertEquals(SIGTERM, a.process().exitCode());
        ben.awaitLine("* Ann@a has left");
        redis.process().signal("STOP");
        ben.say("nobody hears me");
        ben.awaitLine("Ben@b: nobody hears me");
        b.process().signal("TERM");
        assertEquals(Optional.empty(), ben.next());
        assertEquals(SIGTERM, b.process().exitCode());
        String log = b.process().stderr();
        assertTrue(log.contains("messages for the other nodes are lost"), log);
      }
    }
  }

  @Test
  void forgetsARoomThatAllLeaveAtOnce() throws Exception {
    try (SampleProcess a = node("a")) {
      for (int round = 0; round < 20; round++) {
        try (Clients many = Clients.connect(a.port(), 20)) {
          int number = 0;
          for (Client client : many) {
            client.send("c" + number++ + " tea\n/quit\n");
          }
          for (Client client : many) {
            client.socket().getInputStream().readAllBytes();
          }
        }
      }
      a.awaitConnections(0);
      assertFalse(a.process().stderr().contains("Exception"), a.process().stderr());
    }
  }

  @Test
  void explainsWhereRedisCannotBe() throws Exception {
    try (ChildProcess node = SampleProcess.launch(folder, "ClusterChat", "a", "nowhere")) {
      assertEquals(2, node.exitCode());
      assertTrue(node.stderr().startsWith("not HOST:PORT: nowhere\nusage: "), node.stderr());
    }
  }

  @Test
  void explainsItselfAndTheDefaultPort() throws Exception {
    try (ChildProcess help = SampleProcess.launch(folder, "ClusterChat", "--help")) {
      assertEquals(0, help.exitCode());
      assertTrue(help.stdout().contains("NODE REDIS"), help.stdout());
      assertTrue(help.stdout().contains("7011"), help.stdout());
    }
  }
}
