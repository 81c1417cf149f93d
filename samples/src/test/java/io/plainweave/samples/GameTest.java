package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.samples.GameClient.Place;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The game")
@EnabledOnOs(OS.LINUX)
@Timeout(120)
class GameTest {
  private static final int SIGTERM = 128 + 15;
  private static final int PLAYERS = 200;
  private static final int IN_A_PLACE = 10;

  @TempDir static Path folder;

  private SampleProcess game;
  private final List<GameClient> clients = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    game = SampleProcess.start(folder, "Game", "0");
  }

  @AfterEach
  void end() throws Exception {
    for (GameClient client : clients) {
      client.close();
      assertEquals("", client.wrong());
    }
    game.close();
  }

  private GameClient login(String name, int x, int y) throws IOException {
    GameClient client = GameClient.login(game.port(), name, x, y);
    clients.add(client);
    return client;
  }

  private static void awaitAsserted(ThrowingRunnable assertion) {
    await().atMost(Duration.ofSeconds(40)).untilAsserted(assertion);
  }

  @Test
  void runsAsItsHeaderSays() throws Exception {
    Programs.need("nc", "socat");
    List<String> commands =
        SampleHeader.of("Game").commands().stream()
            .map(command -> command.replace("7020", "" + game.port()))
            .toList();
    assertEquals(4, commands.size());
    Path ann = folder.resolve("ann");
    run(commands.get(0));
    await().until(() -> Files.exists(ann) && Files.readString(ann).contains("* Ann has joined"));
    run(commands.get(1));
    run(commands.get(2));
    List<String> ticks = run(commands.get(3)).lines().toList();
    assertTrue(ticks.getFirst().matches("tick \\d+"), ticks::toString);
    assertEquals("Ann 10 20 2", ticks.get(1));
    awaitAsserted(
        () -> assertTrue(Files.readString(ann).endsWith("* Ann has joined\nAnn: hello\n")));
  }

  private static String run(String command) throws IOException, InterruptedException {
    try (ChildProcess shell = ChildProcess.start(folder, "sh", "-c", command)) {
      assertEquals(0, shell.exitCode(), () -> command);
      return shell.stdout();
    }
  }

  @Test
  void letsTwoHundredPlayersMoveSeeEachOtherChatAndLeave() throws Exception {
    var random = new Random(1);
    for (int i = 0; i < PLAYERS; i++) {
      login("player" + i, (i / IN_A_PLACE) * 400 + random.nextInt(100), random.nextInt(100));
    }
    awaitAsserted(() -> assertEachSeesAllThatAreNear(clients));
    for (int round = 0; round < 3; round++) {
      for (GameClient client : clients) {
        int place = client.place().x() / 400;
        client.moveTo((place + 1) % 20 * 400 + random.nextInt(100), random.nextInt(100));
      }
      awaitAsserted(() -> assertEachSeesAllThatAreNear(clients));
    }

    clients.get(7).say("hello");
    awaitAsserted(
        () -> clients.forEach(client -> assertEquals(1, client.timesRead("player7: hello"))));

    List<GameClient> stay = new ArrayList<>();
    for (int i = 0; i < PLAYERS; i++) {
      if (i % 4 == 0) {
        clients.get(i).say("/quit");
      } else if (i % 4 == 1) {
        clients.get(i).close(); // without a word
      } else {
        stay.add(clients.get(i));
      }
    }
    awaitAsserted(() -> {
      for (GameClient client : stay) {
        assertTrue(client.hasRead("* player0 has left"));
        assertTrue(client.hasRead("* player197 has left"));
      }
    });
    awaitAsserted(() -> assertEachSeesAllThatAreNear(stay));
    for (int tick = 0; tick < 10; tick++) {
      stay.getFirst().awaitTicks(1);
      assertEachSeesAllThatAreNear(stay);
    }
    clients.forEach(client -> assertEquals(1, client.timesRead("player7: hello"), client::name));
  }

  /** Each sees those near where they are, and nobody else. */
  private static void assertEachSeesAllThatAreNear(List<GameClient> all) {
    for (GameClient client : all) {
      Map<String, Place> near = new HashMap<>();
      Place here = client.place();
      for (GameClient other : all) {
        Place there = other.place();
        if (Math.abs(there.x() - here.x()) <= 100 && Math.abs(there.y() - here.y()) <= 100) {
          near.put(other.name(), there);
        }
      }
      assertEquals(near, client.latest().places(), client::name);
    }
  }

  @Test
  @Tag("slow")
  void showsTheNearestOfACrowdInOneDatagram() throws Exception {
    for (int i = 0; i < PLAYERS; i++) {
      login("crowd" + i, 5_000 + i / 2, 5_000); // who are near are more than a datagram holds
    }
    awaitAsserted(() -> {
      for (GameClient client : clients) {
        Map<String, Place> seen = client.latest().places();
        assertTrue(seen.size() >= 40, () -> client.name() + " sees " + seen.size());
        int farthest = 0;
        for (Place place : seen.values()) {
          farthest = Math.max(farthest, Math.abs(place.x() - client.place().x()));
        }
        for (GameClient other : clients) {
          boolean isNearer = Math.abs(other.place().x() - client.place().x()) < farthest;
          assertTrue(!isNearer || seen.containsKey(other.name()), client::name);
        }
      }
    });
  }

  @Test
  void forgetsWhoIsSilentUntilItIsHeardAgain() throws Exception {
    GameClient ann = login("Ann", 1, 1);
    GameClient ben = login("Ben", 2, 2);
    awaitAsserted(() -> assertEachSeesAllThatAreNear(clients));
    ben.silent(true);
    awaitAsserted(() -> assertEachSeesAllThatAreNear(List.of(ann)));
    ben.say("I am still here");
    awaitAsserted(() -> assertTrue(ann.hasRead("Ben: I am still here")));
    ben.silent(false);
    awaitAsserted(() -> assertEachSeesAllThatAreNear(clients));
  }

  @Test
  @Tag("slow")
  void dropsAnOldPosition() throws Exception {
    GameClient ann = login("Ann", 1, 1);
    awaitAsserted(() -> assertEachSeesAllThatAreNear(clients));
    ann.silent(true);
    ann.awaitTicks(3);
    for (int i = 0; i < 10; i++) {
      ann.tellOldPosition(50, 50);
      ann.awaitTicks(1);
      assertEquals(new Place(1, 1), ann.latest().places().get("Ann"));
    }
  }

  @Test
  void answersNobodyWithoutATokenAndTellsAForgedAddressNothing() throws Exception {
    GameClient ann = login("Ann", 1, 1);
    awaitAsserted(() -> assertEachSeesAllThatAreNear(clients));
    try (DatagramClient stranger = DatagramClient.of(game.port())) {
      String none = "0".repeat(32) + " 0 1 10 20";
      for (String text : List.of(none, "", "hello", "x".repeat(2_000))) {
        send(stranger, text);
      }
      stranger.socket().setSoTimeout(1_000);
      assertThrows(SocketTimeoutException.class, () -> receive(stranger.socket()));

      // The token alone, and with the echo of another address, gets an echo each, and no tick.
      String first = ann.token() + " 0 1000000 90 90";
      String second = ann.token() + " " + ann.echo() + " 1000000 90 90";
      for (String text : List.of(first, second)) {
        send(stranger, text);
        String answer = receive(stranger.socket());
        assertTrue(answer.startsWith("echo "), answer);
        assertTrue(answer.length() <= text.length(), answer);
        assertFalse(answer.contains(ann.echo()), answer);
      }
      assertThrows(SocketTimeoutException.class, () -> receive(stranger.socket()));
      assertEquals(new Place(1, 1), ann.latest().places().get("Ann"));

      // Who gives the echo back is the player, from another address.
      ann.silent(true);
      send(stranger, first);
      String echo = receive(stranger.socket()).substring("echo ".length()).strip();
      send(stranger, ann.token() + " " + echo + " 1000000 90 90");
      assertTrue(receive(stranger.socket()).endsWith("\nAnn 90 90 1000000\n"));
    }
  }

  private static void send(DatagramClient client, String text) throws IOException {
    byte[] bytes = text.getBytes(US_ASCII);
    client.socket().send(new DatagramPacket(bytes, bytes.length, client.server()));
  }

  private static String receive(DatagramSocket socket) throws IOException {
    var datagram = new DatagramPacket(new byte[2_048], 2_048);
    socket.receive(datagram);
    return new String(datagram.getData(), 0, datagram.getLength(), US_ASCII);
  }

  @Test
  void endsInOrderAtSigterm() throws Exception {
    for (int i = 0; i < PLAYERS; i++) {
      login("player" + i, i * 10, i * 10);
    }
    awaitAsserted(() -> assertEachSeesAllThatAreNear(clients));
    game.process().signal("TERM");
    for (GameClient client : clients) {
      assertEquals("* the game is over", client.awaitEnd());
    }
    assertEquals(SIGTERM, game.process().exitCode());
    String log = game.process().stderr();
    assertTrue(log.contains(" 0 were cancelled"), log);
    assertFalse(log.contains("Exception"), log);
  }

  @Test
  void explainsItselfAndTheDefaultPort() throws Exception {
    try (ChildProcess help = SampleProcess.launch(folder, "Game", "--help")) {
      assertEquals(0, help.exitCode());
      assertTrue(help.stdout().contains("7020"), help.stdout());
    }
  }
}
