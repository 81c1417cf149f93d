package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("The HTTP sample behind a proxy")
@EnabledOnOs(OS.LINUX)
@Timeout(120)
class HttpBehindProxiesTest {
  private static final int SIGTERM = 128 + 15;

  @TempDir Path folder;

  private Path files;

  @BeforeEach
  void needProxies() throws IOException {
    Programs.need("nginx", "haproxy", "curl");
    files = Files.createDirectories(folder.resolve("files"));
  }

  private SampleProcess startSample() throws Exception {
    return SampleProcess.start(folder, "Http", files.toString(), "0");
  }

  @ParameterizedTest
  @Tag("slow")
  @EnumSource(ReverseProxy.Kind.class)
  void keepsTheProxysConnectionForTheNextRequest(ReverseProxy.Kind kind) throws Exception {
    try (SampleProcess sample = startSample();
        ReverseProxy proxy = ReverseProxy.start(kind, folder, sample);
        HttpClient client = HttpClient.newHttpClient()) {
      for (int i = 0; i < 50; i++) {
        assertEquals("200 hello, world\n", get(client, proxy));
      }
      assertEquals(1, sample.connections()); // the last one is still open, and there is no other
    }
  }

  @ParameterizedTest
  @Tag("slow")
  @EnumSource(ReverseProxy.Kind.class)
  void takesAndSendsALargeBodyInChunks(ReverseProxy.Kind kind) throws Exception {
    // nginx 1.22 stops in the middle when the answer has begun before the request has ended, and
    // one of them has to wait for room: no socket has a byte then, and all three wait for more.
    var body = new byte[kind == ReverseProxy.Kind.NGINX ? 200_000 : 5_000_000];
    new Random(1).nextBytes(body);
    Path sent = Files.write(folder.resolve("sent"), body);
    Path received = folder.resolve("received");
    try (SampleProcess sample = startSample();
        ReverseProxy proxy = ReverseProxy.start(kind, folder, sample)) {
      for (String framing : List.of("Transfer-Encoding: chunked", "X: a length")) {
        try (ChildProcess curl =
            ChildProcess.start(
                folder,
                "curl",
                "-sS",
                "-H",
                framing,
                "--data-binary",
                "@" + sent,
                "-o",
                received.toString(),
                proxy.url("/echo"))) {
          assertEquals(0, curl.exitCode(), curl.stderr());
          assertEquals(-1, Files.mismatch(sent, received), framing);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ReverseProxy.Kind.class)
  void sendsEachEventWhenItHappens(ReverseProxy.Kind kind) throws Exception {
    try (SampleProcess sample = startSample();
        ReverseProxy proxy = ReverseProxy.start(kind, folder, sample);
        Client client = Client.connect(proxy.port())) {
      client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
      readUntil(client.socket(), "data: ");
      readUntil(client.socket(), "data: "); // of a response that has no end
    }
  }

  /** What the proxy may send again (RFC 9110, section 9.2.2) it does, to the other sample. */
  @ParameterizedTest
  @EnumSource(ReverseProxy.Kind.class)
  void losesNoRequestInADrainUnderLoad(ReverseProxy.Kind kind) throws Exception {
    try (SampleProcess first = startSample();
        SampleProcess second = startSample();
        ReverseProxy proxy = ReverseProxy.start(kind, folder, first, second);
        HttpClient client = HttpClient.newHttpClient()) {
      Queue<String> wrong = new ConcurrentLinkedQueue<>();
      var before = new CountDownLatch(200);
      var drained = new AtomicBoolean();
      var behind = new CountDownLatch(200);
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        threads.add(
            Thread.startVirtualThread(() -> {
              while (behind.getCount() > 0 && wrong.isEmpty()) {
                String answer = get(client, proxy);
                if (!answer.equals("200 hello, world\n")) {
                  wrong.add(answer);
                }
                before.countDown();
                if (drained.get()) {
                  behind.countDown();
                }
              }
            }));
      }
      before.await();
      first.process().signal("TERM");
      assertEquals(SIGTERM, first.process().exitCode());
      drained.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(List.of(), List.copyOf(wrong));
      assertEquals(0, behind.getCount());
      assertFalse(first.process().stderr().contains("Exception"), first.process().stderr());
    }
  }

  @ParameterizedTest
  @EnumSource(ReverseProxy.Kind.class)
  void finishesAnUploadThatADrainFindsInTheMiddle(ReverseProxy.Kind kind) throws Exception {
    try (SampleProcess sample = startSample();
        ReverseProxy proxy = ReverseProxy.start(kind, folder, sample);
        Client client = Client.connect(proxy.port())) {
      client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      client.send("5\r\nhello\r\n");
      readUntil(client.socket(), "hello"); // it comes back while the upload goes on
      sample.process().signal("TERM");
      client.send("7\r\n, world\r\n0\r\n\r\n");
      readUntil(client.socket(), ", world");
      readUntil(client.socket(), "0\r\n");
      readUntil(client.socket(), "\r\n"); // behind the last chunk
      assertEquals(SIGTERM, sample.process().exitCode());
      assertFalse(sample.process().stderr().contains("Exception"), sample.process().stderr());
    }
  }

  private static String get(HttpClient client, ReverseProxy proxy) {
    try {
      var request = HttpRequest.newBuilder(URI.create(proxy.url("/hello"))).build();
      var response = client.send(request, BodyHandlers.ofString());
      return response.statusCode() + " " + response.body();
    } catch (IOException | InterruptedException e) {
      return e.toString();
    }
  }

  private static void readUntil(Socket socket, String last) throws IOException {
    var read = new StringBuilder();
    while (read.indexOf(last) < 0) {
      int b = socket.getInputStream().read();
      assertTrue(b >= 0, () -> "the end behind " + read);
      read.append((char) b);
    }
  }
}
