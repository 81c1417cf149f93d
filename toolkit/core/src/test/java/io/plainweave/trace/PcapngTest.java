package io.plainweave.trace;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.Network;
import io.plainweave.faults.Machine;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.TlsServer;
import io.plainweave.fixture.TlsTest;
import io.plainweave.fixture.UnixClient;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import io.plainweave.status.LiveConnection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the program says of a file that shares its code with Wireshark. */
@DisplayName("Tshark")
@Tag("machine")
@Timeout(120)
class PcapngTest extends TlsTest {
  private static final Network EVERYBODY = Network.parse("0.0.0.0/0");
  private static final int PIECE = 500_000;
  private static final TraceLimits LARGE = TraceLimits.DEFAULT.withMaxBytes(1L << 40);

  /** One direction of a stream after the other, as {@code follow} shows them. */
  private record Followed(String client, String server, byte[] asked, byte[] answered) {}

  /** What is more than a note, by the numbers of epan/proto.h. */
  private static final String DOUBTS = "_ws.expert.severity >= 0x600000";

  @TempDir Path place;
  private Path file;

  @BeforeAll
  static void isThere() {
    Machine.needs("tshark");
  }

  @BeforeEach
  void nameTheFile() {
    file = place.resolve("trace.pcapng");
  }

  private static void serve(io.plainweave.Connection connection) throws IOException {
    var lines = Lines.of(connection, 1_000);
    for (String line; (line = lines.read()) != null; ) {
      lines.write("you say " + line);
    }
  }

  private static void ask(Client client, String question) throws IOException {
    client.send(question + "\n");
    String answer = "you say " + question + "\n";
    assertEquals(answer, client.receive(answer.length()));
  }

  private static LiveConnection onlyOne(Server server) {
    await().until(() -> server.live().connections().count() == 1);
    long id = server.live().connections().findFirst().orElseThrow().id();
    return server.live().connection(id).orElseThrow();
  }

