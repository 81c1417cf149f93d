package io.plainweave.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.PeerResetException;
import io.plainweave.PeerState;
import io.plainweave.TruncatedMessageException;
import io.plainweave.framing.MessageReader;
import io.plainweave.server.ServerState;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** How each direction of a connection ends, and the whole. */
abstract class EndConformance extends ByteConformance {
  @Test
  void endsOneDirectionAndGoesOnInTheOther() throws Exception {
    between(
        server -> {
          assertEquals("question", receiveAll(server));
          send(server, "answer");
        },
        client -> {
          send(client, "question");
          client.finishOutput();
          client.finishOutput(); // once more has no effect
          assertEquals("answer", receiveAll(client));
        });
  }

  @Test
  void mayBeFinishedByTheServerFirst() throws Exception {
    between(
        server -> {
          send(server, "all");
          server.finishOutput();
          assertEquals("thanks", receiveAll(server));
        },
        client -> {
          assertEquals("all", receiveAll(client));
          send(client, "thanks");
        });
  }

  @Test
  void saysAgainThatTheEndHasCome() throws Exception {
    between(
        server -> {},
        client -> {
          for (int i = 0; i < 3; i++) {
            assertEquals(-1, client.input().read());
            assertEquals(-1, client.input().read(new byte[10]));
          }
          assertFalse(client.awaitMessage());
        });
  }

  @Test
  void takesNothingMoreForAnOutputThatIsFinished() throws Exception {
    between(
        server -> server.input().readAllBytes(),
        client -> {
          client.finishOutput();
          assertThrows(IOException.class, () -> send(client, "late"));
        });
  }

  @Test
  void seesThatThePeerHasFinished() throws Exception {
    var goOn = new CountDownLatch(1);
    between(
        server -> goOn.await(),
        client -> {
          assertEquals(PeerState.OPEN, client.peerState());
          goOn.countDown();
          await("the peer has finished", () -> client.peerState() == PeerState.FINISHED);
        });
  }

  @Test
  void endsInOrderWhenTheHandlerReturns() throws Exception {
    var closed = new CompletableFuture<Connection>();
    between(
        server -> {
          closed.complete(server);
          server.output().write("reply".getBytes(US_ASCII));
        },
        client -> assertEquals("reply", receiveAll(client)));
    Connection server = await(closed);
    await("it is closed", () -> !server.isOpen());
    assertEquals(new CloseReason.Finished(), server.closeReason().orElseThrow());
  }

  @Test
  void bringsAReplyThoughTheRequestIsNotRead() throws Exception {
    byte[] reply = pattern(200_000);
    between(
        server -> server.output().write(reply),
        client -> {
          var sent =
              start(() -> {
                try {
                  client.output().write(new byte[1_000_000]);
                  client.finishOutput();
                } catch (IOException refused) {
                  // It is not read, and that may become known.
                }
                return true;
              });
          assertArrayEquals(reply, client.input().readAllBytes());
          await(sent);
        });
  }

  @Test
  void isResetWhenTheHandlerFails() throws Exception {
    var failure = new IOException("the handler of a test fails");
    var thrown =
        assertThrows(
            IOException.class,
            () ->
                between(
                    server -> {
                      server.input().read();
                      throw failure;
                    },
                    client -> {
                      send(client, "x");
                      assertLost(client);
                    }));
    assertEquals(failure.getMessage(), thrown.getMessage());
  }

  @Test
  void isLostWhenThePeerAborts() throws Exception {
    between(
        server -> assertLost(server),
        client -> assertTrue(client.abort(new CloseReason.Aborted("enough"))));
  }

  final void assertLost(Connection connection) throws IOException {
    if (resetsAreSeen()) {
      assertThrows(PeerResetException.class, () -> connection.input().read());
      assertInstanceOf(CloseReason.PeerReset.class, connection.closeReason().orElseThrow());
    } else {
      try {
        assertEquals(-1, connection.input().read());
      } catch (IOException e) {
        // In TLS an end without close_notify is none.
      }
    }
  }

  @Test
  void bringsWhatWasSentBeforeTheAbort() throws Exception {
    var arrived = new CountDownLatch(1);
    between(
        server -> {
          send(server, "last words");
          arrived.await();
          server.abort();
        },
        client -> {
          assertEquals("last", new String(client.peek(4), US_ASCII));
          arrived.countDown();
          assertEquals("last words", receive(client, 10));
          assertLost(client);
        });
  }

