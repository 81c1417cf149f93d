package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.plainweave.proxyprotocol.ProxyHeader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The balancer sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class BalancerTest {
  private static final int SIGTERM = 128 + 15;

  @TempDir Path folder;

  private final List<HttpServer> servers = new ArrayList<>();

  @AfterEach
  void stopServers() {
    servers.forEach(server -> server.stop(0));
  }

  /** Starts a server that says its name; returns where. */
  private String target(String name) throws IOException {
    var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    HttpServer server = HttpServer.create(any, 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] body = name.getBytes(US_ASCII);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    servers.add(server);
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  private SampleProcess balancer(String targets) throws Exception {
    Programs.need("curl", "socat");
    String admin = folder.resolve("balancer.sock").toString();
    return SampleProcess.start(folder, "Balancer", targets, admin, "0");
  }

  /** What curl of the header gets. */
  private String ask(SampleProcess balancer) throws Exception {
    String curl = SampleHeader.of("Balancer").commands().getLast();
    return run(curl.replace("7100", "" + balancer.port()));
  }

  /** What socat of the header gets from the admin socket. */
  private String command(String text) throws Exception {
    String socat = SampleHeader.of("Balancer").commands().getFirst();
    return run(socat.replace("list", "'" + text + "'"));
  }

  private String run(String command) throws IOException, InterruptedException {
    try (ChildProcess shell = ChildProcess.start(folder, "sh", "-c", command)) {
      assertEquals(0, shell.exitCode(), () -> command);
      return shell.stdout();
    }
  }

  @Test
  void goesToTheTargetWithTheFewestConnections() throws Exception {
    String one = target("one");
    String two = target("two");
    try (SampleProcess balancer = balancer(one + "," + two);
        Socket first = new Socket("127.0.0.1", balancer.port())) {
      await().until(() -> command("list").contains("1 open"));
      boolean isAtOne = command("list").contains(one + " up, 1 open");
      for (int i = 0; i < 3; i++) {
        assertEquals(isAtOne ? "two" : "one", ask(balancer));
      }
      first.shutdownOutput();
    }
  }

  @Test
  void passesByATargetThatIsNotThere() throws Exception {
    String gone = target("gone");
    String two = target("two");
    servers.getFirst().stop(0);
    try (SampleProcess balancer = balancer(gone + "," + two)) {
      for (int i = 0; i < 5; i++) {
        assertEquals("two", ask(balancer));
      }
      await().until(() -> command("list").contains(gone + " down"));
    }
  }

  @Test
  void drainsATargetAndResumesIt() throws Exception {
    String one = target("one");
    String two = target("two");
    try (SampleProcess balancer = balancer(one + "," + two)) {
      assertTrue(command("drain " + one).startsWith(one + " drained"));
      for (int i = 0; i < 5; i++) {
        assertEquals("two", ask(balancer));
      }
      assertTrue(command("drain " + two).startsWith(two + " drained"));
      assertTrue(command("resume " + one).startsWith(one + " up"));
      assertEquals("one", ask(balancer));
      assertEquals("list, drain TARGET or resume TARGET\n", command("stop"));
    }
  }

  @Test
  void tellsATargetThatWantsItWhoTheClientIs() throws Exception {
    try (var target = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        SampleProcess balancer = balancer("127.0.0.1:" + target.getLocalPort() + "+proxy");
        Socket client = new Socket("127.0.0.1", balancer.port())) {
      var source = Optional.<SocketAddress>empty();
      while (source.isEmpty()) {
        try (Socket accepted = target.accept()) {
          ProxyHeader header = ProxyHeader.read(accepted.getInputStream(), 4096);
          source = header == null ? source : header.source(); // a check sends none
        }
      }
      assertEquals(client.getLocalSocketAddress(), source.orElseThrow());
    }
  }

  @Test
  void carriesWhatRedisSays() throws Exception {
    Programs.need("redis-server", "redis-benchmark");
    int port;
    try (var unused = new ServerSocket(0)) {
      port = unused.getLocalPort();
    }
    try (ChildProcess redis =
            ChildProcess.start(
                folder, "redis-server", "--port", "" + port, "--save", "", "--bind", "127.0.0.1");
        SampleProcess balancer = balancer("127.0.0.1:" + port)) {
      await().until(() -> command("list").contains(" up, 0 open"));
      await().until(() -> redis.isAlive() && !Client.isRefused(port));
      String speed =
          run("redis-benchmark -p " + balancer.port() + " -q -n 2000 -P 16 -t get,set 2>&1");
      assertTrue(speed.contains("GET: ") && speed.contains("SET: "), speed);
    }
  }

  @Test
  void answersItsAdminUntilTheDrainIsOver() throws Exception {
    String one = target("one");
    try (SampleProcess balancer = balancer(one)) {
      var client = new Socket("127.0.0.1", balancer.port());
      client.getOutputStream().write("GET / HTTP/1.1\r\n".getBytes(US_ASCII));
      await().until(() -> command("list").contains("1 open"));
      balancer.process().signal("TERM");
      await().until(() -> Client.isRefused(balancer.port()));
      assertTrue(command("list").startsWith(one));
      client.close();
      assertEquals(SIGTERM, balancer.process().exitCode());
    }
  }
}