  /** Runs it with checks of all checksums; what it prints, without what it says to root. */
  private String tshark(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("tshark", "-n", "-r", file.toString()));
    for (String check : List.of("ip.check_checksum", "tcp.check_checksum")) {
      command.addAll(List.of("-o", check + ":TRUE"));
    }
    command.addAll(List.of(arguments));
    Path errors = place.resolve("errors");
    var builder = new ProcessBuilder(command).redirectError(errors.toFile());
    builder.environment().put("HOME", place.toString()); // no settings of who runs the test
    builder.environment().put("LC_ALL", "C");
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), ISO_8859_1);
      assertTrue(process.waitFor(30, TimeUnit.SECONDS));
      assertEquals(0, process.exitValue(), () -> command + ": " + output + said(errors));
      String said = said(errors).replaceAll("Running as user .*", "");
      assertEquals("", said.strip());
      return output;
    } finally {
      process.destroyForcibly();
    }
  }

  private static String said(Path errors) {
    try {
      return Files.readString(errors);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** The bytes of a stream by directions; the first that speaks is the client. */
  private Followed follow(int stream) throws Exception {
    var asked = new ByteArrayOutputStream();
    var answered = new ByteArrayOutputStream();
    String client = "";
    String server = "";
    for (String line : tshark("-q", "-z", "follow,tcp,raw," + stream).lines().toList()) {
      if (line.startsWith("Node 0: ")) {
        client = line.substring(8);
      } else if (line.startsWith("Node 1: ")) {
        server = line.substring(8);
      } else if (line.matches("\t?([0-9a-f]{2})+")) {
        (line.startsWith("\t") ? answered : asked)
            .writeBytes(HexFormat.of().parseHex(line.strip()));
      }
    }
    return new Followed(client, server, asked.toByteArray(), answered.toByteArray());
  }

  private void assertFollows(int stream, String asked, String answered) throws Exception {
    Followed followed = follow(stream);
    assertEquals(asked, new String(followed.asked, ISO_8859_1));
    assertEquals(answered, new String(followed.answered, ISO_8859_1));
  }

  /** Neither a warning nor an error, and no packet that was lost, doubled or out of order. */
  private void assertHasNoDoubts() throws Exception {
    assertEquals(
        "",
        tshark(
            "-Y",
            DOUBTS
                + " || _ws.malformed || tcp.analysis.lost_segment || tcp.analysis.out_of_order || tcp.analysis.ack_lost_segment"
                + " || tcp.analysis.retransmission || tcp.analysis.duplicate_ack"
                + " || tcp.analysis.window_full || tcp.checksum.status == Bad"
                + " || ip.checksum.status == Bad"));
  }

  private String comments() throws Exception {
    return tshark("-Y", "frame.comment", "-T", "fields", "-e", "frame.comment");
  }

  @Test
  void followsAConnectionFromItsFirstByteToItsLast() throws Exception {
    try (Server server = start(Listen.tcp("127.0.0.1", 0), PcapngTest::serve)) {
      Trace trace = server.live().trace(EVERYBODY, TraceTarget.pcapng(file));
      String source;
      try (Client client = Client.connect(server)) {
        source = "127.0.0.1:" + client.socket().getLocalPort();
        ask(client, "hello");
        ask(client, "again");
      }
      events.awaitReason();
      trace.close();
      assertFollows(0, "hello\nagain\n", "you say hello\nyou say again\n");
      Followed followed = follow(0);
      assertEquals(source, followed.client);
      assertEquals("127.0.0.1:" + server.port(), followed.server);
      String ascii = tshark("-q", "-z", "follow,tcp,ascii,0");
      assertTrue(ascii.contains("\t14\nyou say hello\n"), ascii);
      assertHasNoDoubts();
      assertEquals(1, tshark("-Y", "tcp.flags.syn==1 && tcp.flags.ack==0").lines().count());
      assertEquals(2, tshark("-Y", "tcp.flags.fin==1").lines().count());
      List<String> comments = comments().lines().toList();
      assertTrue(comments.get(0).contains("open for 0 ms"), comments::toString);
      assertEquals(
          List.of("opened", "the peer has finished", "closed: Finished[]"),
          comments.subList(1, comments.size()));
    }
  }

  @Test
  void hasTimesOfTheWorldInOrder() throws Exception {
    long begun = System.currentTimeMillis();
    try (Server server = start(Listen.tcp("127.0.0.1", 0), PcapngTest::serve);
        Trace trace = server.live().trace(EVERYBODY, TraceTarget.pcapng(file));
        Client client = Client.connect(server)) {
      ask(client, "hello");
      trace.close();
    }
    double last = begun / 1000.0;
    for (String time : tshark("-T", "fields", "-e", "frame.time_epoch").lines().toList()) {
      double at = Double.parseDouble(time);
      assertTrue(at >= last, time);
      last = at;
    }
    assertTrue(last <= System.currentTimeMillis() / 1000.0 + 1);
  }

  @Test
  void followsAConnectionInTheMiddleOfItsLife() throws Exception {
    try (Server server = start(Listen.tcp("127.0.0.1", 0), PcapngTest::serve);
        Client client = Client.connect(server)) {
      ask(client, "before");
      Trace trace = onlyOne(server).trace(TraceTarget.pcapng(file));
      ask(client, "hello");
      await().until(() -> trace.bytes() == 20);
      trace.close();
      ask(client, "after");
      assertFollows(0, "hello\n", "you say hello\n");
      assertHasNoDoubts();
      assertEquals(0, tshark("-Y", "tcp.flags.fin==1 || tcp.flags.reset==1").lines().count());
      assertTrue(comments().contains("The trace ends: closed; 20 bytes of 1 connections"));
    }
  }

  @Test
  void tellsManyConnectionsApart() throws Exception {
    try (Server server = start(Listen.tcp("127.0.0.1", 0), PcapngTest::serve)) {
      Trace trace = server.live().trace(EVERYBODY, TraceTarget.pcapng(file));
      List<Client> clients = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        Client client = Client.connect(server, "127.0.1." + (i + 1));
        clients.add(client);
        ask(client, "I am " + i);
      }
      for (Client client : clients) {
        ask(client, "bye");
        client.close();
      }
      events.awaitClosed(10);
      trace.close();
      for (int i = 0; i < 10; i += 3) {
        Followed followed = follow(i);
        assertTrue(followed.client.startsWith("127.0.1." + (i + 1) + ":"), followed.client);
        assertEquals("I am " + i + "\nbye\n", new String(followed.asked, US_ASCII));
      }
      assertHasNoDoubts();
    }
  }

  /** More than a segment at a time, and more than a window without an answer. */
  @Test
  @Tag("slow")
  void followsMegabytesInBothDirections() throws Exception {
    byte[] content = new byte[6_000_000];
    new Random(7).nextBytes(content);
    var goOn = new Semaphore(0);
    Handler echoInOnePiece =
        connection -> {
          byte[] all = connection.input().readNBytes(content.length);
          for (int i = 0; i < all.length; i += PIECE) {
            goOn.acquire();
            connection.output().write(all, i, PIECE);
          }
        };
    try (Server server = start(Listen.tcp("127.0.0.1", 0), echoInOnePiece)) {
      Trace trace = server.live().trace(EVERYBODY, TraceTarget.pcapng(file), LARGE);
      try (Client client = Client.connect(server)) {
        // So slowly that nothing is left out, however slow the disk is.
        for (int i = PIECE; i <= content.length; i += PIECE) {
          client.socket().getOutputStream().write(content, i - PIECE, PIECE);
          awaitWritten(trace, i);
        }
        for (int i = PIECE; i <= content.length; i += PIECE) {
          goOn.release();
          byte[] piece = client.socket().getInputStream().readNBytes(PIECE);
          assertEquals(-1, Arrays.mismatch(Arrays.copyOfRange(content, i - PIECE, i), piece));
          awaitWritten(trace, content.length + i);
        }
      }
      events.awaitReason();
      trace.close();
      assertEquals(0, trace.leftOut());
      Followed followed = follow(0);
      assertEquals(-1, Arrays.mismatch(content, followed.asked));
      assertEquals(-1, Arrays.mismatch(content, followed.answered));
      assertHasNoDoubts();
    }
  }

  private void awaitWritten(Trace trace, long count) {
    await().until(() -> trace.bytes() == count && Files.size(file) > count);
  }

  @Test
  void dissectsHttpThatCameByTls() throws Exception {
    Handler http =
        connection -> {
          var lines = Lines.of(connection, 1_000);
          while (!lines.read().isEmpty()) {
            // All headers.
          }
          connection
              .output()
              .write(
                  "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Type: text/plain\r\n\r\nsecret"
                      .getBytes(US_ASCII));
        };
    try (Server server = start(http)) {
      Trace trace = server.live().trace(EVERYBODY, TraceTarget.pcapng(file));
      String request = "GET /private HTTP/1.1\r\nHost: localhost\r\nCookie: c=1\r\n\r\n";
      try (SSLSocket client = tls.connect(server, "TLSv1.3")) {
        TlsServer.send(client, request);
        assertTrue(TlsServer.receiveAll(client).endsWith("secret"));
      }
      events.awaitReason();
      trace.close();
      String decode = "tcp.port==" + server.port() + ",http";
      String fields =
          tshark(
              "-d",
              decode,
              "-Y",
              "http",
              "-T",
              "fields",
              "-e",
              "http.request.uri",
              "-e",
              "http.response.code",
              "-e",
              "http.cookie",
              "-e",
              "http.file_data");
      assertTrue(fields.contains("/private"), fields);
      assertTrue(fields.contains("200"), fields);
      assertTrue(fields.contains("c=1"), fields);
      assertEquals(request, new String(follow(0).asked, US_ASCII));
      assertHasNoDoubts();
      String comments = comments();
      assertTrue(
          comments.contains("the TLS handshake has ended: TLSv1.3, TLS_AES_256_GCM_SHA384"),
          comments);
      // Not a byte but theirs is in it, and so none of the handshake, and no key.
      assertEquals(request.length() + follow(0).answered.length, trace.bytes());
    }
  }

  @Test
  void showsAResetOfEitherSide() throws Exception {
    try (Server server = start(Listen.tcp("127.0.0.1", 0), PcapngTest::serve)) {
      Trace trace = server.live().trace(EVERYBODY, TraceTarget.pcapng(file));
      try (Client client = Client.connect(server)) {
        ask(client, "hello");
        onlyOne(server).reset("enough");
        assertTrue(client.seesReset());
      }
      events.awaitClosed(1);
      try (Client client = Client.connect(server)) {
        ask(client, "hello");
        client.reset();
      }
      events.awaitClosed(2);
      trace.close();
      String resets =
          tshark(
              "-Y",
              "tcp.flags.reset==1",
              "-T",
              "fields",
              "-e",
              "tcp.srcport",
              "-e",
              "frame.comment");
      List<String> both = resets.lines().toList();
      assertEquals(2, both.size());
      // For Wireshark a reset is a warning.
      assertEquals(2, tshark("-Y", DOUBTS).lines().count());
      assertTrue(both.get(0).startsWith(server.port() + "\t"), resets);
      assertTrue(both.get(0).contains("EndedByOperator[text=enough]"), resets);
      assertFalse(both.get(1).startsWith(server.port() + "\t"), resets);
    }
  }

  @Test
  @Tag("slow")
  void opensConnectionsByIpv6AndByAPath() throws Exception {
    Machine.needsIpv6();
    Path path = place.resolve("s");
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("::1", 0))
            .listen(Listen.unix(path))
            .handler(PcapngTest::serve)
            .observer(events)
            .timeLimits(TimeLimits.NONE)
            .start()) {
      Trace trace = server.live().trace(Network.parse("::/0"), TraceTarget.pcapng(file));
      try (Client client = new Client(new Socket(InetAddress.ofLiteral("::1"), server.port()))) {
        ask(client, "hello");
      }
      events.awaitClosed(1);
      trace.close();
      assertFollows(0, "hello\n", "you say hello\n");
      assertTrue(follow(0).client.startsWith("[::1]:"), follow(0).client);
      assertHasNoDoubts();

      file = place.resolve("path.pcapng");
      try (UnixClient client = UnixClient.connect(path)) {
        Trace ofPath = onlyOne(server).trace(TraceTarget.pcapng(file));
        client.send("by a path\n");
        assertEquals("you say by a path\n", client.receive(18));
        client.close();
        assertTrue(ofPath.awaitEnd(java.time.Duration.ofSeconds(10)));
      }
      assertFollows(0, "by a path\n", "you say by a path\n");
      assertTrue(follow(0).server.equals("127.0.0.1:65535"), follow(0).server);
      assertTrue(comments().contains("unix:" + path), comments());
      assertHasNoDoubts();
    }
  }

  @Test
  void opensATraceThatHasNothing() throws Exception {
    try (Server server = start(Listen.tcp("127.0.0.1", 0), PcapngTest::serve)) {
      server.live().trace(EVERYBODY, TraceTarget.pcapng(file)).close();
      assertEquals("", tshark());
    }
  }

  @Test
  void followsAProtocolThatGoesOverToTls() throws Exception {
    Handler starts =
        connection -> {
          var lines = Lines.of(connection, 1_000);
          assertEquals("STARTTLS", lines.read());
          lines.write("go ahead");
          connection.startTls(tls.tls());
          serve(connection);
        };
    try (Server server = start(Listen.tcp("127.0.0.1", 0), starts)) {
      Trace trace = server.live().trace(EVERYBODY, TraceTarget.pcapng(file));
      try (Client client = Client.connect(server)) {
        client.send("STARTTLS\n");
        assertEquals("go ahead\n", client.receive(9));
        try (SSLSocket secured = tls.connect(client.socket(), "TLSv1.2")) {
          TlsServer.send(secured, "hello\n");
          assertEquals("you say hello\n", TlsServer.receive(secured, 14));
        }
      }
      events.awaitReason();
      trace.close();
      assertFollows(0, "STARTTLS\nhello\n", "go ahead\nyou say hello\n");
      assertHasNoDoubts();
    }
  }

  @Test
  void followsMessagesThatCrossEachOther() throws Exception {
    var random = new Random(8);
    Handler talks =
        connection -> {
          var reads = new CompletableFuture<Integer>();
          try (var scope = connection.openScope(java.time.Duration.ofSeconds(20))) {
            scope.fork("reader", () -> reads.complete(connection.input().readAllBytes().length));
            for (int i = 0; i < 500; i++) {
              connection.output().write(new byte[1 + i % 700]);
              connection.output().flush();
            }
            connection.finishOutput();
            scope.join();
          }
        };
    try (Server server = start(Listen.tcp("127.0.0.1", 0), talks)) {
      Trace trace = server.live().trace(EVERYBODY, TraceTarget.pcapng(file));
      var asked = new byte[200_000];
      random.nextBytes(asked);
      byte[] answered;
      try (Client client = Client.connect(server)) {
        var answer = new CompletableFuture<byte[]>();
        Thread reader =
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    answer.complete(client.socket().getInputStream().readAllBytes());
                  } catch (IOException e) {
                    answer.completeExceptionally(e);
                  }
                });
        for (int i = 0; i < asked.length; i += 1_000) {
          client.socket().getOutputStream().write(asked, i, 1_000);
        }
        client.finish();
        answered = answer.get(20, TimeUnit.SECONDS);
        reader.join();
      }
      events.awaitReason();
      trace.close();
      Followed followed = follow(0);
      assertEquals(0, trace.leftOut());
      byte[] first =
          Stream.of(followed.asked, followed.answered)
              .filter(it -> it.length == asked.length)
              .findFirst()
              .orElseThrow();
      assertEquals(-1, Arrays.mismatch(asked, first));
      assertEquals(
          answered.length, followed.asked.length + followed.answered.length - asked.length);
      assertHasNoDoubts();
    }
  }
}
