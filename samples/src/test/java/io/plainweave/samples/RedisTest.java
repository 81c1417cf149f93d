package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.stream.Collectors.toSet;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Most of it is done by Redis's own programs; what they show must be what they show of Redis. */
@DisplayName("The Redis sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class RedisTest {
  private static final int SIGTERM = 128 + 15;

  @TempDir static Path folder;

  private static SampleProcess redis;

  /** Redis itself. Both are given the same commands, so what there is at a key is the same, too. */
  private static RedisServer original;

  @BeforeAll
  static void start() throws Exception {
    Programs.need("redis-cli", "redis-benchmark", "redis-server");
    original = RedisServer.start(folder);
    redis = SampleProcess.start(folder, "Redis", "0");
  }

  @AfterAll
  static void end() throws Exception {
    try {
      if (redis != null) {
        assertEquals("", redis.process().stderr(), "what clients send is not worth a line");
      }
    } finally {
      for (AutoCloseable started : Arrays.asList(redis, original)) {
        if (started != null) {
          started.close();
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        """
        PING
        PING "two words"
        ping
        ECHO hello
        ECHO
        ECHO a b
        SELECT 0
        SELECT 16
        SELECT x
        CONFIG GET appendonly
        CLIENT SETNAME me
        """,
        """
        GET s
        SET s one
        GET s
        SET s two NX
        SET s two XX
        GET s
        SET none 1 XX
        GET none
        SET fresh 1 NX
        SET empty ""
        GET empty
        SET s
        SET s three NX XX
        SET s three EX
        SET s three EX 0
        SET s three EX x
        SET s three PX -5
        SET s three EX 9223372036854775807
        SET s three EX 10 PX 10
        SET s three SOMETHING
        GET s
        SET s four EX 100
        TTL s
        SET s five
        TTL s
        MSET a 1 b 2
        MSET a 1 b
        MSET a
        EXISTS a a none
        DEL a a none b
        EXISTS a
        """,
        """
        INCR n
        INCR n
        DECR n
        INCRBY n 40
        INCRBY n -50
        GET n
        INCRBY n x
        SET n 007
        INCR n
        SET n +7
        INCR n
        SET n ""
        INCR n
        SET n 9223372036854775807
        INCR n
        GET n
        SET n -9223372036854775808
        DECR n
        INCRBY n 9223372036854775807
        SET n 1 EX 100
        INCR n
        TTL n
        INCRBY n
        """,
        """
        TTL none
        EXPIRE none 10
        SET e 1
        TTL e
        EXPIRE e 100
        TTL e
        EXPIRE e x
        EXPIRE e 9223372036854775807
        EXPIRE e -1
        GET e
        EXISTS e
        EXPIRE e 10
        RPUSH e 1
        EXPIRE e 100
        RPUSH e 2
        TTL e
        """,
        """
        RPUSH l c d e
        LPUSH l b a
        LRANGE l 0 -1
        LRANGE l 1 2
        LRANGE l -2 -1
        LRANGE l -100 100
        LRANGE l 3 1
        LRANGE l 5 9
        LRANGE l 9223372036854775807 -9223372036854775808
        LRANGE l a b
        LRANGE none 0 -1
        LPOP l
        RPOP l
        LPOP none
        LRANGE l 0 -1
        LPOP l
        LPOP l
        LPOP l
        LPOP l
        EXISTS l
        LPUSH l
        """,
        """
        SADD s 1 2 2 3
        SADD s 3 4
        SMEMBERS s
        SMEMBERS none
        EXISTS none
        HSET h a 1 b 2
        HSET h b 3 c 4
        HGET h b
        HGET h none
        HGET none a
        HGETALL h
        HGETALL none
        HSET h a
        HSET h a 1 b
        EXISTS h none
        """,
        """
        SET string 1
        RPUSH list 1
        SADD set 1
        HSET hash 1 1
        GET list
        GET set
        GET hash
        INCR list
        LPUSH string 1
        LPOP set
        LRANGE hash 0 -1
        SADD list 1
        SMEMBERS hash
        HSET set 1 1
        HGET string 1
        HGETALL list
        SET list now-a-string
        GET list
        SET string new NX
        GET string
        DEL string list set hash
        """
      })
  void repliesAsRedisDoes(String commands) throws Exception {
    Path script = Files.writeString(Files.createTempFile(folder, "commands", ""), commands);
    String client = "redis-cli -p PORT --no-raw <" + script.getFileName();
    assertEquals(run(client, original.port()), run(client, redis.port()));
  }

  @Test
  void forgetsAKeyWhoseTimeIsOver() throws Exception {
    assertEquals("OK\n", redisCli("SET short 1 PX 300"));
    assertEquals("1\n", redisCli("RPUSH short-list 1"));
    assertEquals("1\n", redisCli("EXPIRE short-list 1"));
    await().until(() -> redisCli("EXISTS short short-list").equals("0\n"));
    assertEquals("\n", redisCli("GET short"));
    assertEquals("OK\n", redisCli("SET short 2 NX"));
    assertEquals("1\n", redisCli("RPUSH short-list 2"));
    assertEquals("2\n", redisCli("LRANGE short-list 0 -1"));
  }

  @Test
  void keepsTenMegabytesByteForByte() throws Exception {
    byte[] bytes = new byte[10_000_000];
    new Random(1).nextBytes(bytes);
    Path sent = Files.write(folder.resolve("sent"), bytes);
    assertEquals("OK\n", redisCli("-x SET big <sent"));
    // -D takes away the newline that redis-cli puts behind a value.
    redisCli("--raw -D '' GET big >received");
    assertEquals(-1, Files.mismatch(sent, folder.resolve("received")));
  }

  @Test
  void takesEveryByteInKeysNamesAndValues() throws Exception {
    var all = new StringBuilder();
    for (char c = 0; c < 256; c++) {
      all.append(c);
    }
    String bytes = "$256\r\n" + all + "\r\n";
    try (Client client = Client.connect(redis.port())) {
      client
          .socket()
          .getOutputStream()
          .write(
              ("*4\r\n$4\r\nHSET\r\n" + bytes + bytes + bytes + "*2\r\n$7\r\nHGETALL\r\n" + bytes)
                  .getBytes(ISO_8859_1));
      String expected = ":1\r\n*2\r\n" + bytes + bytes;
      byte[] reply = client.socket().getInputStream().readNBytes(expected.length());
      assertEquals(expected, new String(reply, ISO_8859_1));
    }
  }

  @Test
  void repliesToEveryCommandOfAPipe() throws Exception {
    var commands = new StringBuilder();
    for (int i = 0; i < 50_000; i++) {
      String key = "piped" + i;
      commands.append(
          "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$5\r\nvalue\r\n".formatted(key.length(), key));
    }
    Files.writeString(folder.resolve("pipe"), commands);
    String piped = redisCli("--pipe <pipe");
    assertTrue(piped.contains("errors: 0, replies: 50000\n"), piped);
    assertEquals("2\n", redisCli("EXISTS piped0 piped49999"));
  }

  @Test
  void repliesToAClientThatSendsEverythingBeforeItReads() throws Exception {
    String value = "v".repeat(64);
    byte[] gets = "*2\r\n$3\r\nGET\r\n$1\r\nv\r\n".repeat(600_000).getBytes(ISO_8859_1);
    long replies = 600_000L * "$64\r\n%s\r\n".formatted(value).length();
    for (int port : new int[] {original.port(), redis.port()}) {
      try (Client client = Client.connect(port)) {
        client.send("SET v " + value + "\r\n");
        assertEquals("+OK\r\n", client.receive(5));
        client.socket().getOutputStream().write(gets);
        client.socket().getInputStream().skipNBytes(replies - 2);
        assertEquals("\r\n", client.receive(2));
      }
    }
  }

  @Test
  void countsEveryIncrementOfManyClients() throws Exception {
    run("redis-benchmark -p PORT -q -c 50 -n 20000 -P 8 INCR counter", redis.port());
    assertEquals("20000\n", redisCli("GET counter"));
  }

  @Test
  void satisfiesRedisBenchmark() throws Exception {
    String report = run("redis-benchmark -p PORT -q -n 2000 -P 16 2>&1", redis.port());
    assertFalse(report.contains("WARNING") || report.contains("rror"), report);
    assertEquals(20, report.split(" requests per second, ", -1).length - 1, report);
  }

  @Test
  void greetsTheClientsOfPeople() throws Exception {
    assertTrue(redisCli("HELLO 2").contains("proto\n2\n"));
    assertTrue(redisCli("-3 HELLO 3").contains("proto 3\n"));
    assertTrue(redisCli("INFO").contains("redis_mode:standalone"));
    assertEquals("\n", redisCli("COMMAND DOCS"));
    assertTrue(redisCli("CONFIG SET x y").startsWith("ERR unknown subcommand"));
  }

  @Test
  void takesLinesFromPeople() throws Exception {
    try (Client client = Client.connect(redis.port())) {
      client.send("\r\n\nset typed 1\r\n  get   typed \nquit\r\nget typed\r\n");
      assertEquals("+OK\r\n$1\r\n1\r\n+OK\r\n", client.receive(17));
      assertTrue(client.seesEnd());
    }
  }

  /** Redis skips two bytes behind a string, whatever they are, and waits for CR behind LF. */
  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          *1\\r\\n$1\\r\\nab\\r\\n, where a line ends there is 'b'
          *1\\r\\n$4\\r\\nPING\\n, where a line ends there is 0x0a
          *1\\n$4\\r\\nPING\\r\\n, invalid multibulk length
          *1\\r\\n$4\\nPING\\r\\n, invalid bulk length
          """)
  void isStricterThanRedisAboutTheEndsOfLines(String bad, String why) throws Exception {
    try (Client client = Client.connect(redis.port())) {
      client.send("PING\r\n" + bad.translateEscapes() + "PING\r\n");
      client.socket().shutdownOutput();
      byte[] replies = client.socket().getInputStream().readAllBytes();
      assertEquals(
          "+PONG\r\n-ERR Protocol error: " + why + "\r\n", new String(replies, ISO_8859_1));
    }
  }

  /**
   * Within the time of a test: an expression that tries each way to split it would need an hour.
   */
  @Test
  void refusesAScoreOfManyDigits() throws Exception {
    String score = "1".repeat(500_000) + "x";
    try (Client client = Client.connect(redis.port())) {
      client.send(
          "*4\r\n$4\r\nZADD\r\n$1\r\nz\r\n$%d\r\n%s\r\n$1\r\na\r\n"
              .formatted(score.length(), score));
      String why = "-ERR value is not a valid float\r\n";
      assertEquals(why, client.receive(why.length()));
    }
  }

  @Test
  void refusesAnEndlessLine() throws Exception {
    try (Client client = Client.connect(redis.port())) {
      client.send("x".repeat(70_000));
      String why = "-ERR Protocol error: too big inline request\r\n";
      assertEquals(why, client.receive(why.length()));
      assertTrue(client.seesEnd());
    }
  }

  @Test
  void finishesTheCommandsThatItHasBegunWhenItIsToldToEnd() throws Exception {
    try (SampleProcess sample = SampleProcess.start(folder, "Redis", "0");
        Client idle = Client.connect(sample.port());
        Client busy = Client.connect(sample.port());
        var replies =
            new BufferedReader(new InputStreamReader(busy.socket().getInputStream(), ISO_8859_1))) {
      idle.send("PING\r\n");
      assertEquals("+PONG\r\n", idle.receive(7));
      int sent = 0;
      int received = 0;
      boolean open = true;
      while (open) {
        busy.send("INCR n\r\n".repeat(50));
        sent += 50;
        if (sent == 5_000) {
          sample.process().signal("TERM");
        }
        while (open && received < sent) {
          String reply = replies.readLine();
          open = reply != null;
          if (open) {
            assertEquals(":" + ++received, reply);
          }
        }
      }
      assertTrue(received >= 4_950, "replies before the signal");
      assertTrue(idle.seesEnd());
      idle.close();
      busy.close();
      assertEquals(SIGTERM, sample.process().exitCode());
      assertTrue(sample.process().stderr().contains("0 were cancelled"), sample.process().stderr());
    }
  }

  @Test
  void runsTheCommandsOfItsHeader() throws Exception {
    try (ChildProcess reader =
        ChildProcess.start(folder, "redis-cli", "-p", "" + redis.port(), "SUBSCRIBE", "news")) {
      await().until(() -> reader.stdout().startsWith("subscribe\nnews\n1\n"));
      List<String> printed = SampleHeader.of("Redis").ask(folder, redis.port());
      assertEquals("OK\n", printed.get(0));
      assertTrue(printed.get(1).lines().toList().contains("greeting"), printed.get(1));
      assertEquals("1\n", printed.get(2));
      assertTrue(printed.get(3).contains("MSET (10 keys): "), printed.get(3));
      await().until(() -> reader.stdout().endsWith("message\nnews\nhello\n"));
    }
  }

  @Test
  void scansEveryKeyThatIsThereAllTheTime() throws Exception {
    assertEquals("OK\n", redisCli("FLUSHALL"));
    run("redis-benchmark -p PORT -q -n 3000 -r 1000000 SET stays:__rand_int__ 1", redis.port());
    long keys = Long.parseLong(redisCli("DBSIZE").strip());
    try (ChildProcess changes =
        ChildProcess.start(
            folder,
            "sh",
            "-c",
            "redis-benchmark -p PORT -q -n 20000 -r 500 SET goes:__rand_int__ 1 && "
                    .replace("PORT", "" + redis.port())
                + "redis-benchmark -p PORT -q -n 20000 -r 500 DEL goes:__rand_int__"
                    .replace("PORT", "" + redis.port()))) {
      do {
        Set<String> seen = redisCli("--scan --pattern 'stays:*'").lines().collect(toSet());
        assertEquals(keys, seen.size());
      } while (changes.isAlive());
      assertEquals(0, changes.exitCode());
    }
  }

  @Test
  void removesWhatIsOverThoughNobodyAsksForIt() throws Exception {
    assertEquals("OK\n", redisCli("FLUSHALL"));
    run(
        "redis-benchmark -p PORT -q -n 5000 -r 1000000 SET over:__rand_int__ 1 PX 50",
        redis.port());
    await().until(() -> redisCli("DBSIZE").equals("0\n"));
  }

  @Test
  void removesAllThatItPopsAtRandom() throws Exception {
    assertEquals(
        "26\n", redisCli("SADD letters " + "a b c d e f g h i j k l m n o p q r s t u v w x y z"));
    Set<String> popped = new HashSet<>();
    for (int i = 0; i < 26; i++) {
      popped.add(redisCli("SPOP letters"));
    }
    assertEquals(26, popped.size());
    assertEquals("0\n", redisCli("EXISTS letters"));
  }

  @Test
  void explainsItselfAndTheDefaultPort() throws Exception {
    try (ChildProcess help = SampleProcess.launch(folder, "Redis", "--help")) {
      assertEquals(0, help.exitCode());
      assertTrue(help.stdout().contains("6379"), help.stdout());
    }
  }

  private static String redisCli(String arguments) throws Exception {
    return run("redis-cli -p PORT " + arguments, redis.port());
  }

  /** Runs a shell command with the port for PORT, and returns what it prints. */
  private static String run(String command, int port) throws Exception {
    String line = command.replace("PORT", Integer.toString(port));
    try (ChildProcess shell = ChildProcess.start(folder, "sh", "-c", line)) {
      assertEquals(0, shell.exitCode(), () -> line);
      assertEquals("", shell.stderr(), line);
      return shell.stdout();
    }
  }
}
