package io.plainweave.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.PeerResetException;
import io.plainweave.client.Connector;
import io.plainweave.event.ServerEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Faults to order")
@Timeout(20)
class FaultsTest {
  private static void echo(Connection connection) throws IOException {
    connection.input().transferTo(connection.output());
  }

  @Test
  void letAcceptFailTwiceAndGoOn() throws Exception {
    Queue<ServerEvent.AcceptFailed> told = new ConcurrentLinkedQueue<>();
    MemoryNetwork network =
        MemoryNetwork.create()
            .failAccept(Faults.tooManyOpenFiles())
            .failAccept(Faults.tooManyOpenFiles());
    try (var server =
            TestServer.inMemory(network)
                .handler(FaultsTest::echo)
                .with(builder ->
                    builder.observer(event -> {
                      if (event instanceof ServerEvent.AcceptFailed failed) {
                        told.add(failed);
                      }
                    }))
                .start();
        var peer = server.peer()) {
      peer.send("x").expect("x");
      assertEquals(2, told.size());
      assertEquals("Too many open files", told.element().failure().getMessage());
    }
  }

  @Test
  void letTheThirdReadMeetAReset() throws Exception {
    var reads = new CompletableFuture<Integer>();
    try (var server =
            TestServer.inMemory()
                .link(Link.PLAIN.resetAtRead(3))
                .handler(connection -> {
                  int count = 0;
                  try {
                    while (connection.input().read() >= 0) {
                      count++;
                      connection.output().write('.');
                    }
                  } catch (PeerResetException e) {
                    reads.complete(count);
                  }
                })
                .start();
        var peer = server.peer()) {
      peer.send("a").expect(".").send("b").expect(".").send("c");
      assertEquals(2, reads.get(5, TimeUnit.SECONDS));
    }
  }

  @Test
  void letTheNameServerBeSilent() throws Exception {
    var clock = new TestClock();
    MemoryNetwork network = MemoryNetwork.create(clock).silentNameServer(true);
    var failed = new CompletableFuture<Exception>();
    try (var server = TestServer.inMemory(network).handler(FaultsTest::echo).start()) {
      Thread.ofVirtual()
          .start(() -> {
            try {
              server.call(() -> Connector.tcp("db.example", 5_432).connect());
            } catch (Exception e) {
              failed.complete(e);
            }
          });
      clock.advance(Duration.ofSeconds(9));
      assertTrue(!failed.isDone());
      clock.advance(Duration.ofSeconds(2));
      Exception failure = failed.get(5, TimeUnit.SECONDS);
      assertTrue(failure instanceof ConnectException, failure::toString);
      assertEquals(
          "cannot connect to db.example:5432: no answer from the name server",
          failure.getMessage());
    }
  }

  @Test
  void letTheDiskBeFull() throws Exception {
    var written = new ByteArrayOutputStream();
    try (var disk = Faults.diskFullAfter(4, written)) {
      disk.write("abc".getBytes());
      var failure = assertThrows(IOException.class, () -> disk.write("def".getBytes()));
      assertEquals("No space left on device", failure.getMessage());
      assertEquals("abcd", written.toString());
    }
  }

  @Test
  void letNothingArriveForAWhile() throws Exception {
    try (var server = TestServer.inMemory().handler(FaultsTest::echo).start();
        var peer = server.peer()) {
      peer.send("a").expect("a");
      server.network().stall();
      peer.send("b").expectSilence(Duration.ofMillis(50));
      server.network().resume();
      peer.expect("b");
      server.network().loseConnections();
      peer.expectReset();
    }
  }

  @Test
  void letBytesTakeTheirTime() throws Exception {
    var clock = new TestClock();
    try (var server =
            TestServer.inMemory()
                .clock(clock)
                .link(Link.PLAIN.delay(Duration.ofSeconds(1)))
                .handler(FaultsTest::echo)
                .start();
        var peer = server.peer()) {
      peer.send("a");
      clock.advance(Duration.ofMillis(1_900));
      peer.expectSilence(Duration.ofMillis(20));
      clock.advance(Duration.ofMillis(200));
      peer.expect("a");
    }
  }

  @Test
  void letAPeerFallSilent() throws Exception {
    try (var server =
            TestServer.inMemory()
                .link(Link.PLAIN.silentAfter(3))
                .handler(FaultsTest::echo)
                .start();
        var peer = server.peer()) {
      peer.send("abcdef").halfClose().expect("abc").expectSilence(Duration.ofMillis(50));
    }
  }

  @Test
  void showAddressesAsTheyAreSet() throws Exception {
    InetAddress far = InetAddress.ofLiteral("203.0.113.7");
    var seen = new CompletableFuture<InetAddress>();
    MemoryNetwork network =
        MemoryNetwork.create()
            .clientAddress(far)
            .name("server.example", InetAddress.ofLiteral("198.51.100.1"));
    try (var server =
            TestServer.inMemory(network)
                .handler(connection ->
                    seen.complete(((InetSocketAddress) connection.remoteAddress()).getAddress()))
                .start();
        var client = server.connect(Connector.tcp("server.example", server.server().port()))) {
      assertEquals(far, seen.get(5, TimeUnit.SECONDS));
      assertEquals(-1, client.input().read());
    }
  }
}
