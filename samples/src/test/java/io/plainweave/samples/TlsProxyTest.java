package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.proxyprotocol.ProxiedTls;
import io.plainweave.proxyprotocol.ProxyHeader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The TLS proxy sample")
@EnabledOnOs(OS.LINUX)
@Timeout(300)
class TlsProxyTest {
  /** In each direction; {@code -Drelay.bytes=1000000000} for a longer look at the memory. */
  private static final long BYTES = Long.getLong("relay.bytes", 50_000_000);

  private static final int CHUNK = 64 * 1024;

  @TempDir static Path folder;

  private static Path pem;

  @BeforeAll
  static void makeCertificate() throws Exception {
    Programs.need("openssl");
    pem = folder.resolve("localhost.pem");
    String command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
            + " -subj /CN=localhost -keyout localhost.pem -out certificate.pem"
            + " && cat certificate.pem >>localhost.pem";
    try (ChildProcess openssl = ChildProcess.start(folder, "sh", "-c", command)) {
      assertEquals(0, openssl.exitCode(), openssl.stderr());
    }
  }

  private static SampleProcess startProxy(ServerSocket target) throws Exception {
    // Far less than what goes through, in the heap and beside it.
    String limits = "JDK_JAVA_OPTIONS=-Xmx64m -XX:MaxDirectMemorySize=32m";
    return SampleProcess.startUnder(
        List.of("env", limits),
        folder,
        "TlsProxy",
        pem.toString(),
        "127.0.0.1:" + target.getLocalPort(),
        "127.0.0.1:0");
  }

  private static ServerSocket listen() throws IOException {
    var target = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    target.setSoTimeout(20_000);
    return target;
  }

  private static SSLSocket connect(SampleProcess proxy) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (var file = Files.newInputStream(folder.resolve("certificate.pem"))) {
      trusted.setCertificateEntry(
          "proxy", CertificateFactory.getInstance("X.509").generateCertificate(file));
    }
    var trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    var socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), proxy.port());
    socket.setSoTimeout(20_000);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setServerNames(List.of(new SNIHostName("localhost")));
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  /** Accepts the connection of the proxy, and reads no more than its header. */
  private static Socket accept(ServerSocket target, SSLSocket client) throws IOException {
    Socket accepted = target.accept();
    accepted.setSoTimeout(20_000);
    ProxyHeader header = ProxyHeader.read(accepted.getInputStream(), 4096);
    assertNotNull(header);
    assertEquals(Optional.of(client.getLocalSocketAddress()), header.source());
    assertEquals(Optional.of(client.getRemoteSocketAddress()), header.destination());
    assertEquals(Optional.of("localhost"), header.authority());
    ProxiedTls tls = header.tls().orElseThrow();
    assertEquals(Optional.of("TLSv1.3"), tls.version());
    assertFalse(tls.isClientVerified());
    return accepted;
  }

  private static void send(OutputStream out) throws IOException {
    var random = new Random(1);
    byte[] chunk = new byte[CHUNK];
    for (long left = BYTES; left > 0; left -= CHUNK) {
      random.nextBytes(chunk);
      out.write(chunk, 0, (int) Math.min(CHUNK, left));
    }
  }

  /** Reads to the end what the other side sends. */
  private static void receiveAll(InputStream in) throws IOException {
    var random = new Random(1);
    byte[] chunk = new byte[CHUNK];
    byte[] expected = new byte[CHUNK];
    long received = 0;
    for (int n; (n = in.readNBytes(chunk, 0, CHUNK)) > 0; received += n) {
      random.nextBytes(expected);
      assertTrue(Arrays.equals(chunk, 0, n, expected, 0, n), "damaged after " + received);
    }
    assertEquals(BYTES, received);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @Tag("slow")
  void carriesWhatIsFarLargerThanItsMemoryWhicheverSideFinishesFirst(boolean clientFirst)
      throws Exception {
    try (ServerSocket listener = listen();
        SampleProcess proxy = startProxy(listener);
        SSLSocket client = connect(proxy);
        Socket target = accept(listener, client)) {
      Socket first = clientFirst ? client : target;
      Socket second = clientFirst ? target : client;
      var sending =
          new FutureTask<>(() -> {
            send(first.getOutputStream());
            first.shutdownOutput();
            return null;
          });
      Thread.startVirtualThread(sending);
      receiveAll(second.getInputStream());
      sending.get(20, TimeUnit.SECONDS);

      var answering =
          new FutureTask<>(() -> {
            send(second.getOutputStream());
            second.shutdownOutput();
            return null;
          });
      Thread.startVirtualThread(answering);
      receiveAll(first.getInputStream());
      answering.get(20, TimeUnit.SECONDS);
      await().untilAsserted(() -> assertEquals(0, proxy.connections(), "connections"));
      System.out.println(BYTES + " bytes each way: " + peakMemory(proxy));
    }
  }

  private static String peakMemory(SampleProcess proxy) throws IOException {
    try (Stream<String> lines =
        Files.lines(Path.of("/proc/" + proxy.process().pid() + "/status"))) {
      return lines.filter(line -> line.startsWith("VmHWM:")).findFirst().orElseThrow();
    }
  }

  @Test
  void isUsedByCurl() throws Exception {
    Programs.need("curl");
    try (ServerSocket listener = listen();
        SampleProcess proxy = startProxy(listener)) {
      String url = "https://localhost:" + proxy.port() + "/";
      try (ChildProcess curl =
          ChildProcess.start(
              folder, "curl", "-sS", "--noproxy", "*", "--cacert", "certificate.pem", url)) {
        try (Socket target = listener.accept()) {
          ProxyHeader.read(target.getInputStream(), 4096);
          byte[] request = new byte[3];
          target.getInputStream().readNBytes(request, 0, 3);
          assertEquals("GET", new String(request));
          target.getOutputStream().write("HTTP/1.0 200 OK\r\n\r\nhello".getBytes());
          target.shutdownOutput();
          target.getInputStream().readAllBytes();
        }
        assertEquals(0, curl.exitCode(), curl.stderr());
        assertEquals("hello", curl.stdout());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x.pem", "x.pem localhost:0"})
  void explainsItsArgumentsWhereTheyAreWrong(String arguments) throws Exception {
    try (ChildProcess proxy =
        SampleProcess.launch(folder, ("TlsProxy " + arguments).strip().split(" "))) {
      assertEquals(2, proxy.exitCode());
      List<String> lines = proxy.stderr().lines().toList();
      assertEquals(2, lines.size(), proxy.stderr());
      assertTrue(lines.getLast().startsWith("usage: CERTIFICATE_AND_KEY.pem"), proxy.stderr());
    }
  }

  @Test
  void saysWhichFileItCannotRead() throws Exception {
    try (ChildProcess proxy = SampleProcess.launch(folder, "TlsProxy", "none.pem", "6379")) {
      assertEquals(1, proxy.exitCode());
      assertEquals(1, proxy.stderr().lines().count(), proxy.stderr());
      assertTrue(proxy.stderr().contains("none.pem"), proxy.stderr());
    }
  }
}
