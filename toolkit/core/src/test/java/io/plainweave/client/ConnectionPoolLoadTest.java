package io.plainweave.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.fixture.InHandlers;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A pool in use by many")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class ConnectionPoolLoadTest {
  private static final int BORROWERS = 12;
  private static final int TURNS = 150;
  private static final int MOST = 4;

  /** Answers each line with itself, and hangs up after some of them. */
  private static void echoSome(Connection connection) throws Exception {
    Lines lines = Lines.of(connection, 100);
    for (String line; (line = lines.read()) != null; ) {
      lines.write(line);
      if (line.endsWith("7")) {
        return;
      }
    }
  }

  private final AtomicInteger lent = new AtomicInteger();
  private final AtomicInteger answered = new AtomicInteger();

  @Test
  void keepsConversationsApartAndLosesNoPlace() throws Exception {
    try (Server upstream =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .admission(AdmissionRules.DEFAULT.maxConnections(100))
                .handler(ConnectionPoolLoadTest::echoSome)
                .start();
        var pool =
            new ConnectionPool(
                Connector.tcp("127.0.0.1", upstream.port()),
                PoolLimits.DEFAULT.maxOpen(MOST).maxIdle(MOST - 1));
        InHandlers handlers = InHandlers.start()) {
      List<Future<Object>> all = new ArrayList<>();
      for (int i = 0; i < BORROWERS; i++) {
        int borrower = i;
        all.add(
            handlers.submit(() -> {
              var random = new Random(borrower);
              for (int turn = 0; turn < TURNS; turn++) {
                askOnceOrTwice(pool, borrower + "-" + turn, random);
              }
              return null;
            }));
      }
      for (Future<Object> one : all) {
        one.get(40, TimeUnit.SECONDS);
      }
      assertEquals(BORROWERS * TURNS, answered.get());
      assertTrue(pool.idle() < MOST, pool::toString);
      // Every place is free again.
      List<ConnectionPool.Lease> leases = new ArrayList<>();
      for (int i = 0; i < MOST; i++) {
        leases.add(handlers.call(pool::borrow));
      }
      leases.forEach(ConnectionPool.Lease::close);
    }
  }

  /** The peer may have hung up in the moment in which it was asked: then, and then only, again. */
  private void askOnceOrTwice(ConnectionPool pool, String question, Random random)
      throws Exception {
    while (!ask(pool, question, random)) {
      assertTrue(lent.get() <= MOST, "too many are lent");
    }
    answered.incrementAndGet();
  }

  private boolean ask(ConnectionPool pool, String question, Random random) throws Exception {
    try (ConnectionPool.Lease lease = pool.borrow()) {
      assertTrue(lent.incrementAndGet() <= MOST, "too many are lent");
      try {
        Lines lines = Lines.of(lease.connection(), 100);
        lines.write(question);
        String answer = lines.read();
        if (answer == null) {
          return false;
        }
        assertEquals(question, answer);
        return true;
      } catch (IOException lost) {
        return false;
      } finally {
        lent.decrementAndGet();
        if (random.nextInt(4) != 0 && lease.connection().isOpen()) {
          lease.giveBack();
        }
      }
    }
  }
}
