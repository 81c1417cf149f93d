package io.plainweave.trace;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.admission.Network;
import io.plainweave.client.Connector;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ReadTrace;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UnixClient;
import io.plainweave.framing.Lines;
import io.plainweave.proxyprotocol.ProxyHeader;
import io.plainweave.proxyprotocol.ProxyProtocol;
import io.plainweave.server.Server;
import io.plainweave.status.ConnectionStatus;
import io.plainweave.status.LiveConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A trace")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class TraceTest {
  private static final Network EVERYBODY = Network.parse("127.0.0.0/8");
  private static final Duration LONG = Duration.ofSeconds(20);

  @TempDir Path folder;

  private static void serve(Connection connection) throws Exception {
    var lines = Lines.of(connection, 1_000);
    for (String line; (line = lines.read()) != null; ) {
      lines.write("you say " + line);
    }
  }

  private static Server start(Handler handler) throws Exception {
    return start(Listen.tcp("127.0.0.1", 0), handler);
  }

  private static Server start(Listen listen, Handler handler) throws Exception {
    return Server.builder()
        .listen(listen)
        .handler(handler)
        .drainTimeout(Duration.ofSeconds(10))
        .stopOnSignal(false)
        .start();
  }

  /** Asks, and waits for the answer. */
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

  private Path file() {
    return folder.resolve("trace");
  }

  private static ReadTrace finished(Trace trace, Path file) throws Exception {
    assertTrue(trace.awaitEnd(LONG));
    return ReadTrace.of(file);
  }

  // @start region="trace"
  /** Shows what a customer's connections say for the next minute, to be opened with Wireshark. */
  private static Trace traceForAMinute(Server server, String customer, Path file)
      throws IOException {
    var limits = new TraceLimits(10_000_000, Duration.ofMinutes(1));
    return server.live().trace(Network.parse(customer), TraceTarget.pcapng(file), limits);
  }

  // @end

  @Test
  void isBegunByALine() throws Exception {
    try (Server server = start(TraceTest::serve);
        Trace trace = traceForAMinute(server, "127.0.0.0/8", file());
        Client client = Client.connect(server)) {
      ask(client, "hello");
      await().until(() -> trace.bytes() == "hello\nyou say hello\n".length());
      assertEquals(Optional.empty(), trace.end());
    }
    assertTrue(Files.size(file()) > 100);
  }

  @Test
  void ofAConnectionShowsItFromThenOnToItsEnd() throws Exception {
    try (Server server = start(TraceTest::serve)) {
      try (Client client = Client.connect(server)) {
        ask(client, "before");
        LiveConnection connection = onlyOne(server);
        Trace trace = connection.trace(TraceTarget.text(file()));
        ask(client, "hello");
        ask(client, "again");
        client.finish();
        assertEquals("", client.receiveAll());

        ReadTrace read = finished(trace, file());
        assertEquals(Optional.of(TraceEnd.CONNECTION_ENDED), trace.end());
        assertEquals(List.of(connection.status().id()), List.copyOf(read.connections().keySet()));
        ReadTrace.One one = read.only();
        assertEquals("hello\nagain\n", one.receivedText());
        assertEquals("you say hello\nyou say again\n", one.sentText());
        String begin = one.events().getFirst();
        assertTrue(begin.contains("127.0.0.1:" + server.port() + " from 127.0.0.1:"), begin);
        assertTrue(begin.contains("open for "), begin);
        assertEquals(
            List.of("the peer has finished", "closed: Finished[]"),
            one.events().subList(1, one.events().size()));
        assertTrue(read.head().toString().contains("passwords"), read.head()::toString);
        assertTrue(read.end().contains("the connection has ended; 40 bytes"), read.end());
        assertEquals(40, trace.bytes());
        assertEquals(1, trace.connections());
        assertEquals(0, trace.leftOut());
      }
    }
  }

  @Test
  void ofANetworkShowsThoseWhoAreThereAndThoseWhoCome() throws Exception {
    try (Server server = start(TraceTest::serve);
        Client present = Client.connect(server, "127.0.1.1");
        Client other = Client.connect(server, "127.0.2.1")) {
      ask(present, "before");
      ask(other, "before");
      try (Trace trace =
          server.live().trace(Network.parse("127.0.1.0/24"), TraceTarget.text(file()))) {
        try (Client coming = Client.connect(server, "127.0.1.2")) {
          ask(present, "I was here");
          ask(other, "not me");
          ask(coming, "I am new");
        }
        await().until(() -> server.live().connections().count() == 2);
        ask(present, "still here");
        trace.close();
        assertEquals(Optional.of(TraceEnd.CLOSED), trace.end());
        ask(present, "after");
        ReadTrace read = ReadTrace.of(file());
        List<ReadTrace.One> all = List.copyOf(read.connections().values());
        assertEquals(2, all.size());
        ReadTrace.One come =
            all.stream()
                .filter(it -> it.receivedText().equals("I am new\n"))
                .findFirst()
                .orElseThrow();
        assertEquals("opened", come.events().get(1));
        assertEquals("closed: Finished[]", come.events().getLast());
        ReadTrace.One was = all.get(all.indexOf(come) == 0 ? 1 : 0);
        assertEquals("I was here\nstill here\n", was.receivedText());
        assertFalse(Files.readString(file()).contains("not me"));
        assertTrue(read.end().contains("closed; "), read.end());
      }
    }
  }

  @Test
  void isInAFileThatOnlyItsOwnerMayReadAndOverwritesNone() throws Exception {
    try (Server server = start(TraceTest::serve)) {
      server.live().trace(EVERYBODY, TraceTarget.text(file())).close();
      assertEquals(
          "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
      String before = Files.readString(file());
      assertThrows(
          FileAlreadyExistsException.class,
          () -> server.live().trace(EVERYBODY, TraceTarget.pcapng(file())));
      Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("elsewhere"));
      assertThrows(
          FileAlreadyExistsException.class,
          () -> server.live().trace(EVERYBODY, TraceTarget.text(link)));
      assertEquals(before, Files.readString(file()));
    }
  }

  @Test
  void endsAtItsLimitOfBytesAndSaysSoWhileTheConnectionGoesOn() throws Exception {
    try (Server server = start(TraceTest::serve);
        Client client = Client.connect(server)) {
      Trace trace =
          onlyOne(server).trace(TraceTarget.text(file()), TraceLimits.DEFAULT.withMaxBytes(20));
      ask(client, "hello");
      ask(client, "beyond");
      ReadTrace read = finished(trace, file());
      assertEquals(Optional.of(TraceEnd.BYTES), trace.end());
      assertEquals("hello\n", read.only().receivedText());
      assertEquals("you say hello\n", read.only().sentText());
      assertTrue(read.end().contains("its limit of 20 bytes is reached"), read.end());
      ask(client, "after");
    }
  }

  @Test
  void cutsWhatIsBeyondItsLimit() throws Exception {
    try (Server server = start(TraceTest::serve);
        Client client = Client.connect(server)) {
      Trace trace =
          onlyOne(server).trace(TraceTarget.text(file()), TraceLimits.DEFAULT.withMaxBytes(7));
      ask(client, "hello");
      ReadTrace read = finished(trace, file());
      assertEquals("hello\n", read.only().receivedText());
      assertEquals("y", read.only().sentText());
    }
  }

  @Test
  void endsWhenItsTimeIsOver() throws Exception {
    try (Server server = start(TraceTest::serve);
        Client client = Client.connect(server)) {
      Trace trace =
          onlyOne(server)
              .trace(
                  TraceTarget.text(file()),
                  TraceLimits.DEFAULT.withMaxTime(Duration.ofMillis(200)));
      ReadTrace read = finished(trace, file());
      assertEquals(Optional.of(TraceEnd.TIME), trace.end());
      assertTrue(read.end().contains("its limit of time is reached, PT0.2S"), read.end());
      assertEquals(0, trace.connections());
      ask(client, "after");
    }
  }

  @Test
  void endsWithTheServer() throws Exception {
    Trace trace;
    try (Server server = start(TraceTest::serve);
        Client client = Client.connect(server)) {
      trace = server.live().trace(EVERYBODY, TraceTarget.text(file()));
      ask(client, "hello");
      server.close();
      // It has waited for the trace.
      assertTrue(trace.awaitEnd(Duration.ofNanos(1)));
      assertEquals(Optional.of(TraceEnd.SERVER_ENDED), trace.end());
      ReadTrace read = ReadTrace.of(file());
      assertEquals("hello\n", read.only().receivedText());
      assertTrue(read.only().events().getLast().startsWith("closed: "), read::toString);
      assertTrue(read.end().contains("the server has ended"), read.end());

      Path late = folder.resolve("late");
      Trace tooLate = server.live().trace(EVERYBODY, TraceTarget.text(late));
      assertTrue(finished(tooLate, late).end().contains("the server has ended; 0 bytes"));
    }
  }

  @Test
  void ofAConnectionThatHasEndedIsOver() throws Exception {
    try (Server server = start(TraceTest::serve)) {
      LiveConnection connection;
      try (Client client = Client.connect(server)) {
        ask(client, "hello");
        connection = onlyOne(server);
      }
      await().until(() -> server.live().connections().findAny().isEmpty());
      Trace trace = connection.trace(TraceTarget.text(file()));
      finished(trace, file());
      assertEquals(Optional.of(TraceEnd.CONNECTION_ENDED), trace.end());
    }
  }

  @Test
  void isOneOfSixteenAtMost() throws Exception {
    try (Server server = start(TraceTest::serve);
        Client client = Client.connect(server)) {
      ask(client, "hello");
      LiveConnection connection = onlyOne(server);
      List<Trace> traces = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        traces.add(connection.trace(TraceTarget.text(folder.resolve("trace" + i))));
      }
      IllegalStateException refused =
          assertThrows(
              IllegalStateException.class, () -> connection.trace(TraceTarget.text(file())));
      assertTrue(refused.getMessage().startsWith("16 traces go on"), refused.getMessage());
      assertFalse(Files.exists(file()));
      ask(client, "all see it");
      for (int i = 0; i < 16; i += 2) {
        traces.get(i).close();
      }
      ask(client, "half of them do");
      connection.trace(TraceTarget.text(file())).close();
      for (int i = 1; i < 16; i += 2) {
        traces.get(i).close();
      }
      for (int i = 0; i < 16; i++) {
        String seen = i % 2 == 0 ? "all see it\n" : "all see it\nhalf of them do\n";
        assertEquals(seen, ReadTrace.of(folder.resolve("trace" + i)).only().receivedText());
      }
    }
  }

  @Test
  void showsFilesAndManyBuffersAndTheirSenderDoesNotMind() throws Exception {
    byte[] content = new byte[300_000];
    new Random(5).nextBytes(content);
    Path sent = Files.write(folder.resolve("content"), content);
    Handler handler =
        connection -> {
          while (connection.input().read() >= 0) {
            try (FileChannel file = FileChannel.open(sent)) {
              connection.sendFile(file, 0, content.length);
            }
            connection.write(
                ByteBuffer.wrap(content, 0, 100_000),
                ByteBuffer.wrap(content, 100_000, 10),
                ByteBuffer.wrap(content, 100_010, 199_990));
            connection.output().flush();
          }
        };
    try (Server server = start(handler);
        Client client = Client.connect(server)) {
      client.send("x");
      assertEqualsTwice(content, client.socket().getInputStream().readNBytes(600_000));
      Trace trace = onlyOne(server).trace(TraceTarget.text(file()));
      client.send("x");
      assertEqualsTwice(content, client.socket().getInputStream().readNBytes(600_000));
      await().until(() -> trace.bytes() == 600_001);
      trace.close();
      assertEqualsTwice(content, ReadTrace.of(file()).only().sent().toByteArray());
      client.send("x");
      assertEqualsTwice(content, client.socket().getInputStream().readNBytes(600_000));
    }
  }

  private static void assertEqualsTwice(byte[] content, byte[] twice) {
    assertEquals(-1, Arrays.mismatch(content, Arrays.copyOf(twice, content.length)));
    assertEquals(
        -1, Arrays.mismatch(content, Arrays.copyOfRange(twice, content.length, twice.length)));
    assertEquals(2 * content.length, twice.length);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void thatBeginsInTheMiddleOfALongWriteShowsTheRest(boolean ofFile) throws Exception {
    byte[] content = new byte[20_000_000];
    new Random(6).nextBytes(content);
    Path sent = Files.write(folder.resolve("content"), content);
    Handler handler =
        connection -> {
          try (FileChannel file = FileChannel.open(sent)) {
            if (ofFile) {
              connection.sendFile(file, 0, content.length);
            } else {
              connection.write(
                  ByteBuffer.wrap(content, 0, 10),
                  ByteBuffer.wrap(content, 10, content.length - 10));
            }
          }
        };
    try (Server server = start(handler);
        Client client = Client.connect(server)) {
      await().until(() -> server.live().connections().anyMatch(it -> it.sent() > 0));
      Trace trace =
          onlyOne(server)
              .trace(TraceTarget.text(file()), TraceLimits.DEFAULT.withMaxBytes(500_000));
      byte[] all = client.socket().getInputStream().readAllBytes();
      assertEquals(-1, Arrays.mismatch(content, all));
      ReadTrace read = finished(trace, file());
      byte[] shown = read.only().sent().toByteArray();
      assertEquals(500_000, shown.length);
      String whole = new String(content, ISO_8859_1);
      assertTrue(whole.contains(new String(shown, ISO_8859_1)));
    }
  }

  @Test
  void tellsOfAWriteThatWaitsAndOfAResetOfThisSide() throws Exception {
    Handler floods =
        connection -> {
          connection.input().read();
          var bytes = new byte[64 * 1024];
          while (true) {
            connection.output().write(bytes);
          }
        };
    try (Server server = start(floods);
        Client client = Client.connect(server)) {
      LiveConnection connection = onlyOne(server);
      Trace trace =
          connection.trace(TraceTarget.text(file()), TraceLimits.DEFAULT.withMaxBytes(100_000_000));
      client.send("x");
      await().until(() -> Files.readString(file(), ISO_8859_1).contains("a write waits for room"));
      connection.reset("does not read");
      ReadTrace read = finished(trace, file());
      assertEquals(
          "closed: EndedByOperator[text=does not read], by a reset of this side",
          read.only().events().getLast());
    }
  }

  @Test
  void tellsOfAResetOfThePeer() throws Exception {
    try (Server server = start(TraceTest::serve);
        Client client = Client.connect(server)) {
      ask(client, "hello");
      Trace trace = onlyOne(server).trace(TraceTarget.text(file()));
      client.reset();
      String last = finished(trace, file()).only().events().getLast();
      assertTrue(last.startsWith("closed: PeerReset["), last);
      assertTrue(last.endsWith(", by a reset of the peer"), last);
    }
  }

  @Test
  void tellsWhichSideFinishesFirst() throws Exception {
    Handler finishes =
        connection -> {
          connection.finishOutput();
          connection.input().readAllBytes();
        };
    try (Server server = start(finishes)) {
      Trace trace = server.live().trace(EVERYBODY, TraceTarget.text(file()));
      try (Client client = Client.connect(server)) {
        assertEquals("", client.receiveAll());
        client.send("last words");
      }
      await().until(() -> server.live().connections().findAny().isEmpty());
      trace.close();
      List<String> events = ReadTrace.of(file()).only().events();
      assertEquals(
          List.of(
              "opened", "the output is finished", "the peer has finished", "closed: Finished[]"),
          events.subList(1, events.size()));
    }
  }

  @Test
  void showsWhatAHandlerSaysToOthers() throws Exception {
    try (Server upstream = start(TraceTest::serve);
        Server server =
            start(connection -> {
              try (Connection onward = Connector.tcp("127.0.0.1", upstream.port()).connect()) {
                io.plainweave.client.Relay.between(connection, onward);
              }
            })) {
      Trace trace = server.live().trace(EVERYBODY, TraceTarget.text(file()));
      try (Client client = Client.connect(server)) {
        ask(client, "by way of another");
      }
      await().until(() -> server.live().connections().findAny().isEmpty());
      trace.close();
      List<ReadTrace.One> both = List.copyOf(ReadTrace.of(file()).connections().values());
      assertEquals(2, both.size());
      assertEquals("by way of another\n", both.get(0).receivedText());
      assertEquals("by way of another\n", both.get(1).sentText());
      assertEquals("you say by way of another\n", both.get(1).receivedText());
      assertEquals("you say by way of another\n", both.get(0).sentText());
      assertTrue(both.get(1).events().getFirst().contains(" to 127.0.0.1:" + upstream.port()));
      assertTrue(both.get(1).events().getLast().startsWith("closed"), both::toString);
    }
  }

  @Test
  void ofAConnectionOverAPathHasNoAddress() throws Exception {
    Path path = folder.resolve("s");
    try (Server server = start(Listen.unix(path), TraceTest::serve);
        UnixClient client = UnixClient.connect(path)) {
      LiveConnection connection = onlyOne(server);
      Trace trace = connection.trace(TraceTarget.text(file()));
      client.send("hello\n");
      assertEquals("you say hello\n", client.receive(14));
      await().until(() -> trace.bytes() == 20);
      trace.close();
      ReadTrace.One one = ReadTrace.of(file()).only();
      assertEquals("hello\n", one.receivedText());
      assertTrue(
          one.events().getFirst().contains("unix:" + path + " from unix:(unnamed)"),
          one.events()::toString);
    }
  }

  @Test
  void ofTheClientsOfAProxyBeginsWhereTheirHeaderTellsThem() throws Exception {
    Listen behind = Listen.tcp("127.0.0.1", 0).proxyProtocol(ProxyProtocol.requiredFrom(EVERYBODY));
    try (Server server = start(behind, TraceTest::serve);
        Client first = Client.connect(server);
        Client second = Client.connect(server)) {
      Trace trace = server.live().trace(Network.parse("192.0.2.7"), TraceTarget.text(file()));
      first.socket().getOutputStream().write(header("192.0.2.7"));
      second.socket().getOutputStream().write(header("192.0.2.8"));
      ask(first, "I am seven");
      ask(second, "I am eight");
      await().until(() -> trace.bytes() >= "you say I am seven\n".length());
      trace.close();
      ReadTrace.One one = ReadTrace.of(file()).only();
      assertTrue(one.receivedText().isEmpty() || one.receivedText().equals("I am seven\n"));
      assertEquals("you say I am seven\n", one.sentText());
      assertTrue(one.events().getFirst().contains(" from 192.0.2.7:4321"), one::toString);
      assertEquals("opened before its PROXY header", one.events().get(1));
    }
  }

  private static byte[] header(String client) throws IOException {
    return ProxyHeader.v2(
            new InetSocketAddress(InetAddress.ofLiteral(client), 4321),
            new InetSocketAddress(InetAddress.ofLiteral("192.0.2.1"), 443))
        .toBytes();
  }

  @Test
  void leavesNothingAtAConnectionWhenItIsOver() throws Exception {
    try (Server server = start(TraceTest::serve);
        Client client = Client.connect(server)) {
      ask(client, "hello");
      Connection traced = connectionOf(server);
      String before = transports(traced);
      Trace one = onlyOne(server).trace(TraceTarget.text(folder.resolve("1")));
      Trace other = server.live().trace(EVERYBODY, TraceTarget.text(folder.resolve("2")));
      assertFalse(before.equals(transports(traced)));
      one.close();
      assertFalse(before.equals(transports(traced)));
      other.close();
      assertEquals(before, transports(traced));
    }
  }

  private static Connection connectionOf(Server server) throws Exception {
    return io.plainweave.server.ServerInsides.connection(server, onlyOne(server).status().id());
  }

  /** By what a connection reads and writes. */
  private static String transports(Connection connection) throws Exception {
    return field(connection.input()) + " " + field(socketOutput(connection));
  }

  private static Object socketOutput(Connection connection) throws Exception {
    return connection.getClass().getMethod("socketOutput").invoke(connection);
  }

  private static Object field(Object side) throws Exception {
    Class<?> type = side.getClass();
    while (true) {
      try {
        var field = type.getDeclaredField("transport");
        field.setAccessible(true);
        return field.get(side);
      } catch (NoSuchFieldException e) {
        type = type.getSuperclass();
      }
    }
  }

  @Test
  void refusesWhatIsNoLimit() {
    assertThrows(IllegalArgumentException.class, () -> TraceLimits.DEFAULT.withMaxBytes(0));
    assertThrows(
        IllegalArgumentException.class, () -> TraceLimits.DEFAULT.withMaxTime(Duration.ZERO));
  }

  @Test
  void hasNoEndWhileNothingIsKnownOfIt() throws Exception {
    var inHandler = new CountDownLatch(1);
    try (Server server =
            start(connection -> {
              inHandler.countDown();
              serve(connection);
            });
        Client client = Client.connect(server)) {
      inHandler.await();
      Trace trace = onlyOne(server).trace(TraceTarget.text(file()));
      assertFalse(trace.awaitEnd(Duration.ofMillis(1)));
      assertEquals(Optional.empty(), trace.failure());
      ConnectionStatus status = onlyOne(server).status();
      assertEquals(0, status.received());
      client.send("hello\n");
      assertEquals(
          "you say hello\n", new String(client.socket().getInputStream().readNBytes(14), US_ASCII));
      trace.close();
      trace.close();
    }
  }
}
