package io.plainweave.samples;

import static java.util.stream.Collectors.toSet;
import static java.util.stream.IntStream.range;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanCursor;
import io.lettuce.core.ScoredValue;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.resps.ScanResult;
import redis.clients.jedis.resps.Tuple;

/** The clients that Java programs use, in both protocols. */
@DisplayName("The Redis sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class RedisClientsTest {
  @TempDir static Path folder;

  private static SampleProcess server;

  @BeforeAll
  static void start() throws Exception {
    server = SampleProcess.start(folder, "Redis", "0");
  }

  @AfterAll
  static void end() throws Exception {
    if (server != null) {
      try (SampleProcess ended = server) {
        assertEquals("", ended.process().stderr(), "what clients send is not worth a line");
      }
    }
  }

  @BeforeEach
  void forgetEverything() throws Exception {
    try (Client client = Client.connect(server.port())) {
      client.send("FLUSHALL\r\n");
      assertEquals("+OK\r\n", client.receive(5));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RESP2", "RESP3"})
  void servesJedis(RedisProtocol protocol) throws Exception {
    try (var jedis = jedis(protocol)) {
      assertEquals("OK", jedis.set("string", "h\u00e9"));
      assertEquals("h\u00e9", jedis.get("string"));
      assertNull(jedis.get("none"));
      assertEquals("OK", jedis.set("short", "1", SetParams.setParams().ex(100)));
      assertEquals(2, jedis.incr("short"));
      assertEquals(100, jedis.ttl("short"));
      assertEquals(3, jedis.rpush("list", "a", "b", "c"));
      assertEquals(List.of("b", "c"), jedis.lrange("list", 1, -1));
      assertEquals(2, jedis.sadd("set", "a", "b"));
      assertEquals(Set.of("a", "b"), jedis.smembers("set"));
      assertEquals(2, jedis.hset("hash", Map.of("a", "1", "b", "2")));
      assertEquals(Map.of("a", "1", "b", "2"), jedis.hgetAll("hash"));
      assertEquals(2, jedis.zadd("zset", Map.of("a", 1.5, "b", 2.0)));
      assertEquals(new Tuple("a", 1.5), jedis.zpopmin("zset"));
      assertTrue(jedis.info().contains("redis_mode:standalone"));

      range(0, 100).forEach(i -> jedis.set("key" + i, ""));
      Set<String> keys = new HashSet<>();
      String cursor = ScanParams.SCAN_POINTER_START;
      do {
        ScanResult<String> found = jedis.scan(cursor, new ScanParams().match("key*").count(7));
        keys.addAll(found.getResult());
        cursor = found.getCursor();
      } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
      assertEquals(range(0, 100).mapToObj(i -> "key" + i).collect(toSet()), keys);

      try (AbstractTransaction transaction = jedis.multi()) {
        transaction.set("string", "2");
        transaction.incr("string");
        assertEquals(List.of("OK", 3L), transaction.exec());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RESP2", "RESP3"})
  void publishesToJedis(RedisProtocol protocol) throws Exception {
    BlockingQueue<String> events = new LinkedBlockingQueue<>();
    var subscriber =
        new JedisPubSub() {
          @Override
          public void onSubscribe(String channel, int subscriptions) {
            events.add("subscribed " + channel + " " + subscriptions);
          }

          @Override
          public void onPSubscribe(String pattern, int subscriptions) {
            events.add("subscribed " + pattern + " " + subscriptions);
          }

          @Override
          public void onMessage(String channel, String message) {
            events.add(channel + " " + message);
          }

          @Override
          public void onPMessage(String pattern, String channel, String message) {
            events.add(pattern + " " + channel + " " + message);
          }
        };
    try (var jedis = jedis(protocol)) {
      Thread reader = Thread.startVirtualThread(() -> jedis.subscribe(subscriber, "news", "else"));
      assertEquals("subscribed news 1", next(events));
      assertEquals("subscribed else 2", next(events));
      subscriber.psubscribe("n*");
      assertEquals("subscribed n* 3", next(events));
      assertEquals(2, jedis.publish("news", "hello"));
      assertEquals("news hello", next(events));
      assertEquals("n* news hello", next(events));
      subscriber.punsubscribe();
      subscriber.unsubscribe();
      assertTrue(reader.join(Duration.ofSeconds(10)), "it reads on");
      assertEquals(0, jedis.publish("news", "hello"));
    }
  }

  private static redis.clients.jedis.RedisClient jedis(RedisProtocol protocol) {
    return redis.clients.jedis.RedisClient.builder()
        .hostAndPort("127.0.0.1", server.port())
        .clientConfig(
            DefaultJedisClientConfig.builder().protocol(protocol).clientName("jedis").build())
        .build();
  }

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void servesLettuce(ProtocolVersion protocol) {
    try (RedisClient client = lettuce(protocol);
        var connection = client.connect()) {
      RedisCommands<String, String> commands = connection.sync();
      assertEquals("OK", commands.set("string", "h\u00e9"));
      assertEquals("h\u00e9", commands.get("string"));
      assertNull(commands.get("none"));
      assertEquals(1, commands.incr("number"));
      assertTrue(commands.expire("number", 100));
      assertEquals(100, commands.ttl("number"));
      assertEquals(3, commands.rpush("list", "a", "b", "c"));
      assertEquals(List.of("b", "c"), commands.lrange("list", 1, -1));
      assertEquals(2, commands.sadd("set", "a", "b"));
      assertEquals(Set.of("a", "b"), commands.smembers("set"));
      assertEquals(2, commands.hset("hash", Map.of("a", "1", "b", "2")));
      assertEquals(Map.of("a", "1", "b", "2"), commands.hgetall("hash"));
      assertEquals(1, commands.zadd("zset", 1.5, "a"));
      assertEquals(ScoredValue.just(1.5, "a"), commands.zpopmin("zset"));
      assertEquals(Map.of("appendonly", "no"), commands.configGet("appendonly"));
      assertTrue(commands.clientId() > 0);

      range(0, 100).forEach(i -> commands.set("key" + i, ""));
      Set<String> keys = new HashSet<>();
      KeyScanCursor<String> cursor = commands.scan();
      keys.addAll(cursor.getKeys());
      while (!cursor.isFinished()) {
        cursor = commands.scan(ScanCursor.of(cursor.getCursor()));
        keys.addAll(cursor.getKeys());
      }
      assertTrue(keys.containsAll(range(0, 100).mapToObj(i -> "key" + i).toList()));

      commands.multi();
      commands.set("string", "2");
      commands.incr("string");
      TransactionResult result = commands.exec();
      assertEquals(List.of("OK", 3L), result.stream().toList());
      commands.watch("string");
      try (var other = client.connect()) {
        other.sync().set("string", "9");
      }
      commands.multi();
      commands.incr("string");
      assertTrue(commands.exec().wasDiscarded());
    }
  }

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void publishesToLettuce(ProtocolVersion protocol) throws Exception {
    BlockingQueue<String> events = new LinkedBlockingQueue<>();
    try (RedisClient client = lettuce(protocol);
        var connection = client.connectPubSub()) {
      connection.addListener(
          new RedisPubSubAdapter<>() {
            @Override
            public void message(String channel, String message) {
              events.add(channel + " " + message);
            }

            @Override
            public void message(String pattern, String channel, String message) {
              events.add(pattern + " " + channel + " " + message);
            }
          });
      connection.sync().subscribe("news");
      connection.sync().psubscribe("n*");
      try (var other = client.connect()) {
        assertEquals(2, other.sync().publish("news", "hello"));
        assertEquals("news hello", next(events));
        assertEquals("n* news hello", next(events));
        connection.sync().unsubscribe("news");
        connection.sync().punsubscribe("n*");
        assertEquals(0, other.sync().publish("news", "hello"));
      }
      assertEquals("PONG", connection.sync().ping());
    }
  }

  private static RedisClient lettuce(ProtocolVersion protocol) {
    RedisURI uri =
        RedisURI.builder()
            .withHost("127.0.0.1")
            .withPort(server.port())
            .withClientName("lettuce")
            .build();
    RedisClient client = RedisClient.create(uri);
    client.setOptions(ClientOptions.builder().protocolVersion(protocol).build());
    return client;
  }

  private static String next(BlockingQueue<String> events) throws InterruptedException {
    return events.poll(10, TimeUnit.SECONDS);
  }
}
