package io.plainweave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TcpListen;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.faults.Machine;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.NeedsModule;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.internal.thread.JdkScheduler;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The start of a server")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ServerStartTest {
  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  @TempDir Path folder;

  private static ServerBuilder echo() {
    return Server.builder().handler(ECHO).drainTimeout(Duration.ofSeconds(10));
  }

  @Test
  void portZeroGivesTheBoundPort() throws Exception {
    try (Server server = echo().listen(Listen.tcp("127.0.0.1", 0)).start();
        Client client = Client.connect(server)) {
      assertEquals(List.of(new InetSocketAddress("127.0.0.1", server.port())), server.addresses());
      client.exchange("hello");
    }
  }

  /** As many at once as there are carriers: none is left to the threads that they wait for. */
  @NeedsModule("jdk.management")
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void mayBeInAVirtualThreadOnAnyNumberOfCarriers(int carriers) throws Exception {
    int before = JdkScheduler.carriers();
    JdkScheduler.setCarriers(carriers);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Server>> starts = new ArrayList<>();
      for (int i = 0; i < carriers; i++) {
        starts.add(threads.submit(() -> echo().listen(Listen.tcp("127.0.0.1", 0)).start()));
      }
      for (Future<Server> start : starts) {
        try (Server server = start.get();
            Client client = Client.connect(server)) {
          client.exchange("hello");
        }
      }
    } finally {
      JdkScheduler.setCarriers(before);
    }
  }

  @Test
  void failsIfItsThreadsCannotBeStarted() throws Exception {
    Listen place = Listen.tcp("127.0.0.1", 0);
    ServerHome whole = echo().listen(place).build().home();
    Server server = withoutAClock(whole, place);
    IOException failure = assertThrows(IOException.class, server::start);
    assertEquals(NullPointerException.class, failure.getCause().getClass());
    assertEquals(ServerState.TERMINATED, server.state());
  }

  /** As good as a system without threads: the reaper does not come to be. */
  static Server withoutAClock(ServerHome whole, Listen place) {
    var broken =
        new ServerHome(
            whole.handler(),
            whole.admission(),
            null,
            whole.registry(),
            whole.datagrams(),
            whole.buffers(),
            whole.pollers(),
            null,
            whole.timeCheck(),
            whole.drain(),
            whole.observer(),
            whole.handshake(),
            whole.background(),
            null,
            whole.counts(),
            whole.traces(),
            whole.surroundings());
    return new Server(
        List.of(new ServerHome.ListenPlace(place, whole.handler())), broken, 1, false);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void failsIfItsFirstThreadCannotBeStartedAndLeavesNothingBound(int eventLoops) throws Exception {
    Path path = folder.resolve("app.sock");
    Server server =
        echo()
            .listen(Listen.tcp("127.0.0.1", 0))
            .listen(Listen.unix(path))
            .datagrams(Udp.besideTcp(), _ -> {})
            .eventLoops(eventLoops)
            .build();
    var failure =
        assertThrows(
            IOException.class,
            () ->
                server.start(_ -> {
                  throw new OutOfMemoryError("unable to create native thread");
                }));
    assertTrue(failure.getMessage().contains("unable to create native thread"));
    assertEquals(ServerState.TERMINATED, server.state());
    assertTrue(Files.notExists(path));
    try (Server other = echo().listen(Listen.tcp("127.0.0.1", server.port())).start()) {
      assertEquals(server.port(), other.port());
    }
  }

  @Test
  void fiveListenersOfWhichOneCannotBeBoundAreNone() throws Exception {
    Path path = folder.resolve("app.sock");
    try (var taken = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
      Server server =
          echo()
              .listen(Listen.tcp("127.0.0.1", 0).acceptors(2))
              .listen(Listen.unix(path))
              .listen(Listen.tcp("127.0.0.2", 0))
              .datagrams(Udp.at("127.0.0.2", 0), _ -> {})
              .datagrams(Udp.at("127.0.0.1", taken.getLocalPort()), _ -> {})
              .build();
      assertThrows(BindException.class, server::start);
      assertEquals(ServerState.TERMINATED, server.state());
      assertEquals(List.of(), server.addresses());
      assertTrue(Files.notExists(path));
    }
  }

  @Test
  void failsIfItsThreadIsInterruptedAndLeavesNothingBound() {
    Server server = echo().listen(Listen.unix(folder.resolve("app.sock"))).build();
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, server::start);
    assertFalse(Thread.interrupted());
    assertEquals(ServerState.TERMINATED, server.state());
    assertTrue(Files.notExists(folder.resolve("app.sock")));
  }

  @Test
  void severalAcceptorsLetNoSecondServerListenOnTheirPort() throws Exception {
    try (Server server = echo().listen(Listen.tcp("127.0.0.1", 0).acceptors(2)).start()) {
      TcpListen same = Listen.tcp("127.0.0.1", server.port());
      for (Listen second : List.of(same, same.acceptors(2), same.reusePort(true))) {
        assertThrows(BindException.class, echo().listen(second)::start, second::toString);
      }
      assertEquals(1, server.listeners().size());
    }
  }

  @Test
  void severalReceiversLetNoSecondServerListenOnTheirPort() throws Exception {
    Udp udp = Udp.at("127.0.0.1", 0).receivers(2);
    try (Server server = echo().datagrams(udp, _ -> {}).start()) {
      int port = server.datagrams().getFirst().address().getPort();
      Udp same = Udp.at("127.0.0.1", port);
      for (Udp second : List.of(same, same.receivers(2))) {
        assertThrows(
            BindException.class, echo().datagrams(second, _ -> {})::start, second::toString);
      }
    }
  }

  @Test
  void oneOfManyThatStartAtOnceOnOnePortListens() throws Exception {
    int port;
    try (Server free = echo().listen(Listen.tcp("127.0.0.1", 0)).start()) {
      port = free.port();
    }
    Udp udp = Udp.at("127.0.0.1", port).receivers(3);
    var together = new CountDownLatch(1);
    try (var threads = Executors.newFixedThreadPool(8)) {
      List<Future<Server>> starts = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        starts.add(
            threads.submit(() -> {
              together.await();
              return echo().datagrams(udp, _ -> {}).start();
            }));
      }
      together.countDown();
      List<Server> listening = new ArrayList<>();
      for (Future<Server> start : starts) {
        try {
          listening.add(start.get());
        } catch (ExecutionException e) {
          assertInstanceOf(BindException.class, e.getCause());
        }
      }
      listening.forEach(Server::close);
      assertEquals(1, listening.size());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void anyAddressTakesBothFamilies(String address) throws Exception {
    if (address.contains(":")) {
      Machine.needsIpv6();
    }
    try (Server server = echo().listen(Listen.tcp(0)).start();
        Client client = new Client(new Socket(address, server.port()))) {
      client.exchange("hello");
    }
  }

  @Test
  void anyIpv4AddressTakesThatFamilyAlone() throws Exception {
    try (Server server = echo().listen(Listen.tcp("0.0.0.0", 0)).start();
        Client client = new Client(new Socket("127.0.0.2", server.port()))) {
      client.exchange("hello");
      assertThrows(SocketException.class, () -> new Socket("::1", server.port()).close());
    }
  }

  @Test
  void anIpv6AddressIsAnAddress() throws Exception {
    Machine.needsIpv6();
    try (Server server = echo().listen(Listen.tcp("::1", 0)).start();
        Client client = new Client(new Socket("::1", server.port()))) {
      client.exchange("hello");
    }
  }

  @Test
  void severalListenersAreOneServer() throws Exception {
    try (Server server =
        echo().listen(Listen.tcp("127.0.0.1", 0)).listen(Listen.tcp("127.0.0.2", 0)).start()) {
      for (var address : server.addresses()) {
        var bound = (InetSocketAddress) address;
        try (Client client = new Client(new Socket(bound.getAddress(), bound.getPort()))) {
          client.exchange("hello");
        }
      }
    }
  }

  @Test
  void twoServersShareAPortIfBothAskForIt() throws Exception {
    try (Server first = echo().listen(Listen.tcp("127.0.0.1", 0).reusePort(true)).start();
        Server second =
            echo().listen(Listen.tcp("127.0.0.1", first.port()).reusePort(true)).start()) {
      assertEquals(first.port(), second.port());
    }
  }

  @Test
  void aTakenPortIsToldAndNothingStaysBound() throws Exception {
    int firstPort;
    try (var free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.2"))) {
      firstPort = free.getLocalPort();
    }
    try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      Server server =
          echo()
              .listen(Listen.tcp("127.0.0.2", firstPort))
              .listen(Listen.tcp("127.0.0.1", taken.getLocalPort()))
              .build();
      var failure = assertThrows(BindException.class, server::start);
      String message = failure.getMessage();
      assertTrue(message.contains("127.0.0.1:" + taken.getLocalPort()), message);
      assertTrue(message.contains("another port"), message);
      assertEquals(ServerState.TERMINATED, server.state());
      try (Server other = echo().listen(Listen.tcp("127.0.0.2", firstPort)).start()) {
        assertEquals(firstPort, other.port());
      }
    }
  }

  @Test
  void anAddressOfAnotherMachineIsTold() {
    Server server = echo().listen(Listen.tcp("203.0.113.9", 0)).build();
    var failure = assertThrows(BindException.class, server::run);
    assertTrue(failure.getMessage().contains("no network interface"), failure.getMessage());
  }

  @Test
  void anUnknownHostIsTold() {
    Server server = echo().listen(Listen.tcp("no-such-host.invalid", 0)).build();
    var failure = assertThrows(IOException.class, server::run);
    assertTrue(failure.getMessage().contains("no-such-host.invalid"), failure.getMessage());
  }

  @Test
  void aServerRunsOnce() throws Exception {
    Server server = echo().listen(Listen.tcp("127.0.0.1", 0)).build();
    try (server) {
      server.start();
      assertThrows(IllegalStateException.class, server::start);
      assertEquals(ServerState.RUNNING, server.state());
    }
    assertThrows(IllegalStateException.class, server::run);
  }

  @Test
  void aServerThatWasClosedBeforeDoesNotStart() throws Exception {
    Server server = echo().listen(Listen.tcp("127.0.0.1", 0)).build();
    server.close();
    assertTrue(server.awaitTermination(Duration.ZERO));
    assertThrows(IllegalStateException.class, server::start);
  }

  @Test
  void whatIsMissingOrOutOfRangeIsRefused() {
    assertThrows(IllegalStateException.class, () -> Server.builder().handler(ECHO).build());
    var limit =
        assertThrows(
            IllegalArgumentException.class,
            () -> Server.builder().admission(AdmissionRules.DEFAULT.maxConnections(-1)));
    assertTrue(limit.getMessage().contains("-1"));
    assertThrows(
        IllegalArgumentException.class,
        () -> Server.builder().drainTimeout(Duration.ofSeconds(-1)));
  }

  @Test
  void aListenerWithoutAHandlerIsRefused() {
    ServerBuilder builder =
        Server.builder().listen(Listen.tcp(7000), ECHO).listen(Listen.tcp("::1", 7001));
    var failure = assertThrows(IllegalStateException.class, builder::build);
    assertEquals(
        "the listener on [::1]:7001 has no handler: call handler(...), or listen(Listen, Handler)",
        failure.getMessage());
    assertEquals(ServerState.NEW, builder.handler(ECHO).build().state());
  }

  @Test
  void noOptionOfTheJvmIsNeeded() throws Exception {
    Process java =
        new ProcessBuilder(
                Machine.java(),
                "-cp",
                System.getProperty("java.class.path"),
                StartsAServer.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(java.getInputStream().readAllBytes());
    assertEquals(0, java.waitFor(), output);
    assertTrue(output.contains("started and closed"), output);
    assertFalse(output.contains("WARNING"), output);
  }

  /** The main class of a process of its own. */
  static final class StartsAServer {
    private StartsAServer() {}

    public static void main(String[] args) throws Exception {
      Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(ECHO).start().close();
      System.out.println("started and closed");
    }
  }
}
