package io.plainweave.internal.admission;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Refusal;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import io.plainweave.server.ServerInsides;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A storm")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class AdmissionStormTest {
  private static final int SOURCES = 200;
  private static final int CONNECTS = 15_000;
  private static final int RESETS = 3_000;
  private static final int CONNECTS_PER_SECOND = 5_000;

  /** So many of the latest clients stay, which is more than the sources may have together. */
  private static final int HELD = 1_500;

  private static final int LIMIT = 5;

  private final Map<InetAddress, AtomicInteger> atWork = new ConcurrentHashMap<>();
  private final AtomicInteger most = new AtomicInteger();
  private final LongAdder served = new LongAdder();
  private final LongAdder refused = new LongAdder();

  private void handle(Connection connection) throws IOException {
    served.increment();
    InetAddress source = ((InetSocketAddress) connection.remoteAddress()).getAddress();
    AtomicInteger count = atWork.computeIfAbsent(source, _ -> new AtomicInteger());
    most.accumulateAndGet(count.incrementAndGet(), Math::max);
    try {
      connection.input().transferTo(connection.output());
    } finally {
      count.decrementAndGet();
    }
  }

  private void count(ServerEvent event) {
    if (event instanceof ServerEvent.ConnectionsRefused e) {
      assertEquals(Refusal.SOURCE_LIMIT, e.reason());
      refused.add(e.count());
    }
  }

  private Server start(int acceptors) throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0).acceptors(acceptors))
        .admission(AdmissionRules.DEFAULT.maxPerSource(LIMIT))
        .handler(this::handle)
        .observer(this::count)
        .drainTimeout(Duration.ofSeconds(10))
        .start();
  }

  /** Connects, or is turned away even before connect(2) has returned. */
  private static Optional<Client> connect(Server server, int i) throws IOException {
    Client client = Client.connect(server, source(i));
    return client.wasResetAtOnce() ? Optional.empty() : Optional.of(client);
  }

  private static void resetAll(Deque<Client> clients) throws IOException {
    for (Client client; (client = clients.poll()) != null; ) {
      client.reset();
    }
  }

  private static String source(int i) {
    return "127.0.1." + (1 + i % SOURCES);
  }

  @Test
  void fromManySourcesNeverBreaksTheLimitOfOneAndHarmsNobodyElse() throws Exception {
    Deque<Client> held = new ArrayDeque<>();
    try (Server server = start(2);
        Client other = Client.connect(server, "127.0.2.1")) {
      long begin = System.nanoTime();
      for (int i = 0; i < CONNECTS; i++) {
        LockSupport.parkNanos(
            begin + TimeUnit.SECONDS.toNanos(i) / CONNECTS_PER_SECOND - System.nanoTime());
        connect(server, i).ifPresent(held::add);
        if (held.size() > HELD) {
          held.remove().reset();
        }
        if (i % 1_000 == 0) {
          other.exchange("is not harmed");
          assertTrue(server.connections() <= LIMIT * SOURCES + 1);
        }
      }
      // Of some source more are held than may be: so many are at work when all were accepted.
      await().untilAsserted(() -> assertEquals(LIMIT, most.get()));
      resetAll(held);
      await().until(() -> server.connections() == 1);
      assertEquals(2, ServerInsides.admission(server).knownSources(), "the other and its network");
      other.exchange("is not harmed");
    } finally {
      resetAll(held);
    }
    // One of them was the other.
    assertEquals(CONNECTS + 1, served.sum() + refused.sum());
  }

  @Test
  void ofResetsGivesAllPermitsBack() throws Exception {
    try (Server server = start(1)) {
      for (int i = 0; i < RESETS; i++) {
        Client.connect(server, source(i)).reset();
      }
      try (Client last = Client.connect(server, "127.0.2.1")) {
        last.exchange("all before were accepted");
      }
      await().until(() -> server.connections() == 0);
      assertEquals(0, ServerInsides.admission(server).knownSources());
      Deque<Client> all = new ArrayDeque<>();
      for (int i = 0; i < LIMIT; i++) {
        all.add(Client.connect(server, source(0)));
        all.getLast().exchange("is served");
      }
      for (Client client : all) {
        client.close();
      }
    }
    assertEquals(RESETS + 1 + LIMIT, served.sum() + refused.sum());
  }
}
