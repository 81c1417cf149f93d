package io.plainweave.internal.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.plainweave.CloseReason;
import io.plainweave.Handler;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.NeedsModule;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.WaitingTask;
import io.plainweave.server.Server;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A scope of a connection")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ConnectionScopeTest {
  private static final Duration DAY = Duration.ofDays(1);

  private final ClosedConnections closed = new ClosedConnections();

  // Forking and joining

  @NeedsModule("jdk.management")
  @Test
  void isSeenInAThreadDumpWithTheNamesOfItsThreads(@TempDir Path folder) throws Exception {
    var names = new CountDownLatch(2);
    Handler forks =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork(
                "reader",
                () -> {
                  names.countDown();
                  connection.input().read();
                });
            scope.forkBackground(
                "heartbeat",
                () -> {
                  names.countDown();
                  Thread.sleep(DAY);
                });
            scope.join();
          }
        };
    try (Server server = closed.start(forks);
        Client client = Client.connect(server)) {
      names.await();
      Path dump = folder.resolve("dump.json");
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(dump.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.JSON);
      Pattern name =
          Pattern.compile(
              "\"connection \\d+ from 127\\.0\\.0\\.1:" + client.socket().getLocalPort());
      List<String> containers = List.of(Files.readString(dump).split("\"container\": "));
      String scope =
          containers.stream().filter(it -> name.matcher(it).lookingAt()).findFirst().orElseThrow();
      assertTrue(scope.contains("\"name\": \"reader\""), scope);
      assertTrue(scope.contains("\"name\": \"heartbeat\""), scope);
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void cancelsTheBackgroundWhenAllInFrontHaveReturnedAndTheConnectionEndsInOrder()
      throws Exception {
    var heartbeat = new WaitingTask();
    Handler readsAndBeats =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.forkBackground("heartbeat", heartbeat);
            scope.fork("reader", () -> connection.input().transferTo(connection.output()));
            scope.fork("another", () -> heartbeat.awaitRunning());
            scope.join();
          }
          connection.output().write('.');
        };
    try (Server server = closed.start(readsAndBeats);
        Client client = Client.connect(server)) {
      client.exchange("hello");
      client.finish();
      assertEquals(".", client.receiveAll());
      heartbeat.awaitCancelled();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void cancelsTheBackgroundAlsoWhereOnlyTheOwnerWasInFront() throws Exception {
    var heartbeat = new WaitingTask();
    Handler readsItself =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.forkBackground("heartbeat", heartbeat);
            heartbeat.awaitRunning();
            scope.join();
          }
        };
    try (Server server = closed.start(readsItself);
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
      heartbeat.awaitCancelled();
    }
  }

  @Test
  void keepsTheBackgroundAsLongAsTheOwnerHasNotJoined() throws Exception {
    var heartbeat = new WaitingTask();
    var ownerGoesOn = new CountDownLatch(1);
    Handler forksAndWaits =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.forkBackground("heartbeat", heartbeat);
            scope.fork("short", () -> {});
            ownerGoesOn.await();
            scope.join();
          }
        };
    try (Server server = closed.start(forksAndWaits);
        Client client = Client.connect(server)) {
      heartbeat.awaitRunning();
      assertFalse(heartbeat.isCancelledWithin(Duration.ofMillis(300)));
      ownerGoesOn.countDown();
      heartbeat.awaitCancelled();
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void isForItsOwnerOnly() throws Exception {
    var refused = new CountDownLatch(4);
    Handler forksFromElsewhere =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork(
                "intruder",
                () -> {
                  assertThrows(WrongThreadException.class, () -> scope.fork("x", () -> {}));
                  assertThrows(
                      WrongThreadException.class, () -> scope.forkBackground("x", () -> {}));
                  assertThrows(WrongThreadException.class, scope::join);
                  assertThrows(WrongThreadException.class, scope::close);
                  for (int i = 0; i < 4; i++) {
                    refused.countDown();
                  }
                });
            scope.join();
            assertThrows(IllegalStateException.class, () -> scope.fork("late", () -> {}));
          }
        };
    try (Server server = closed.start(forksFromElsewhere);
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
      assertEquals(0, refused.getCount());
    }
  }

  // Nesting

  @Test
  void letsTheOuterOneGoOnWhenTheInnerOneHasEnded() throws Exception {
    var outerTask = new WaitingTask();
    var innerTask = new WaitingTask();
    Handler nests =
        connection -> {
          try (var outer = connection.openScope()) {
            outer.forkBackground("outer", outerTask);
            try (var inner = connection.openScope(DAY)) {
              inner.forkBackground("inner", innerTask);
              innerTask.awaitRunning();
              inner.join();
            }
            innerTask.awaitCancelled();
            outerTask.awaitRunning();
            outerTask.assertStillWaiting();
            outer.join();
          }
        };
    try (Server server = closed.start(nests);
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
      outerTask.awaitCancelled();
    }
  }

  @Test
  void endsTheInnerOneAtTheDeadlineOfTheOuterOne() throws Exception {
    var waiting = new WaitingTask();
    Handler nests =
        connection -> {
          try (var outer = connection.openScope(Duration.ofMillis(200))) {
            try (var inner = connection.openScope()) {
              inner.fork("waits", waiting);
              inner.join();
            }
            outer.join();
          }
        };
    assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.DEADLINE), closed.serve(nests));
    waiting.awaitCancelled();
  }

  @Test
  void passesTheFailureOfTheInnerOneOn() throws Exception {
    var failure = new IOException("expected by this test");
    var outerTask = new WaitingTask();
    Handler nests =
        connection -> {
          try (var outer = connection.openScope()) {
            outer.fork("outer", outerTask);
            outerTask.awaitRunning();
            try (var inner = connection.openScope()) {
              inner.fork(
                  "fails",
                  () -> {
                    throw failure;
                  });
              inner.join();
            }
            outer.join();
          }
        };
    ClosedConnections.assertFailedWith(failure, closed.serve(nests));
    outerTask.awaitCancelled();
  }
}
