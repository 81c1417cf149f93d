package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What anybody may do to a sample, whatever it speaks; it serves others afterwards, and ends. */
@DisplayName("A sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class SampleFaultsTest {
  private static final int SIGTERM = 128 + 15;
  private static final int MEGABYTE = 1024 * 1024;

  @TempDir static Path folder;

  /** Behind the proxies: sends everything back. */
  private static ServerSocket target;

  @BeforeAll
  static void prepare() throws Exception {
    Programs.need("openssl");
    Files.createDirectories(folder.resolve("FILES"));
    Files.writeString(folder.resolve("RULES"), "deny *\n");
    String command =
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout PEM -out PEM";
    try (ChildProcess openssl = ChildProcess.start(folder, "sh", "-c", command)) {
      assertEquals(0, openssl.exitCode(), openssl.stderr());
    }
    target = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.startVirtualThread(SampleFaultsTest::serveTarget);
  }

  @AfterAll
  static void closeTarget() throws IOException {
    if (target != null) {
      target.close();
    }
  }

  private static void serveTarget() {
    try {
      while (true) {
        Socket accepted = target.accept();
        Thread.startVirtualThread(() -> {
          try (accepted) {
            accepted.getInputStream().transferTo(accepted.getOutputStream());
          } catch (IOException reset) {
            // A client has gone.
          }
        });
      }
    } catch (IOException closed) {
      // The tests are over.
    }
  }

  /** Each with its arguments, in which a name in capitals stands for what the test has for it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Echo 0",
        "UnixEcho unix:SOCKET",
        "TlsEcho PEM 0",
        "OnePort PEM 0",
        "Chat 0",
        "Redis 0",
        "Http FILES 0",
        "WebSocket 0",
        "Mqtt 0",
        "ClusterChat node 127.0.0.1:1 0",
        "Game 0",
        "Dns 0",
        "Daytime 0",
        "Time 0",
        "Socks5 RULES 0",
        "TcpProxy TARGET 0",
        "TlsProxy PEM TARGET 0",
        "Balancer TARGET SOCKET 0"
      })
  void survivesWhatAnybodyMaySend(String sample) throws Exception {
    try (SampleProcess server = start(sample)) {
      SocketAddress address = address(server);
      send(address, random());
      send(address, line());
      send(address, new byte[0]);
      try (SocketChannel reset = SocketChannel.open(address)) {
        write(reset, Arrays.copyOf(random(), 1000));
        if (address instanceof InetSocketAddress) { // there is no reset at a path
          reset.setOption(StandardSocketOptions.SO_LINGER, 0);
        }
      }
      try (SocketChannel stopped = SocketChannel.open(address);
          SocketChannel begun = SocketChannel.open(address)) {
        // Reads nothing. What the buffers of the sockets hold, the server takes at once.
        write(stopped, Arrays.copyOf(random(), 10_000));
        write(begun, new byte[] {'G'});
        server.process().signal("TERM");
        await().until(() -> isRefused(address));
      } // and lets the drain come to its end
      assertEndsInOrder(server);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"UdpEcho 0", "Dns 0", "Daytime 0", "Time 0"})
  void survivesWhatAnybodyMaySendByUdp(String sample) throws Exception {
    var random = new Random(1);
    try (SampleProcess server = start(sample);
        var client = new DatagramSocket()) {
      var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port());
      for (int i = 0; i < 1_000; i++) {
        var bytes = new byte[i < 10 ? 60_000 : random.nextInt(600)];
        random.nextBytes(bytes);
        client.send(new DatagramPacket(bytes, bytes.length, address));
      }
      server.process().signal("TERM");
      assertEndsInOrder(server);
    }
  }

  private static void assertEndsInOrder(SampleProcess server) throws Exception {
    assertEquals(SIGTERM, server.process().exitCode());
    String log = server.process().stderr();
    assertFalse(log.contains("Exception") || log.contains("ERROR"), log);
  }

  private static SampleProcess start(String sample) throws Exception {
    Stream<String> arguments = Stream.of(sample.split(" ")).map(SampleFaultsTest::argument);
    return SampleProcess.start(folder, arguments.toArray(String[]::new));
  }

  private static String argument(String word) {
    return switch (word) {
      case "FILES", "RULES", "PEM", "SOCKET" -> folder.resolve(word).toString();
      case "unix:SOCKET" -> "unix:" + folder.resolve("SOCKET");
      case "TARGET" -> "127.0.0.1:" + target.getLocalPort();
      default -> word;
    };
  }

  private static SocketAddress address(SampleProcess server) {
    return server.port() == 0
        ? UnixDomainSocketAddress.of(folder.resolve("SOCKET"))
        : new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port());
  }

  private static boolean isRefused(SocketAddress address) {
    try (SocketChannel _ = SocketChannel.open(address)) {
      return false;
    } catch (IOException refused) {
      return true;
    }
  }

  /** Sends, finishes, and takes what comes until the end, be it a reset. */
  private static void send(SocketAddress address, byte[] bytes) throws Exception {
    try (SocketChannel socket = SocketChannel.open(address)) {
      Thread reader =
          Thread.startVirtualThread(() -> {
            try {
              Channels.newInputStream(socket).transferTo(OutputStream.nullOutputStream());
            } catch (IOException reset) {
              // As good an end as any.
            }
          });
      write(socket, bytes);
      finish(socket);
      assertTrue(reader.join(Duration.ofSeconds(30)), "it does not end the connection");
    }
  }

  /** Writes all of it, or as much as the server takes. */
  private static void write(SocketChannel socket, byte[] bytes) {
    try {
      ByteBuffer all = ByteBuffer.wrap(bytes);
      while (all.hasRemaining()) {
        socket.write(all);
      }
    } catch (IOException reset) {
      // It has had enough.
    }
  }

  private static void finish(SocketChannel socket) {
    try {
      socket.shutdownOutput();
    } catch (IOException reset) {
      // It has ended the connection already.
    }
  }

  private static byte[] random() {
    var bytes = new byte[MEGABYTE];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  private static byte[] line() {
    var bytes = new byte[MEGABYTE];
    Arrays.fill(bytes, "x".getBytes(US_ASCII)[0]);
    return bytes;
  }
}
