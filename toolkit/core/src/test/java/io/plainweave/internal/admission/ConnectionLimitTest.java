package io.plainweave.internal.admission;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The limit of connections")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ConnectionLimitTest {
  @Test
  void isNeverExceededAndAllAreServedInTheEnd() throws Exception {
    var atWork = new AtomicInteger();
    var most = new AtomicInteger();
    var served = new AtomicInteger();
    Handler counts =
        connection -> {
          most.accumulateAndGet(atWork.incrementAndGet(), Math::max);
          connection.input().readAllBytes();
          served.incrementAndGet();
          atWork.decrementAndGet();
        };
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .admission(AdmissionRules.DEFAULT.maxConnections(5))
            .handler(counts)
            .start()) {
      List<Client> clients = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        clients.add(Client.connect(server));
      }
      await().until(() -> atWork.get() == 5);
      for (Client client : clients) {
        client.finish();
        assertTrue(server.connections() <= 5);
      }
      await().until(() -> served.get() == 50);
      assertEquals(5, most.get());
      for (Client client : clients) {
        client.close();
      }
    }
  }

  @Test
  void ofOneIsSharedByTwoListenersNeitherOfWhichHoldsIt() throws Exception {
    Handler echo = connection -> connection.input().transferTo(connection.output());
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .listen(Listen.tcp("127.0.0.2", 0))
            .admission(AdmissionRules.DEFAULT.maxConnections(1))
            .handler(echo)
            .start()) {
      for (int i = 0; i < 10; i++) {
        var address = (InetSocketAddress) server.addresses().get(i % 2);
        try (Client client = new Client(new Socket(address.getAddress(), address.getPort()))) {
          client.socket().setSoTimeout(10_000);
          client.exchange("hello");
        }
      }
    }
  }

  @Test
  void getsItsPermitsBackWhenHandlersFailOrPeersReset() throws Exception {
    Handler fails =
        connection -> {
          connection.input().read();
          throw new IllegalStateException("expected by this test");
        };
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .admission(AdmissionRules.DEFAULT.maxConnections(2))
            .handler(fails)
            .start()) {
      for (int i = 0; i < 20; i++) {
        Client client = Client.connect(server);
        if (i % 2 == 0) {
          client.send("x");
          assertTrue(client.seesReset());
        }
        client.reset();
      }
      await().until(() -> server.connections() == 0);
    }
  }

  @Test
  void doesNotKeepAShutdownWaiting() throws Exception {
    var release = new CountDownLatch(1);
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .admission(AdmissionRules.DEFAULT.maxConnections(1))
                .handler(connection -> release.await())
                .start();
        Client _ = Client.connect(server);
        Client queued = Client.connect(server)) {
      await().until(() -> server.connections() == 1);
      server.shutdown();
      assertTrue(queued.seesReset());
      release.countDown();
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
    }
  }
}
