package io.plainweave.status;

import static java.util.stream.Collectors.toSet;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.NeedsModule;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@NeedsModule("jdk.management")
@DisplayName("The list of some ten thousand connections")
@Tag("machine")
@ExtendWith(ResourceGuard.class)
@Timeout(90)
class ManyConnectionsTest {
  private static final int MOST = 10_000;
  private static final int BUSY = 8;

  private final List<SocketChannel> idle = new ArrayList<>();
  private Server server;
  private int count;

  @BeforeEach
  void connect() throws Exception {
    var system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    // Both ends are in this process.
    count = (int) Math.min(MOST, (system.getMaxFileDescriptorCount() - 2_000) / 2);
    server =
        Server.builder()
            .listen(Listen.tcp("0.0.0.0", 0))
            .handler(connection -> connection.input().transferTo(connection.output()))
            .admission(AdmissionRules.DEFAULT.maxConnections(0))
            .timeLimits(TimeLimits.NONE)
            .drainTimeout(Duration.ofSeconds(20))
            .stopOnSignal(false)
            .start();
    for (int i = 0; i < count; i++) {
      // To several addresses, since the ports to one of them are limited.
      idle.add(SocketChannel.open(new InetSocketAddress("127.0.0." + (1 + i % 10), server.port())));
    }
    await().until(() -> server.connections() == count);
  }

  @AfterEach
  void end() throws Exception {
    for (SocketChannel channel : idle) {
      channel.close();
    }
    server.close();
  }

  @Test
  void endsAndDisturbsNobody() throws Exception {
    Set<Long> before = server.live().connections().map(ConnectionStatus::id).collect(toSet());
    assertEquals(count, before.size());
    var over = new AtomicBoolean();
    List<CompletableFuture<Integer>> busy = new ArrayList<>();
    for (int i = 0; i < BUSY; i++) {
      busy.add(CompletableFuture.supplyAsync(() -> exchange(over), Thread::startVirtualThread));
    }
    for (int i = 0; i < 10; i++) {
      // Who stays is in each of the lists, once, whoever comes and goes beside it.
      List<Long> ids = server.live().connections().map(ConnectionStatus::id).toList();
      assertEquals(ids.size(), Set.copyOf(ids).size());
      assertTrue(ids.containsAll(before));
      ServerStatus status = server.live().status();
      assertTrue(status.totalOpen() >= count, status::toString);
    }
    over.set(true);
    for (CompletableFuture<Integer> each : busy) {
      assertTrue(each.get(20, TimeUnit.SECONDS) > 0);
    }
    // A stream that is not pulled to its end is left where it is.
    assertEquals(100, server.live().connections().limit(100).count());
  }

  /** Connects, exchanges messages and leaves, again and again; returns how often. */
  private int exchange(AtomicBoolean over) {
    try {
      int times = 0;
      do {
        try (Client client = Client.connect(server)) {
          for (int i = 0; i < 10; i++) {
            client.exchange("hello");
          }
        }
        times++;
      } while (!over.get());
      return times;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
