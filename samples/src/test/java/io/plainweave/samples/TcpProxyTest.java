package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every command is given to the server itself, too: the proxy must not make a difference. */
@DisplayName("The TCP proxy sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class TcpProxyTest {
  private static final Pattern JWEBSERVER_PORT = Pattern.compile(" port (\\d+)\n");

  @TempDir Path folder;

  @Test
  void isNotNoticedByRedis() throws Exception {
    Programs.need("redis-server", "redis-cli", "nc");
    Path big = noise("big", 10_000_000);
    Files.writeString(folder.resolve("commands"), redisCommands(50_000));
    int port = FreePort.next();
    try (ChildProcess redis =
            ChildProcess.start(
                folder,
                "redis-server",
                "--bind",
                "127.0.0.1",
                "--port",
                Integer.toString(port),
                "--save",
                "");
        SampleProcess proxy = startProxy(redis, port)) {
      int descriptors = proxy.descriptors();
      assertEquals("PONG\n", same("redis-cli -p PORT PING", port, proxy));
      assertEquals("OK\n", same("redis-cli -p PORT SET greeting hello", port, proxy));
      assertEquals("hello\n", same("redis-cli -p PORT GET greeting", port, proxy));
      assertEquals("OK\n", same("redis-cli -p PORT -x SET big <big", port, proxy));
      // -D takes away the newline that redis-cli puts behind a value.
      same("redis-cli -p PORT --raw -D '' GET big >received", port, proxy);
      assertEquals(-1, Files.mismatch(big, folder.resolve("received")));
      String piped = same("redis-cli -p PORT --pipe <commands", port, proxy);
      assertTrue(piped.contains("errors: 0, replies: 50000\n"), piped);
      assertEquals("50002\n", same("redis-cli -p PORT DBSIZE", port, proxy));
      assertEquals("+PONG\r\n", same("printf 'PING\\r\\n' | nc -N 127.0.0.1 PORT", port, proxy));
      assertLeavesNothingBehind(proxy, descriptors);
    }
  }

  private static String redisCommands(int count) {
    var commands = new StringBuilder();
    for (int i = 0; i < count; i++) {
      String key = "key" + i;
      commands.append(
          "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$5\r\nvalue\r\n".formatted(key.length(), key));
    }
    return commands.toString();
  }

  @Test
  void isNotNoticedByAWebServer() throws Exception {
    Programs.need("curl", "nc", "socat");
    Path large = noise("large", 50_000_000);
    Files.writeString(folder.resolve("page.html"), "<p>hello");
    String request = "GET /page.html HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n";
    try (ChildProcess web =
        ChildProcess.start(
            folder, SampleProcess.jdkProgram("jwebserver"), "-p", "0", "-d", folder.toString())) {
      int port = await().until(() -> jwebserverPort(web), found -> found > 0);
      try (SampleProcess proxy = startProxy(web, port)) {
        int descriptors = proxy.descriptors();
        String url = "http://127.0.0.1:PORT/";
        assertEquals("<p>hello", same("curl -sS " + url + "page.html", port, proxy));
        same("curl -sS -o received " + url + "large", port, proxy);
        assertEquals(-1, Files.mismatch(large, folder.resolve("received")));
        String twoOnOneConnection =
            "curl -sS -o a -o b -w '%{num_connects} ' " + url + "page.html " + url + "page.html";
        assertEquals("1 0 ", same(twoOnOneConnection, port, proxy));
        // The client's FIN follows on its request at once, the reply comes after that.
        for (String client : List.of("nc -N 127.0.0.1 PORT", "socat -t 20 - TCP:127.0.0.1:PORT")) {
          String reply =
              same("printf '" + request + "' | " + client + " | grep -v ^Date", port, proxy);
          assertTrue(reply.endsWith("\r\n\r\n<p>hello\n"), reply);
        }
        assertLeavesNothingBehind(proxy, descriptors);
      }
    }
  }

  private static int jwebserverPort(ChildProcess web) throws IOException {
    assertTrue(web.isAlive(), web.stderr());
    Matcher line = JWEBSERVER_PORT.matcher(web.stdout());
    return line.find() ? Integer.parseInt(line.group(1)) : 0;
  }

  @Test
  void resetsItsClientAndSaysWhyWhenThereIsNoTarget() throws Exception {
    int port = FreePort.next();
    try (SampleProcess proxy = SampleProcess.start(folder, "TcpProxy", "127.0.0.1:" + port, "0");
        Client client = Client.connect(proxy.port())) {
      assertThrows(SocketException.class, client::seesEnd);
      await().until(() -> proxy.process().stderr().endsWith("\n"));
      assertEquals(1, proxy.process().stderr().lines().count(), proxy.process().stderr());
      String why = "cannot connect to 127.0.0.1:" + port + ": Connection refused";
      assertTrue(proxy.process().stderr().contains(why), proxy.process().stderr());
    }
  }

  @Test
  void finishesBothSidesOfAnIdleConnectionWhenItIsToldToEnd() throws Exception {
    try (ServerSocket target = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        SampleProcess proxy =
            SampleProcess.start(folder, "TcpProxy", "127.0.0.1:" + target.getLocalPort(), "0");
        Client client = Client.connect(proxy.port());
        Client upstream = new Client(target.accept())) {
      client.send("hello");
      assertEquals("hello", upstream.receive(5));
      proxy.process().signal("TERM");
      assertTrue(upstream.seesEnd());
      upstream.send("goodbye");
      upstream.socket().shutdownOutput();
      assertEquals("goodbye", client.receive(7));
      assertTrue(client.seesEnd());
      client.close();
      assertEquals(143, proxy.process().exitCode());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "localhost:0", "::1:6379", "6379 x", "6379 7002 7003"})
  void explainsItsArgumentsWhereTheyAreWrong(String arguments) throws Exception {
    try (ChildProcess proxy =
        SampleProcess.launch(folder, ("TcpProxy " + arguments).strip().split(" "))) {
      assertEquals(2, proxy.exitCode());
      List<String> lines = proxy.stderr().lines().toList();
      assertEquals(2, lines.size(), proxy.stderr());
      assertTrue(lines.getLast().startsWith("usage: TARGET"), proxy.stderr());
      assertFalse(proxy.stderr().contains("Exception"), proxy.stderr());
    }
  }

  /** Starts the proxy when its target accepts connections. */
  private SampleProcess startProxy(ChildProcess target, int port) throws Exception {
    await()
        .until(() -> {
          assertTrue(target.isAlive(), () -> "the target of the proxy has ended");
          return !Client.isRefused(port);
        });
    return SampleProcess.start(folder, "TcpProxy", "127.0.0.1:" + port, "0");
  }

  /**
   * Runs a shell command with the server's port for PORT, and with the proxy's; returns what it
   * prints, which must be the same.
   */
  private String same(String command, int port, SampleProcess proxy) throws Exception {
    String direct = run(command, port);
    assertEquals(direct, run(command, proxy.port()), command);
    return direct;
  }

  private String run(String command, int port) throws Exception {
    String line = command.replace("PORT", Integer.toString(port));
    try (ChildProcess shell = ChildProcess.start(folder, "sh", "-c", line)) {
      assertEquals(0, shell.exitCode(), () -> line);
      assertEquals("", shell.stderr(), line);
      return shell.stdout();
    }
  }

  private static void assertLeavesNothingBehind(SampleProcess proxy, int descriptors)
      throws IOException {
    proxy.awaitConnections(0);
    // Its first connections have made the JVM open a few that it keeps.
    await("descriptors").until(proxy::descriptors, n -> n <= descriptors + 4);
    assertEquals("", proxy.process().stderr());
  }

  private Path noise(String name, int size) throws IOException {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return Files.write(folder.resolve(name), bytes);
  }
}
