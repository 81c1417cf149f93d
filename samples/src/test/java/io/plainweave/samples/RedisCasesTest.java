package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same bytes to redis-server and to the sample. */
@DisplayName("The Redis sample beside redis-server")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class RedisCasesTest {
  @TempDir static Path folder;

  private static RedisServer original;
  private static SampleProcess redis;

  @BeforeAll
  static void start() throws Exception {
    Programs.need("redis-server");
    original = RedisServer.start(folder);
    redis = SampleProcess.start(folder, "Redis", "0");
  }

  @AfterAll
  static void end() throws Exception {
    for (AutoCloseable started : Arrays.asList(redis, original)) {
      if (started != null) {
        started.close();
      }
    }
  }

  static Stream<String> cases() throws IOException {
    try (InputStream in = RedisCasesTest.class.getResourceAsStream("/redis-cases.txt")) {
      return new String(in.readAllBytes(), ISO_8859_1)
          .lines().filter(line -> !line.startsWith("#")).toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void repliesByteForByte(String line) throws Exception {
    assertEquals(replies(original.port(), line), replies(redis.port(), line));
  }

  /** What only names the server, or numbers its clients, is made the same. */
  private static String replies(int port, String line) throws Exception {
    try (Client client = Client.connect(port)) {
      client.send("FLUSHALL\r\n");
      assertEquals("+OK\r\n", client.receive(5));
      client.socket().getOutputStream().write(line.translateEscapes().getBytes(ISO_8859_1));
      client.socket().shutdownOutput();
      return readAll(client)
          .replaceAll("(\\$2\r\nid\r\n:)\\d+", "$1ID")
          .replace("$10\r\nplainweave\r\n", "$5\r\nredis\r\n");
    }
  }

  /** A command that is cut off has no reply; the sample ends it with a reset. */
  private static String readAll(Client client) throws IOException {
    var all = new ByteArrayOutputStream();
    try {
      client.socket().getInputStream().transferTo(all);
    } catch (SocketException reset) {
      // as good an end as the other
    }
    return all.toString(ISO_8859_1);
  }

  /** Of the sample's commands, those that redis-server would describe in another way. */
  private static final Set<String> DESCRIBED_OTHERWISE =
      Set.of(
          "expire", // no conditions
          "pexpire", "lpop", // one item at a time
          "rpop", "spop", "zpopmin", "post", // refused by redis-server, too, but not as a command
          "host:");

  @Test
  void describesItsCommandsWithTheArityAndKeysThatTheyHaveThere() throws Exception {
    Map<String, List<?>> own = described(redis.port());
    assertTrue(own.size() > 40, own::toString);
    Map<String, List<?>> there = described(original.port());
    own.keySet().removeIf(name -> own.get(name).equals(there.get(name)));
    assertEquals(DESCRIBED_OTHERWISE, own.keySet());
  }

  /** For each command its arity, and the places of its keys. */
  private static Map<String, List<?>> described(int port) {
    try (RedisClient client = RedisClient.create(RedisURI.create("127.0.0.1", port));
        var connection = client.connect()) {
      var described = new TreeMap<String, List<?>>();
      for (Object each : connection.sync().command()) {
        List<?> command = (List<?>) each;
        described.put(
            (String) command.get(0),
            List.of(command.get(1), command.get(3), command.get(4), command.get(5)));
      }
      return described;
    }
  }
}
