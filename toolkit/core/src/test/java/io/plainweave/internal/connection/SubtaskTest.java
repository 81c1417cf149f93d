package io.plainweave.internal.connection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.ConnectionScope;
import io.plainweave.Handler;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.WaitingTask;
import io.plainweave.framing.Lines;
import io.plainweave.messaging.Outbox;
import io.plainweave.server.Server;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A task of a scope, alone,")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class SubtaskTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final int MUCH = 20_000_000;

  private final ClosedConnections closed = new ClosedConnections();

  // To join it

  /** Answers each word with its length and the number of its vowels, counted side by side. */
  private static void count(Connection connection) throws Exception {
    var lines = Lines.of(connection, 1_000);
    // @start region="result"
    for (String word; (word = lines.read()) != null; ) {
      String asked = word;
      try (var scope = connection.openScope()) {
        var length = scope.fork("length", () -> asked.length());
        var vowels = scope.fork("vowels", () -> asked.replaceAll("[^aeiou]", "").length());
        lines.write(length.join() + " letters, " + vowels.join() + " vowels");
        scope.join();
      }
    }
    // @end
  }

  @Test
  void givesItsResultToTheOwner() throws Exception {
    try (Server server = closed.start(SubtaskTest::count);
        Client client = Client.connect(server)) {
      client.send("plain\nweave\n");
      client.finish();
      assertEquals("5 letters, 2 vowels\n5 letters, 3 vowels\n", client.receiveAll());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void hasItsResultStillWhenAllWereJoined() throws Exception {
    Handler joinsAll =
        connection -> {
          try (var scope = connection.openScope()) {
            var first = scope.fork("first", () -> 'a');
            var second = scope.fork("second", () -> 'b');
            scope.join();
            connection.output().write(first.join());
            connection.output().write(second.join());
            connection.output().write(first.join());
          }
        };
    try (Server server = closed.start(joinsAll);
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals("aba", client.receiveAll());
    }
  }

  private static void tellThenLeave(Connection connection) throws Exception {
    var lines = Lines.of(connection, 1_000);
    var outbox = new Outbox(connection, 100, Outbox.Policy.BLOCK);
    // @start region="order"
    try (var client = connection.openScope()) {
      client.fork("outbox", outbox);
      var reader =
          client.fork(
              "reader",
              () -> {
                for (String line; (line = lines.read()) != null; ) {
                  outbox.offer(line.getBytes(US_ASCII));
                }
              });
      reader.join();
      outbox.offer("bye".getBytes(US_ASCII));
      outbox.close();
      client.join();
    }
    // @end
  }

  @Test
  void isJoinedBeforeTheOthersAreToldToEnd() throws Exception {
    try (Server server = closed.start(SubtaskTest::tellThenLeave);
        Client client = Client.connect(server)) {
      client.send("one\ntwo\n");
      client.finish();
      assertEquals("onetwobye", client.receiveAll());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void throwsItsFailureAndThatOfAnotherTask() throws Exception {
    var failure = new IOException("expected by this test");
    var ofWaiting = new CompletableFuture<Throwable>();
    var ofFailed = new CompletableFuture<Throwable>();
    Handler fails =
        connection -> {
          try (var scope = connection.openScope()) {
            var waiting = scope.fork("waits", new WaitingTask());
            var failed =
                scope.fork(
                    "fails",
                    () -> {
                      throw failure;
                    });
            ofWaiting.complete(assertThrows(Exception.class, waiting::join));
            ofFailed.complete(assertThrows(Exception.class, failed::join));
            scope.join();
          }
        };
    ClosedConnections.assertFailedWith(failure, closed.serve(fails));
    assertEquals(failure, ofWaiting.get());
    assertEquals(failure, ofFailed.get());
  }

  @Test
  void isJoinedByItsOwnerOnly() throws Exception {
    var thrown = new CompletableFuture<Throwable>();
    Handler joinsFromElsewhere =
        connection -> {
          try (var scope = connection.openScope()) {
            var first = scope.fork("first", () -> {});
            scope.fork(
                "intruder",
                () -> thrown.complete(assertThrows(WrongThreadException.class, first::join)));
            scope.join();
          }
        };
    closed.serve(joinsFromElsewhere);
    assertInstanceOf(WrongThreadException.class, thrown.get());
  }

  // To cancel it

  private static void searchUntilStopped(Connection connection, ConnectionScope.Task search)
      throws Exception {
    var lines = Lines.of(connection, 1_000);
    // @start region="cancel"
    try (var scope = connection.openScope()) {
      var searching = scope.fork("search", search);
      for (String line; (line = lines.read()) != null; ) {
        if (line.equals("stop")) {
          searching.cancel();
          lines.write("stopped");
        }
      }
      scope.join();
    }
    // @end
  }

  @Test
  void isCancelledWhileTheConnectionGoesOn() throws Exception {
    var search = new WaitingTask();
    try (Server server = closed.start(connection -> searchUntilStopped(connection, search));
        Client client = Client.connect(server)) {
      search.awaitRunning();
      client.send("stop\n");
      search.awaitCancelled();
      client.send("stop\n");
      client.finish();
      assertEquals("stopped\nstopped\n", client.receiveAll());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void leavesAReadBetweenTwoMessagesAndAnotherReaderGoesOn() throws Exception {
    var thrown = new CompletableFuture<Throwable>();
    Handler changesItsReader =
        connection -> {
          try (var scope = connection.openScope()) {
            var reader =
                scope.fork(
                    "reader",
                    () -> {
                      try {
                        connection.input().transferTo(connection.output());
                      } catch (IOException e) {
                        thrown.complete(e);
                        throw e;
                      }
                    });
            Connections.awaitWaiting(connection, ConnectionActivity.WAITING);
            reader.cancel();
            reader.join();
            assertTrue(connection.isOpen());
            connection.output().write('>');
            connection.input().transferTo(connection.output());
            scope.join();
          }
        };
    try (Server server = closed.start(changesItsReader);
        Client client = Client.connect(server)) {
      client.exchange("hello");
      assertEquals(">", client.receive(1));
      client.exchange("again");
      client.finish();
      assertEquals("", client.receiveAll());
      assertInstanceOf(InterruptedIOException.class, thrown.get());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void readsTheMessageInWhichItIsCancelledToItsEnd() throws Exception {
    var read = new CompletableFuture<String>();
    var stays = new CompletableFuture<Boolean>();
    Handler cancelsInAMessage =
        connection -> {
          var lines = Lines.of(connection, 1_000);
          try (var scope = connection.openScope()) {
            var reader =
                scope.fork(
                    "reader",
                    () -> {
                      read.complete(lines.read());
                      stays.complete(Thread.currentThread().isInterrupted());
                      lines.read();
                    });
            Connections.awaitWaiting(connection, ConnectionActivity.WAITING_IN_MESSAGE);
            reader.cancel();
            connection.output().write('?');
            connection.output().flush();
            reader.join();
            lines.write("still here: " + lines.read());
            scope.join();
          }
        };
    try (Server server = closed.start(cancelsInAMessage);
        Client client = Client.connect(server)) {
      client.send("in two ");
      assertEquals("?", client.receive(1));
      client.send("parts\n");
      assertEquals("in two parts", read.get());
      assertTrue(stays.get(), "the interrupt was lost");
      client.send("next\n");
      assertEquals("still here: next\n", client.receive(17));
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void sendsToItsEndWhatItIsCancelledIn() throws Exception {
    var interrupted = new CompletableFuture<Boolean>();
    Handler cancelsAWriter =
        connection -> {
          try (var scope = connection.openScope()) {
            var writer =
                scope.fork(
                    "writer",
                    () -> {
                      connection.output().write(new byte[MUCH]);
                      interrupted.complete(Thread.currentThread().isInterrupted());
                      Thread.sleep(DAY);
                    });
            connection.input().read();
            writer.cancel();
            writer.join();
            connection.output().write(1);
            scope.join();
          }
        };
    try (Server server = closed.start(cancelsAWriter);
        Client client = Client.connect(server)) {
      client.receive(1); // the writer is at it
      client.send("x");
      assertEquals(MUCH, client.receiveAll().length());
      assertTrue(interrupted.get(), "the interrupt was lost");
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  private static void awaitCancel(CountDownLatch running) {
    running.countDown();
    while (!Thread.currentThread().isInterrupted()) {
      LockSupport.park();
    }
  }

  @Test
  void leavesTheConnectionOpenWhenItWaitsForRoom() throws Exception {
    var running = new CountDownLatch(1);
    var interrupted = new CompletableFuture<Boolean>();
    Handler cancels =
        connection -> {
          try (var scope = connection.openScope()) {
            var waits =
                scope.fork(
                    "waits",
                    () -> {
                      awaitCancel(running);
                      connection.awaitRoom();
                      interrupted.complete(Thread.currentThread().isInterrupted());
                    });
            running.await();
            waits.cancel();
            scope.join();
          }
          connection.output().write('.');
        };
    try (Server server = closed.start(cancels);
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals(".", client.receiveAll());
      assertTrue(interrupted.get(), "the interrupt was lost");
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void hasNoResultAnyMoreThatItsOwnerCouldWaitFor() throws Exception {
    var thrown = new CompletableFuture<Throwable>();
    Handler cancels =
        connection -> {
          try (var scope = connection.openScope()) {
            var asked =
                scope.fork(
                    "asks",
                    () -> {
                      Thread.sleep(DAY);
                      return "never";
                    });
            asked.cancel();
            asked.cancel();
            thrown.complete(assertThrows(Exception.class, asked::join));
            scope.join();
          }
          connection.output().write('.');
        };
    try (Server server = closed.start(cancels);
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals(".", client.receiveAll());
      assertInstanceOf(CancellationException.class, thrown.get());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void takesWhatItHasForkedWithItAndNothingElse() throws Exception {
    var inner = new WaitingTask();
    var sibling = new WaitingTask();
    Handler nests =
        connection -> {
          try (var outer = connection.openScope()) {
            outer.forkBackground("sibling", sibling);
            var nesting =
                outer.fork(
                    "nests",
                    () -> {
                      try (var own = connection.openScope()) {
                        own.fork("waits", inner);
                        own.fork("reads", () -> connection.input().read());
                        own.join();
                      }
                    });
            inner.awaitRunning();
            Connections.awaitWaiting(connection, ConnectionActivity.WAITING);
            nesting.cancel();
            nesting.join();
            inner.awaitCancelled();
            sibling.assertStillWaiting();
            connection.output().write('>');
            connection.output().write(connection.input().read());
            outer.join();
          }
        };
    try (Server server = closed.start(nests);
        Client client = Client.connect(server)) {
      assertEquals(">", client.receive(1));
      client.exchange("x");
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void isCutAllTheSameWhenItsScopeFails() throws Exception {
    var failure = new IllegalStateException("expected by this test");
    Handler failsLater =
        connection -> {
          try (var scope = connection.openScope()) {
            var writer = scope.fork("writer", () -> connection.output().write(new byte[MUCH]));
            connection.input().read();
            writer.cancel();
            throw failure;
          }
        };
    try (Server server = closed.start(failsLater);
        Client client = Client.connect(server)) {
      client.receive(1);
      client.send("x");
      ClosedConnections.assertFailedWith(failure, closed.next());
      assertTrue(client.seesReset());
    }
  }

  @Test
  void endsTheConnectionIfItFailsOtherwise() throws Exception {
    var failure = new IllegalStateException("expected by this test");
    Handler failsWhenCancelled =
        connection -> {
          var running = new CountDownLatch(1);
          try (var scope = connection.openScope()) {
            var stubborn =
                scope.fork(
                    "fails",
                    () -> {
                      try {
                        running.countDown();
                        Thread.sleep(DAY);
                      } catch (InterruptedException e) {
                        throw failure;
                      }
                    });
            running.await();
            stubborn.cancel();
            scope.join();
          }
        };
    ClosedConnections.assertFailedWith(failure, closed.serve(failsWhenCancelled));
  }

  @Test
  void goesOnWithTheConnectionWhenItWritesThroughABuffer() throws Exception {
    Handler cancelsAWriter =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.bufferOutput(1_000);
            var writer = scope.fork("writer", () -> connection.output().write(new byte[MUCH]));
            connection.input().read();
            writer.cancel();
            writer.join();
            scope.join();
          }
        };
    try (Server server = closed.start(cancelsAWriter);
        Client client = Client.connect(server)) {
      client.receive(1);
      client.send("x");
      client.finish();
      assertEquals(MUCH - 1, client.receiveAll().length());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  // With what a scope ends

  @Test
  void endsItsScopeWithAllElseInTheBackground() throws Exception {
    var sent = new AtomicBoolean();
    Handler endsWithItsReader =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork("reader", () -> connection.input().read());
            scope.forkBackground(
                "writer",
                () -> {
                  connection.output().write(new byte[MUCH]);
                  sent.set(true);
                  Thread.sleep(DAY);
                });
            scope.join();
          }
        };
    try (Server server = closed.start(endsWithItsReader);
        Client client = Client.connect(server)) {
      client.receive(1);
      client.send("x");
      client.finish();
      assertEquals(MUCH - 1, client.receiveAll().length());
      assertEquals(new CloseReason.Finished(), closed.next());
      assertTrue(sent.get());
    }
  }

  @Test
  void endsItsScopeWithAReaderInTheBackground() throws Exception {
    Handler endsWithItsWriter =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork(
                "writer",
                () -> {
                  Connections.awaitWaiting(connection, ConnectionActivity.WAITING);
                  connection.output().write("all".getBytes(US_ASCII));
                });
            scope.forkBackground("reader", () -> connection.input().read());
            scope.join();
          }
          assertFalse(Thread.currentThread().isInterrupted());
        };
    try (Server server = closed.start(endsWithItsWriter);
        Client client = Client.connect(server)) {
      assertEquals("all", client.receiveAll());
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void isEndedByTheTimeLimitsWhereThePeerDoesNotTakeItsMessage() throws Exception {
    var thrown = new CompletableFuture<ConnectionClosedException>();
    Handler cancelsAWriter =
        connection -> {
          connection.changeTimeLimits(TimeLimits.NONE.writeStall(Duration.ofMillis(200)));
          try (var scope = connection.openScope()) {
            var writer = scope.fork("writer", () -> connection.output().write(new byte[MUCH]));
            connection.input().read();
            writer.cancel();
            thrown.complete(assertThrows(ConnectionClosedException.class, writer::join));
            scope.join();
          }
        };
    try (Server server = closed.start(cancelsAWriter);
        Client client = Client.connect(server)) {
      client.receive(1);
      client.send("x");
      var stalled = new CloseReason.TimedOut(TimeLimits.Kind.WRITE_STALL);
      assertEquals(stalled, closed.next());
      assertEquals(stalled, thrown.get().reason());
    }
  }
}
