package io.plainweave.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.fixture.InHandlers;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import io.plainweave.udp.Datagram;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A connection by UDP that is opened here")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class DatagramConnectorTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(50);

  /** A server that does what a test tells it. */
  private DatagramSocket peer;

  @BeforeEach
  void open() throws IOException {
    peer = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
    peer.setSoTimeout(10_000);
  }

  @AfterEach
  void close() {
    peer.close();
  }

  private DatagramConnector connector() {
    return DatagramConnector.udp("127.0.0.1", peer.getLocalPort());
  }

  private DatagramPacket take() throws IOException {
    var packet = new DatagramPacket(new byte[65_535], 65_535);
    peer.receive(packet);
    return packet;
  }

  private String takeText() throws IOException {
    DatagramPacket packet = take();
    return new String(packet.getData(), 0, packet.getLength());
  }

  private void answer(DatagramConnection to, String text) throws IOException {
    peer.send(new DatagramPacket(text.getBytes(), text.length(), to.localAddress()));
  }

  private static <T> FutureTask<T> start(ThreadFactory threads, Callable<T> call) {
    var task = new FutureTask<T>(call);
    threads.newThread(task).start();
    return task;
  }

  private static <E extends Throwable> E thrown(Class<E> type, Future<?> call) {
    return assertInstanceOf(
        type,
        assertThrows(ExecutionException.class, () -> call.get(10, TimeUnit.SECONDS)).getCause());
  }

  // @start region="ask"
  static String ask(String host, int port, String question)
      throws IOException, InterruptedException {
    int number = ThreadLocalRandom.current().nextInt(); // so that no late answer is taken for ours
    ByteBuffer request = ByteBuffer.allocate(4 + question.length());
    request.putInt(number).put(question.getBytes(US_ASCII));
    try (DatagramConnection server = DatagramConnector.udp(host, port).connect()) {
      byte[] answer =
          server.ask(
              request.array(),
              Duration.ofSeconds(5),
              reply -> reply.length >= 4 && ByteBuffer.wrap(reply).getInt() == number);
      return new String(answer, 4, answer.length - 4, US_ASCII);
    }
  }

  // @end

  @Test
  void asksAServerOfTheToolkit() throws Exception {
    try (Server server =
        Server.builder()
            .datagrams(Udp.at("127.0.0.1", 0), datagram -> datagram.reply(datagram.bytes()))
            .start()) {
      int port = server.datagrams().getFirst().address().getPort();
      assertEquals("what?", ask("localhost", port, "what?"));
    }
  }

  @Test
  void sendsAndReceivesWhatUdpCanCarry() throws Exception {
    try (DatagramConnection connection = connector().maxDatagram(65_507).connect()) {
      assertEquals(peer.getLocalSocketAddress(), connection.remoteAddress());
      for (int length : new int[] {1, 2_048, 65_507}) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 7);
        ByteBuffer datagram = ByteBuffer.wrap(bytes);
        connection.send(datagram);
        assertEquals(length, datagram.remaining());
        DatagramPacket packet = take();
        assertEquals(length, packet.getLength());
        assertEquals(connection.localAddress(), packet.getSocketAddress());
        peer.send(packet);
        assertArrayEquals(bytes, connection.receive());
      }
      peer.send(new DatagramPacket(new byte[0], 0, connection.localAddress()));
      assertEquals(0, connection.receive().length);
      assertThrows(IllegalArgumentException.class, () -> connection.send(new byte[0]));
      assertThrows(IllegalArgumentException.class, () -> connection.send(new byte[65_508]));
      assertNull(connection.receive(Duration.ZERO));
      assertNull(connection.receive(SHORT));
    }
  }

  @Test
  void dropsWhatIsTooLongOrComesFromElsewhere() throws Exception {
    try (DatagramConnection connection = connector().maxDatagram(5).connect();
        var stranger = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
      byte[] forged = "forged".getBytes();
      stranger.send(new DatagramPacket(forged, 4, connection.localAddress()));
      answer(connection, "too long");
      answer(connection, "right");
      assertEquals("right", new String(connection.receive()));
      assertNull(connection.receive(SHORT));
    }
  }

  @Test
  void repeatsTheRequestUntilItsAnswerHasCome() throws Exception {
    try (DatagramConnection connection = connector().repeatAfter(SHORT).connect()) {
      FutureTask<byte[]> asking =
          start(
              Thread.ofVirtual().factory(),
              () -> connection.ask("7 what?".getBytes(), LONG, it -> it[0] == '7'));
      for (int i = 0; i < 3; i++) {
        assertEquals("7 what?", takeText());
        answer(connection, "6 late");
      }
      answer(connection, "7 that");
      assertEquals("7 that", new String(asking.get()));
    }
  }

  @Test
  void waitsTwiceAsLongEachTime() throws Exception {
    Duration first = Duration.ofMillis(40);
    try (DatagramConnection connection = connector().repeatAfter(first).connect()) {
      long begin = System.nanoTime();
      var failure =
          assertThrows(
              SocketTimeoutException.class,
              () -> connection.ask(new byte[1], Duration.ofMillis(1_000), _ -> true));
      long millis = (System.nanoTime() - begin) / 1_000_000;
      assertTrue(millis >= 1_000, () -> "ms: " + millis);
      // After 40, 120 to 160, 280 to 520 and 600 to 1,600 ms: 4 or 5 times in a second, fewer on a
      // slow machine.
      assertTrue(
          failure.getMessage().matches("no answer from udp:127.* within PT1S; .* [2-5] times"),
          failure::getMessage);
    }
  }

  @Test
  void failsWhereNobodyListensAndStaysOpen() throws Exception {
    int port = peer.getLocalPort();
    peer.close();
    try (DatagramConnection connection = connector(port).connect()) {
      var failure =
          assertThrows(
              PortUnreachableException.class, () -> connection.ask(new byte[1], LONG, _ -> true));
      assertEquals(
          "nobody listens at udp:127.0.0.1:%d: its host says that the port is unreachable"
              .formatted(port),
          failure.getMessage());
      assertTrue(connection.isOpen());
      peer = new DatagramSocket(new InetSocketAddress("127.0.0.1", port));
      peer.setSoTimeout(10_000);
      connection.send("back?".getBytes());
      assertEquals("back?", takeText());
    }
  }

  private static DatagramConnector connector(int port) {
    return DatagramConnector.udp("127.0.0.1", port);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void endsAWaitByAnInterruptAndGoesOn(boolean virtual) throws Exception {
    var thread = new CompletableFuture<Thread>();
    ThreadFactory threads = virtual ? Thread.ofVirtual().factory() : Thread.ofPlatform().factory();
    try (DatagramConnection connection = connector().connect()) {
      FutureTask<byte[]> receiving =
          start(
              threads,
              () -> {
                thread.complete(Thread.currentThread());
                return connection.receive();
              });
      thread.get().interrupt();
      thrown(InterruptedException.class, receiving);
      answer(connection, "on");
      assertEquals("on", new String(connection.receive()));
    }
  }

  @Test
  void endsAllWaitsWhenItIsClosed() throws Exception {
    DatagramConnection connection = connector().connect();
    FutureTask<byte[]> one = start(Thread.ofPlatform().factory(), connection::receive);
    FutureTask<byte[]> other = start(Thread.ofVirtual().factory(), () -> connection.receive(LONG));
    connection.close();
    assertEquals(
        "the connection to " + connection + " is closed",
        thrown(SocketException.class, one).getMessage());
    thrown(SocketException.class, other);
    assertThrows(SocketException.class, () -> connection.send(new byte[1]));
    assertThrows(SocketException.class, () -> connection.receive(Duration.ZERO));
    assertFalse(connection.isOpen());
    connection.close();
  }

  @Test
  void isClosedWithItsClient() throws Exception {
    FutureTask<byte[]> receiving;
    DatagramConnection connection;
    Client closed;
    try (Client client = Client.open()) {
      closed = client;
      connection = client.connect(connector());
      DatagramConnection waiting = connection;
      receiving = start(Thread.ofPlatform().factory(), waiting::receive);
      client.connect(connector()).close();
    }
    assertFalse(connection.isOpen());
    thrown(SocketException.class, receiving);
    var failure = assertThrows(IllegalStateException.class, () -> closed.connect(connector()));
    assertEquals(
        "cannot connect to " + connector() + ": the client is closed", failure.getMessage());
  }

  @Test
  void isClosedWithTheServerWhoseHandlerHasLeftItOpen() throws Exception {
    DatagramConnection connection;
    try (InHandlers handlers = InHandlers.start()) {
      connection = handlers.call(() -> connector().connect());
      assertTrue(connection.isOpen());
    }
    assertFalse(connection.isOpen());
  }

  @Test
  void letsAHandlerThatWaitsBeCancelled() throws Exception {
    var waits = new CountDownLatch(1);
    try (InHandlers handlers = InHandlers.start()) {
      Future<byte[]> receiving =
          handlers.submit(() -> {
            try (DatagramConnection connection = connector().connect()) {
              waits.countDown();
              return connection.receive();
            }
          });
      waits.await();
      handlers.server().shutdownNow();
      // The interrupt, or the close, whichever is first.
      var failure =
          assertThrows(ExecutionException.class, () -> receiving.get(10, TimeUnit.SECONDS));
      assertTrue(
          failure.getCause() instanceof InterruptedException
              || failure.getCause() instanceof SocketException,
          failure::toString);
    }
  }

  @Test
  void servesAHandlerOfDatagramsThatAsksAnother() throws Exception {
    try (Server server = Server.builder().datagrams(Udp.at("127.0.0.1", 0), this::passOn).start();
        DatagramConnection client =
            connector(server.datagrams().getFirst().address().getPort()).connect()) {
      FutureTask<byte[]> asking =
          start(Thread.ofVirtual().factory(), () -> client.ask("q".getBytes(), LONG, _ -> true));
      DatagramPacket question = take();
      peer.send(new DatagramPacket("a".getBytes(), 1, question.getSocketAddress()));
      assertEquals("a", new String(asking.get()));
    }
  }

  private void passOn(Datagram datagram) throws Exception {
    try (DatagramConnection upstream = connector().connect()) {
      datagram.reply(upstream.ask(datagram.bytes(), LONG, _ -> true));
    }
  }

  @Test
  void saysWhereItCouldNotConnect() throws Exception {
    var unknown =
        assertThrows(
            ConnectException.class, () -> DatagramConnector.udp("nobody.invalid", 53).connect());
    assertEquals(
        "cannot connect to udp:nobody.invalid:53: the host is unknown", unknown.getMessage());
    var family =
        assertThrows(
            ConnectException.class,
            () -> connector().localAddress(InetAddress.ofLiteral("::1")).connect());
    assertTrue(family.getMessage().contains("no address of the family of"), family::getMessage);
    var elsewhere =
        assertThrows(
            ConnectException.class,
            () -> connector().localAddress(InetAddress.ofLiteral("192.0.2.1")).connect());
    assertTrue(elsewhere.getMessage().startsWith("cannot connect to udp:127.0.0.1:"));
    try (DatagramConnection own =
        connector().localAddress(InetAddress.ofLiteral("127.0.0.2")).connect()) {
      assertEquals("127.0.0.2", own.localAddress().getAddress().getHostAddress());
    }
  }

  @Test
  void refusesWhatIsNoDescription() throws Exception {
    assertThrows(IllegalArgumentException.class, () -> DatagramConnector.udp(" ", 53));
    assertThrows(IllegalArgumentException.class, () -> DatagramConnector.udp("a", 0));
    assertThrows(IllegalArgumentException.class, () -> connector().maxDatagram(65_528));
    assertThrows(IllegalArgumentException.class, () -> connector().repeatAfter(Duration.ZERO));
    assertEquals("udp:[::1]:53", DatagramConnector.udp("::1", 53).toString());
    try (DatagramConnection connection = connector().connect()) {
      assertThrows(
          IllegalArgumentException.class,
          () -> connection.ask(new byte[1], Duration.ZERO, _ -> true));
      await().until(connection::isOpen);
    }
  }
}
