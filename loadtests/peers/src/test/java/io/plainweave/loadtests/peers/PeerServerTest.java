package io.plainweave.loadtests.peers;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The peers in processes of their own, as a comparison starts them. */
@Timeout(30)
@Tag("slow")
final class PeerServerTest {
  private static final int BYTES = 300_000;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3}) ");

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdk-virtual",
        "jdk-virtual-socket",
        "jdk-platform",
        "jdk-selector",
        "netty-nio",
        "netty-epoll",
        "vertx",
        "helidon"
      })
  void sendsBackEveryByteAndEndsWithItsStdin(String name) throws Exception {
    assertServes(SocketFactory.getDefault(), name, "0", "--threads", "1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"netty-epoll", "vertx"})
  void servesOnTwoEventLoopsAsWell(String name) throws Exception {
    assertServes(SocketFactory.getDefault(), name, "0", "--threads", "2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"jdk-virtual-socket", "netty-nio", "netty-openssl"})
  void speaksTls(String name) throws Exception {
    Path keys = keys();
    SSLContext trusting = SSLContext.getInstance("TLS");
    KeyStore store = KeyStore.getInstance(keys.toFile(), "plainweave".toCharArray());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("server", store.getCertificate("mykey"));
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    trusting.init(null, trust.getTrustManagers(), null);

    assertServes(trusting.getSocketFactory(), name, "0", "--tls", keys.toString());
  }

  /** A PKCS#12 file as the run makes it. */
  private Path keys() throws Exception {
    Path file = folder.resolve("server.p12");
    String options = "-genkeypair -keyalg EC -groupname secp256r1 -dname CN=localhost -storepass";
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(options.split(" ")));
    command.addAll(List.of("plainweave", "-keystore", file.toString()));
    Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(keytool.getInputStream().readAllBytes());
    assertEquals(0, keytool.waitFor(), said);
    return file;
  }

  @Test
  void aPortThatIsTakenEndsTheProcess() throws Exception {
    try (ServerSocket taken = new ServerSocket(0)) {
      Process process = start("vertx", Integer.toString(taken.getLocalPort()));
      try {
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), "lives on");
        assertEquals(1, process.exitValue());
      } finally {
        process.destroyForcibly().waitFor();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"netty-nio", "netty-epoll", "vertx", "helidon", "jetty"})
  void answersEachRequestOfHttpInItsOrder(String name) throws Exception {
    Process process = start(name, "0", "--protocol", "http");
    try (Socket socket = connect(SocketFactory.getDefault(), port(process))) {
      String request = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
      String none = "GET /none HTTP/1.1\r\nHost: a\r\n\r\n";
      String last = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write((request + none + last).getBytes(US_ASCII));

      // Not to the end: Helidon says that it closes the connection, and leaves that to the client.
      String answer = readUntilBehind("hello, world\n", 2, socket);
      List<String> statuses =
          STATUS.matcher(answer).results().map(found -> found.group(1)).toList();
      assertEquals(List.of("200", "404", "200"), statuses, answer);
      for (String field :
          List.of(
              "Date: ", "Content-Type: text/plain; charset=utf-8\r\n", "Content-Length: 13\r\n")) {
        assertTrue(answer.split("HTTP/1.1 404")[0].matches("(?is).*\r\n" + field + ".*"), answer);
      }
      assertEquals(2, answer.split("\r\n\r\nhello, world\n", -1).length - 1, answer);
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /** What comes until a text has come so often. */
  private static String readUntilBehind(String text, int times, Socket socket) throws IOException {
    StringBuilder read = new StringBuilder();
    for (int left = times; left > 0; ) {
      int b = socket.getInputStream().read();
      assertTrue(b >= 0, () -> "the end behind " + read);
      read.append((char) b);
      if (read.toString().endsWith(text)) {
        left--;
      }
    }
    return read.toString();
  }

  private static int port(Process process) throws IOException {
    String line = process.inputReader().readLine();
    assertTrue(line.startsWith("listening on port "), line);
    return Integer.parseInt(line.substring("listening on port ".length()));
  }

  private static void assertServes(SocketFactory sockets, String... arguments) throws Exception {
    Process process = start(arguments);
    try {
      int port = port(process);

      try (Socket first = connect(sockets, port);
          Socket second = connect(sockets, port)) {
        assertEcho(second, 1);
        assertEcho(first, BYTES);
        assertEcho(second, 64);
      }
      try (Socket third = connect(sockets, port)) {
        assertEcho(third, 64);
        third.shutdownOutput();
        assertEquals(-1, third.getInputStream().read());
      }

      process.getOutputStream().close();
      assertTrue(process.waitFor(10, TimeUnit.SECONDS), "lives on without its stdin");
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void badInputGetsOneSentenceThenTheUsage() throws Exception {
    assertEquals("there is no peer nginx", refusal("nginx", "0").substring(0, 22));
    assertEquals("port must be a number from 0 to 65535: x", refusal("vertx", "x"));
    assertEquals(
        "--threads must be a number from 1 to 1024: 0", refusal("vertx", "0", "--threads", "0"));
    assertEquals("expected a name and a port: vertx", refusal("vertx"));
    assertEquals("there is no option --fast", refusal("vertx", "0", "--fast", "1"));
    assertEquals("there is no protocol smtp", refusal("vertx", "0", "--protocol", "smtp"));
    assertEquals(
        "there is no peer jdk-virtual that speaks HTTP: [helidon, jetty, netty-epoll, netty-nio,"
            + " vertx]",
        refusal("jdk-virtual", "0", "--protocol", "http"));
    assertEquals(
        "cannot use /none: java.nio.file.NoSuchFileException: /none",
        refusal("netty-openssl", "0", "--tls", "/none"));
  }

  /** The first line of stderr of a start that is refused. */
  private static String refusal(String... arguments) throws Exception {
    Process process = start(arguments);
    try {
      List<String> lines = process.errorReader().lines().toList();
      assertEquals(2, process.waitFor());
      assertEquals(
          "usage: PeerServer NAME PORT [--threads N] [--tls FILE | --protocol http]",
          lines.getLast());
      return lines.getFirst();
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static Process start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(PeerServer.class.getName());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).start();
  }

  private static Socket connect(SocketFactory sockets, int port) throws IOException {
    return sockets.createSocket(InetAddress.getLoopbackAddress(), port);
  }

  private static void assertEcho(Socket socket, int length) throws Exception {
    byte[] sent = new byte[length];
    new Random(length).nextBytes(sent);
    Thread writer =
        Thread.startVirtualThread(() -> {
          try {
            socket.getOutputStream().write(sent);
          } catch (IOException e) {
            // The reader will miss the bytes.
          }
        });
    assertArrayEquals(sent, socket.getInputStream().readNBytes(length));
    writer.join();
  }
}
