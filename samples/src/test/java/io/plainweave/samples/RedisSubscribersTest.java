package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Subscribers that are slow or gone, and what a drain does to them and to transactions. */
@DisplayName("The Redis sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class RedisSubscribersTest {
  private static final int SIGTERM = 128 + 15;
  private static final String SUBSCRIBED = "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n";

  @TempDir Path folder;

  private SampleProcess redis;

  @BeforeEach
  void start() throws Exception {
    redis = SampleProcess.start(folder, "Redis", "0");
  }

  @AfterEach
  void end() throws Exception {
    redis.close();
  }

  private Client subscriber() throws IOException {
    Client client = Client.connect(redis.port());
    client.send("SUBSCRIBE news\r\n");
    assertEquals(SUBSCRIBED, client.receive(SUBSCRIBED.length()));
    return client;
  }

  @Test
  void waitsForNoSubscriberThatStopsReadingAndEndsIt() throws Exception {
    String message = "m".repeat(100_000);
    String push = "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$100000\r\n" + message + "\r\n";
    try (Client slow = subscriber();
        Client quick = subscriber();
        Client publisher = Client.connect(redis.port())) {
      // What the sockets, 32 MB of the outbox and 64 MB behind it hold is less than 120 MB.
      String receivers = ":2\r\n";
      int published = 0;
      for (; receivers.equals(":2\r\n"); published++) {
        assertTrue(published < 1_200, "the slow one is kept");
        publisher.send("*3\r\n$7\r\nPUBLISH\r\n$4\r\nnews\r\n$100000\r\n" + message + "\r\n");
        receivers = publisher.receive(4);
        assertEquals(push, quick.receive(push.length()));
      }
      assertEquals(":1\r\n", receivers);
      assertTrue(published > 300, "a subscriber may leave 32 MB unread");
      redis.awaitConnections(2);
    }
  }

  @Test
  void forgetsASubscriberThatResetsItsConnection() throws Exception {
    try (Client publisher = Client.connect(redis.port())) {
      subscriber().reset();
      await()
          .until(() -> {
            publisher.send("PUBLISH news hello\r\n");
            return publisher.receive(4).equals(":0\r\n");
          });
      publisher.send("PUBSUB CHANNELS\r\n");
      assertEquals("*0\r\n", publisher.receive(4));
    }
  }

  @Test
  void sendsASubscriberWhatWasPublishedBeforeTheDrainAndEndsItInOrder() throws Exception {
    try (Client subscriber = subscriber();
        Client half = subscriber();
        Client publisher = Client.connect(redis.port())) {
      half.socket().shutdownOutput();
      assertTrue(half.seesEnd());
      publisher.send("PUBLISH news hello\r\n".repeat(1_000));
      for (int i = 0; i < 1_000; i++) {
        assertEquals(":1\r\n", publisher.receive(4));
      }
      redis.process().signal("TERM");
      String push = "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n";
      assertEquals(push.repeat(1_000), subscriber.receive(1_000 * push.length()));
      assertTrue(subscriber.seesEnd());
      assertTrue(publisher.seesEnd());
    }
    assertEndsInOrder();
  }

  @Test
  void doesNothingOfATransactionThatTheDrainMeetsBeforeItsEnd() throws Exception {
    try (Client begun = Client.connect(redis.port());
        Client complete = Client.connect(redis.port())) {
      begun.send("MULTI\r\nSET a 1\r\n");
      assertEquals("+OK\r\n+QUEUED\r\n", begun.receive(14));
      complete.send("MULTI\r\nSET a 2\r\nGET a\r\nEXEC\r\n");
      redis.process().signal("TERM");
      String replies = "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n$1\r\n2\r\n";
      assertEquals(replies, complete.receive(replies.length()));
      assertTrue(complete.seesEnd());
      assertTrue(begun.seesEnd());
    }
    assertEndsInOrder();
  }

  /**
   * As many as have come when the drain begins: what is still with the client is not the server's.
   */
  private static final int PIPED = 4_000;

  @Test
  void repliesToEachCommandOfAPipeThatTheDrainMeets() throws Exception {
    try (Client client = Client.connect(redis.port());
        BufferedReader replies = replies(client)) {
      client.send("INCR n\r\n".repeat(PIPED));
      assertEquals(":1", replies.readLine());
      redis.process().signal("TERM");
      for (int i = 2; i <= PIPED; i++) {
        assertEquals(":" + i, replies.readLine());
      }
      assertEquals(-1, replies.read());
    }
    assertEndsInOrder();
  }

  @Test
  void letsACommandBeCompletedThatHadBegunWhenTheDrainCame() throws Exception {
    try (Client client = Client.connect(redis.port());
        BufferedReader replies = replies(client)) {
      client.send("INCR n\r\n*1\r\n$4\r\nPI");
      assertEquals(":1", replies.readLine()); // so it waits for the rest of the other one
      redis.process().signal("TERM");
      await().until(() -> Client.isRefused(redis.port()));
      client.send("NG\r\n");
      assertEquals("+PONG", replies.readLine());
      assertEquals(-1, replies.read());
    }
    assertEndsInOrder();
  }

  private static BufferedReader replies(Client client) throws IOException {
    return new BufferedReader(
        new InputStreamReader(client.socket().getInputStream(), StandardCharsets.US_ASCII));
  }

  private void assertEndsInOrder() throws Exception {
    assertEquals(SIGTERM, redis.process().exitCode());
    String log = redis.process().stderr();
    assertTrue(log.contains("0 were cancelled"), log);
  }
}