  @Test
  void endsAReadWhenAnotherThreadCloses() throws Exception {
    between(
        server -> server.input().readAllBytes(),
        client -> {
          var read = start(() -> client.input().read());
          var ended = start(() -> assertThrows(ConnectionClosedException.class, () -> await(read)));
          client.close();
          await(ended);
        });
  }

  @Test
  void endsAWriteWhenAnotherThreadAborts() throws Exception {
    var over = new CountDownLatch(1);
    try {
      between(
          server -> over.await(),
          client -> {
            var written =
                start(() -> {
                  client.output().write(new byte[64 << 20]);
                  return true;
                });
            // It has to wait for room soon, and may be before that.
            assertThrows(TimeoutException.class, () -> written.get(20, TimeUnit.MILLISECONDS));
            client.abort();
            assertThrows(ConnectionClosedException.class, () -> await(written));
            over.countDown();
          });
    } finally {
      over.countDown();
    }
  }

  @Test
  void saysThatItIsClosedAndWhy() throws Exception {
    between(
        server -> server.input().readAllBytes(),
        client -> {
          assertTrue(client.isOpen());
          assertTrue(client.closeReason().isEmpty());
          client.close();
          client.close(); // once more has no effect
          assertFalse(client.isOpen());
          assertEquals(new CloseReason.Finished(), client.closeReason().orElseThrow());
          var read = assertThrows(ConnectionClosedException.class, () -> client.input().read());
          assertEquals(new CloseReason.Finished(), read.reason());
          assertThrows(ConnectionClosedException.class, () -> send(client, "late"));
          assertFalse(client.abort(new CloseReason.Aborted("too late")));
        });
  }

  @Test
  void tellsTheEndFromATruncatedMessage() throws Exception {
    between(
        server -> {
          assertTrue(server.awaitMessage());
          assertEquals(1, MessageReader.of(server).readBytes(4)[3]);
          server.endMessage();
          assertTrue(server.awaitMessage());
          assertThrows(
              TruncatedMessageException.class, () -> MessageReader.of(server).readBytes(4));
        },
        client -> {
          client.output().write(new byte[] {0, 0, 0, 1, 0, 0});
          client.finishOutput();
          assertEquals(-1, client.input().read());
        });
  }

  @Test
  void endsTheThreadsOfItsScopeWithTheFirstThatFails() throws Exception {
    var ended = new CompletableFuture<Boolean>();
    between(
        server -> {
          assertEquals("x", receive(server, 1));
          var failure = assertThrows(IOException.class, () -> failInAScope(server, ended));
          assertEquals("one of them fails", failure.getMessage());
          assertTrue(await(ended));
          assertInstanceOf(CloseReason.HandlerFailed.class, server.closeReason().orElseThrow());
        },
        client -> {
          send(client, "x");
          assertLost(client);
        });
  }

  private static void failInAScope(Connection connection, CompletableFuture<Boolean> ended)
      throws Exception {
    try (var scope = connection.openScope()) {
      scope.fork(
          "waits",
          () -> {
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              ended.complete(true);
            }
          });
      scope.fork(
          "fails",
          () -> {
            throw new IOException("one of them fails");
          });
      scope.join();
    }
  }

  @Test
  void letsAHandlerThatWaitsForAMessageGoWhenTheServerDrains() throws Exception {
    var drained = new CompletableFuture<Boolean>();
    try (TestServer server =
            server()
                .handler(connection -> drained.complete(wrapped(connection).awaitMessage()))
                .start();
        Connection client = wrapped(server.connect())) {
      await("it is served", () -> server.server().connections() == 1);
      var report = start(server::drain);
      assertFalse(await(drained));
      assertEquals(-1, client.input().read());
      client.finishOutput();
      assertEquals(1, await(report).finished());
    }
  }

  @Test
  void letsAHandlerFinishItsMessageInADrain() throws Exception {
    var inMessage = new CountDownLatch(1);
    var served = new CompletableFuture<String>();
    try (TestServer server =
            server()
                .handler(connection -> {
                  Connection served1 = wrapped(connection);
                  served1.awaitMessage();
                  inMessage.countDown();
                  served.complete(receive(served1, 4));
                  served1.endMessage();
                  send(served1, "done");
                })
                .start();
        Connection client = wrapped(server.connect())) {
      send(client, "ab");
      inMessage.await();
      var report = start(server::drain);
      await("it drains", () -> server.server().state().isAtLeast(ServerState.DRAINING));
      send(client, "cd");
      assertEquals("abcd", await(served));
      assertEquals("done", receiveAll(client));
      client.finishOutput();
      assertEquals(1, await(report).finished());
    }
  }
}
