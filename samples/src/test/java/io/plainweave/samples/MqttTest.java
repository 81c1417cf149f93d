package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The MQTT sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class MqttTest {
  private static final int SIGTERM = 128 + 15;

  @TempDir static Path folder;

  private static SampleProcess broker;

  @BeforeAll
  static void start() throws Exception {
    Programs.need("mosquitto_pub", "mosquitto_sub");
    broker = SampleProcess.start(folder, "Mqtt", "0");
  }

  @AfterAll
  static void end() throws Exception {
    if (broker != null) {
      try (SampleProcess ended = broker) {
        assertEquals("", ended.process().stderr(), "what clients send is not worth a line");
      }
    }
  }

  @Test
  void answersTheClientsOfItsHeader() throws Exception {
    assertEquals(List.of("", "home/lamp on\n"), SampleHeader.of("Mqtt").ask(folder, broker.port()));
    run("mosquitto_pub -p PORT -r -t home/lamp -n");
  }

  @Test
  void explainsItselfAndTheDefaultPort() throws Exception {
    try (ChildProcess help = SampleProcess.launch(folder, "Mqtt", "--help")) {
      assertEquals(0, help.exitCode());
      assertTrue(help.stdout().endsWith(" *:1883\n"), help.stdout());
    }
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvFileSource(resources = "/mqtt-malformed.csv", delimiter = '|')
  void closesAConnectionThatBreaksTheRules(String rule, String what, String packets, String reply)
      throws Exception {
    boolean connects = packets.startsWith("CONNECT");
    try (MqttClient client =
        connects ? MqttClient.connect(broker.port()) : MqttClient.silent(broker.port())) {
      client.send(connects ? packets.substring("CONNECT".length()) : packets);
      String expected = HexFormat.of().formatHex(MqttClient.bytes(reply == null ? "" : reply));
      assertEquals(expected, client.receiveRest(), rule + ": " + what);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "a, a, true",
    "a, b, false",
    "a, a/b, false",
    "a/b, a, false",
    "a/, a, false",
    "a/, a/, true",
    "/, /, true",
    "#, a, true",
    "#, /, true",
    "#, a/b/c, true",
    "#, $SYS/a, false",
    "#, $x, false",
    "+, a, true",
    "+, a/b, false",
    "+, /a, false",
    "+, $x, false",
    "+/a, /a, true",
    "+/+, /a, true",
    "/+, /a, true",
    "+/a, $SYS/a, false",
    "$SYS/#, $SYS/a, true",
    "$SYS/#, $SYS, true",
    "$SYS/+, $SYS/a, true",
    "a/#, a, true",
    "a/#, a/, true",
    "a/#, a/b/c, true",
    "a/#, ab, false",
    "a/+, a, false",
    "a/+, a/, true",
    "a/+/c, a/b/c, true",
    "a/+/c, a//c, true",
    "a/+/c, a/b/b/c, false",
    "+/b/#, a/b, true",
    "+/+/#, a, false",
    "A, a, false",
    "ä/+, ä/ö, true"
  })
  void deliversWhatAFilterMatches(String filter, String topic, boolean matches) throws Exception {
    String live = "30 [ s'" + topic + "' 'live' ]";
    String kept = "31 [ s'" + topic + "' 'kept' ]";
    try (MqttClient before = MqttClient.subscriber(broker.port(), filter, 0);
        MqttClient publisher = MqttClient.connect(broker.port())) {
      publisher.send(live + kept);
      publisher.ping();
      // Pings before them would tell of messages that are not wanted.
      before.send("c0 00");
      before.expect((matches ? live + "30 [ s'" + topic + "' 'kept' ]" : "") + "d0 00");
      try (MqttClient after = MqttClient.connect(broker.port())) {
        after.send("82 [ 0001 s'" + filter + "' 00 ] c0 00");
        after.expect("90 03 0001 00" + (matches ? kept : "") + "d0 00");
      }
      publisher.send("31 [ s'" + topic + "' ]");
      publisher.ping();
    }
  }

  @Test
  void deliversOnceToOneWhoHasSubscribedTwice() throws Exception {
    try (MqttClient client = MqttClient.connect(broker.port())) {
      client.send("82 [ 0007 s'twice/#' 00 s'twice/a' 02 s'twice/+' 00 ]");
      client.expect("90 05 0007 00 01 00"); // at most a QoS of 1
      client.send("32 [ s'twice/a' 0009 'x' ]");
      client.expect("32 [ s'twice/a' 0001 'x' ] 40 02 0009");
      client.send("40 02 0001 a2 [ 0008 s'twice/#' s'twice/a' s'never' ]");
      client.expect("b0 02 0008");
      client.send("30 [ s'twice/b' 'y' ] a2 [ 0009 s'twice/+' ] 30 [ s'twice/b' 'z' ] c0 00");
      client.expect("30 [ s'twice/b' 'y' ] b0 02 0009 d0 00");
    }
  }

  @Test
  void forgetsARetainedMessageForAnEmptyOne() throws Exception {
    try (MqttClient client = MqttClient.connect(broker.port())) {
      client.send("31 [ s'forget' 'x' ] 31 [ s'forget' 'y' ] 82 [ 0001 s'forget' 00 ]");
      client.expect("90 03 0001 00 31 [ s'forget' 'y' ]");
      client.send("31 [ s'forget' ] 82 [ 0002 s'forget' 00 ] c0 00");
      client.expect("30 [ s'forget' ] 90 03 0002 00 d0 00");
    }
  }

  @Test
  void grantsNoMoreSubscriptionsThanItHasRoomFor() throws Exception {
    try (MqttClient client = MqttClient.connect(broker.port())) {
      String filters =
          IntStream.range(0, 1_001)
              .mapToObj(i -> "s'many/" + i + "' 00")
              .collect(Collectors.joining(" "));
      client.send("82 [ 0001 " + filters + " s'many/0' 01 ]");
      client.expect("90 [ 0001 " + "00".repeat(1_000) + " 80 01 ]");
    }
  }

  @Test
  void sendsAgainWhatWasNotAcknowledged() throws Exception {
    String connect = "10 [ s'MQTT' 04 00 0000 s'forgetful' ]";
    try (MqttClient publisher = MqttClient.connect(broker.port())) {
      try (MqttClient first = MqttClient.connect(broker.port(), connect)) {
        first.send("82 [ 0001 s'again/+' 01 ]");
        first.expect("90 03 0001 01");
        publisher.send("32 [ s'again/a' 0001 'x' ] 32 [ s'again/b' 0002 'y' ]");
        publisher.expect("40 02 0001 40 02 0002");
        first.expect("32 [ s'again/a' 0001 'x' ] 32 [ s'again/b' 0002 'y' ]");
        first.send("40 02 0001 e0 00");
        assertEquals("", first.receiveRest());
      }
      publisher.send("32 [ s'again/c' 0003 'z' ] 30 [ s'again/d' 'lost' ]");
      publisher.expect("40 02 0003");
      publisher.ping();
    }
    try (MqttClient second = MqttClient.silent(broker.port())) {
      second.send(connect);
      second.expect("20 02 01 00 3a [ s'again/b' 0002 'y' ] 32 [ s'again/c' 0003 'z' ]");
      second.send("40 02 0002 40 02 0003 e0 00");
      assertEquals("", second.receiveRest());
    }
    // A clean session takes the other one away.
    MqttClient.connect(broker.port(), "10 [ s'MQTT' 04 02 0000 s'forgetful' ]").close();
    MqttClient.connect(broker.port(), connect).close();
  }

  @Test
  void keepsMessagesForAClientThatIsAway() throws Exception {
    String lines = IntStream.range(0, 500).mapToObj(i -> i + "\n").collect(Collectors.joining());
    Files.writeString(folder.resolve("news"), lines);
    run("mosquitto_sub -p PORT -i keeper -c -q 1 -t news -E");
    run("mosquitto_pub -p PORT -q 1 -t news -l <news");
    assertEquals(lines, run("mosquitto_sub -p PORT -i keeper -c -q 1 -t news -C 500"));
  }

  @Test
  void sendsFiveThousandRetainedMessagesToAFreshSubscriber() throws Exception {
    int count = 5_000;
    try (MqttClient publisher = MqttClient.connect(broker.port())) {
      for (int i = 0; i < count; i++) {
        publisher.send("31 [ s'retained/" + i + "' 'x'*200 ]");
      }
      publisher.ping();
      for (int qos = 0; qos < 2; qos++) {
        String received =
            run("mosquitto_sub -p PORT -q " + qos + " -t 'retained/#' -F %t:%r -C " + count);
        assertEquals(count, received.lines().distinct().count());
        assertTrue(received.lines().allMatch(line -> line.endsWith(":1")), "the flag of RETAIN");
      }
      for (int i = 0; i < count; i++) {
        publisher.send("31 [ s'retained/" + i + "' ]");
      }
      publisher.ping();
    }
  }

  @Test
  void publishesTheWillOfAClientThatIsLostAndNotOfOneThatLeaves() throws Exception {
    try (MqttClient watcher = MqttClient.subscriber(broker.port(), "will/#", 1)) {
      try (MqttClient leaves = MqttClient.connect(broker.port(), withWill("leaves", 0))) {
        leaves.send("e0 00");
        assertEquals("", leaves.receiveRest());
      }
      try (MqttClient cut = MqttClient.connect(broker.port(), withWill("cut", 0))) {
        cut.client().reset();
        watcher.expect("32 [ s'will/cut' 0001 'gone' ]");
      }
      try (MqttClient ends = MqttClient.connect(broker.port(), withWill("ends", 0))) {
        ends.client().socket().shutdownOutput();
        watcher.expect("32 [ s'will/ends' 0002 'gone' ]");
      }
      try (MqttClient wrong = MqttClient.connect(broker.port(), withWill("wrong", 0))) {
        wrong.send("ff");
        watcher.expect("32 [ s'will/wrong' 0003 'gone' ]");
      }
      try (MqttClient half = MqttClient.connect(broker.port(), withWill("half", 0))) {
        half.send("30 05 00");
        half.client().socket().shutdownOutput();
        watcher.expect("32 [ s'will/half' 0004 'gone' ]");
      }
    }
  }

  @Test
  void endsAClientThatIsSilentForLongerThanItHasPromised() throws Exception {
    try (MqttClient watcher = MqttClient.subscriber(broker.port(), "will/silent", 1);
        MqttClient silent = MqttClient.connect(broker.port(), withWill("silent", 1))) {
      for (int i = 0; i < 4; i++) { // for longer than the limit, in all
        long last = System.nanoTime();
        await().until(() -> System.nanoTime() - last > Duration.ofMillis(600).toNanos());
        silent.ping();
      }
      long last = System.nanoTime();
      assertEquals("", silent.receiveRest());
      Duration silence = Duration.ofNanos(System.nanoTime() - last);
      assertTrue(silence.toMillis() >= 1_400, () -> "ended after " + silence);
      watcher.expect("32 [ s'will/silent' 0001 'gone' ]");
    }
  }

  @Test
  void endsTheOldConnectionOfAClientThatConnectsAgain() throws Exception {
    try (MqttClient watcher = MqttClient.subscriber(broker.port(), "will/same", 1);
        MqttClient older = MqttClient.connect(broker.port(), withWill("same", 0))) {
      older.send("82 [ 0001 s'same' 00 ]");
      older.expect("90 03 0001 00");
      try (MqttClient newer = MqttClient.connect(broker.port(), withWill("same", 0))) {
        assertEquals("", older.receiveRest());
        watcher.expect("32 [ s'will/same' 0001 'gone' ]");
        newer.send("30 [ s'same' 'x' ] c0 00"); // whose session was another one
        newer.expect("d0 00");
        newer.send("e0 00");
        assertEquals("", newer.receiveRest());
      }
    }
  }

  @Test
  void publishesNoWillWhenItIsToldToEnd() throws Exception {
    try (SampleProcess sample = SampleProcess.start(folder, "Mqtt", "0");
        MqttClient watcher = MqttClient.subscriber(sample.port(), "will/#", 0);
        MqttClient well = MqttClient.connect(sample.port(), withWill("well", 0))) {
      watcher.ping();
      watcher.send("c0"); // a message that is not complete: it may stay for a while
      sample.process().signal("TERM");
      assertEquals("", well.receiveRest());
      sample.awaitConnections(1);
      watcher.send("00");
      assertEquals("d000", watcher.receiveRest());
      assertEquals(SIGTERM, sample.process().exitCode());
    }
  }

  @Test
  void endsInOrderAmongMessages() throws Exception {
    try (SampleProcess sample = SampleProcess.start(folder, "Mqtt", "0");
        MqttClient subscriber = MqttClient.subscriber(sample.port(), "#", 0)) {
      List<Thread> publishers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        MqttClient client = MqttClient.connect(sample.port());
        publishers.add(Thread.startVirtualThread(() -> publishToTheEnd(client)));
      }
      String message = "30 [ s'busy' 'x'*100 ]";
      for (int i = 0; i < 2_000; i++) {
        subscriber.expect(message);
      }
      sample.process().signal("TERM");
      String rest = subscriber.receiveRest();
      assertEquals(0, rest.length() % (2 * MqttClient.bytes(message).length), "a part of one");
      assertEquals(SIGTERM, sample.process().exitCode());
      for (Thread publisher : publishers) {
        publisher.join();
      }
      String stderr = sample.process().stderr();
      assertTrue(stderr.contains("0 were cancelled"), stderr);
      assertFalse(stderr.contains("Exception") || stderr.contains("\tat "), stderr);
    }
  }

  private static void publishToTheEnd(MqttClient client) {
    try (client) {
      while (true) {
        client.send("32 [ s'busy' 0001 'x'*100 ]".repeat(10));
        client.expect("40 02 0001".repeat(10));
      }
    } catch (IOException | AssertionError ended) {
      // which is what it is about
    }
  }

  @Test
  void survivesAMegabyteOfNonsense() throws Exception {
    byte[] nonsense = new byte[1_000_000];
    var random = new Random(1);
    random.nextBytes(nonsense);
    for (int i = 0; i < nonsense.length; ) {
      int length = Math.min(1 + random.nextInt(4_000), nonsense.length - i);
      try (MqttClient client =
          i % 2 == 0 ? MqttClient.silent(broker.port()) : MqttClient.connect(broker.port())) {
        client.client().socket().getOutputStream().write(nonsense, i, length);
        client.client().socket().shutdownOutput();
        client.receiveRest();
      } catch (SocketException reset) {
        // in the middle of it
      }
      i += length;
    }
    try (MqttClient client = MqttClient.connect(broker.port())) {
      client.ping();
    }
  }

  @Test
  void letsNobodyWaitForASubscriberThatStopsReading() throws Exception {
    String lines =
        IntStream.range(0, 5_000)
            .mapToObj(i -> i + "x".repeat(2_000) + "\n")
            .collect(Collectors.joining());
    Files.writeString(folder.resolve("flood"), lines);
    run("mosquitto_pub -p PORT -q 1 -r -t flood -m ready");
    try (MqttClient stopped = stopped("flood", 0);
        MqttClient alsoStopped = stopped("flood", 1);
        ChildProcess good =
            ChildProcess.start(
                folder, "sh", "-c", command("mosquitto_sub -p PORT -q 1 -t flood -C 5001"))) {
      await().until(() -> good.stdout().equals("ready\n") || !good.isAlive());
      run("mosquitto_pub -p PORT -q 1 -t flood -l <flood");
      assertEquals(0, good.exitCode());
      assertEquals("ready\n" + lines, good.stdout());
    } finally {
      run("mosquitto_pub -p PORT -q 1 -r -t flood -n");
    }
  }

  @Test
  void dropsWhatMayBeLostForASubscriberThatStopsReadingAndKeepsWhatMustNot() throws Exception {
    try (MqttClient stopped = stopped("stop", 1);
        MqttClient publisher = MqttClient.connect(broker.port())) {
      byte[] flood = MqttClient.bytes("30 [ s'stop' 'x'*10000 ]");
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1_500; i++) {
          publisher.client().socket().getOutputStream().write(flood);
        }
        publisher.send("32 [ s'stop' 0001 'not to be lost %d' ]".formatted(round));
        publisher.expect("40 02 0001");
      }
      InputStream in = new BufferedInputStream(stopped.client().socket().getInputStream());
      long received = 0;
      var last = new StringBuilder();
      for (int round = 0; round < 3; ) {
        int b = in.read();
        assertTrue(b >= 0, "it is disconnected");
        received++;
        last.append((char) b);
        if (last.toString().endsWith("not to be lost " + round)) {
          round++;
        }
        if (last.length() > 20) {
          last.deleteCharAt(0);
        }
      }
      assertTrue(received < 3L * 1_500 * flood.length, "nothing was dropped");
    }
  }

  /** A subscriber that reads nothing from now on, and whose socket takes little. */
  private static MqttClient stopped(String filter, int qos) throws IOException {
    var socket = new Socket();
    socket.setReceiveBufferSize(16 * 1024);
    socket.setSoTimeout(10_000);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), broker.port()));
    var client = new MqttClient(new Client(socket));
    client.send(MqttClient.CONNECT + "82 [ 0001 s'" + filter + "' 0" + qos + " ]");
    client.expect(MqttClient.CONNACK + "90 03 0001 0" + qos);
    return client;
  }

  /** A CONNECT with a will of QoS 1, to a topic of the client's name. */
  private static String withWill(String name, int keepAliveSeconds) {
    return "10 [ s'MQTT' 04 0e 000%d s'%s' s'will/%s' s'gone' ]"
        .formatted(keepAliveSeconds, name, name);
  }

  private static String command(String line) {
    return line.replace("PORT", Integer.toString(broker.port()));
  }

  /** Runs a shell command with the port for PORT, and returns what it prints. */
  private static String run(String line) throws Exception {
    try (ChildProcess shell = ChildProcess.start(folder, "sh", "-c", command(line))) {
      assertEquals(0, shell.exitCode(), () -> line);
      assertEquals("", shell.stderr(), line);
      return shell.stdout();
    }
  }
}
