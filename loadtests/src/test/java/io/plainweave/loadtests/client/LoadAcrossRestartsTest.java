package io.plainweave.loadtests.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.control.Failure;
import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A load on one connection, which the server ends in one way or another; all others echo. */
@Timeout(30)
final class LoadAcrossRestartsTest {
  private static final Duration TICK = Duration.ofMillis(10);
  private static final double RATE = 1_000;

  private ServerSocket listener;
  private ClientLoop loop;
  private Thread server;

  @BeforeEach
  void open() throws IOException {
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    loop = new ClientLoop();
  }

  @AfterEach
  void close() throws Exception {
    loop.close();
    listener.close();
    server.join();
  }

  @Test
  void aMessageWithoutAByteOfAnAnswerIsSentAgain() throws Exception {
    serve((in, _, _) -> in.readNBytes(Message.BYTES));

    Notice.Moved moved = loadUntil(() -> loop.ended() > 0);

    assertEquals(1, moved.sentAgain());
    assertEquals(1, moved.reconnected());
    assertEquals(Map.of(), loop.failures().counts());
    assertEquals(1 + moved.due(), loop.answered(), "the first message of all, and the load");
  }

  @Test
  void anEndWithinAnAnswerIsAFailure() throws Exception {
    serve((in, out, _) -> out.write(in.readNBytes(Message.BYTES), 0, 10));

    loadUntil(() -> loop.failures().total() > 0);

    assertEquals(Map.of(Failure.UNEXPECTED_EOF, 1), loop.failures().counts());
  }

  @Test
  void aResetIsAFailureAndItsMessageIsLost() throws Exception {
    serve((in, _, socket) -> {
      in.readNBytes(Message.BYTES);
      socket.setSoLinger(true, 0); // close then sends RST
    });

    Notice.Moved moved = loadUntil(() -> loop.failures().total() > 0);

    assertEquals(Map.of(Failure.RESET, 1), loop.failures().counts());
    assertEquals(0, moved.sentAgain());
    assertTrue(loop.answered() < 1 + moved.due(), "at least one of those that were due is missing");
  }

  @Test
  void oneMessageInTenHasAConnectionOfItsOwn() throws Exception {
    serve((in, out, _) -> in.transferTo(out));

    Notice.Moved moved = loadUntil(() -> loop.answered() >= 30);

    assertEquals(Map.of(), loop.failures().counts());
    assertEquals(0, moved.reconnected());
    assertTrue(Math.abs(moved.opened() - moved.due() / 10) <= 1, moved::toString);
    assertEquals(1, loop.open(), "they are closed when they have their answer");
  }

  private interface Script {
    void run(InputStream in, OutputStream out, Socket socket) throws IOException;
  }

  /** Opens a connection, on which the script runs after its first message. */
  private void serve(Script script) throws IOException {
    server =
        Thread.ofVirtual()
            .start(() -> {
              Script next =
                  (in, out, socket) -> {
                    out.write(in.readNBytes(Message.BYTES));
                    script.run(in, out, socket);
                  };
              while (true) {
                try {
                  serveOne(listener.accept(), next);
                } catch (IOException closed) {
                  return;
                }
                next = (in, out, _) -> in.transferTo(out);
              }
            });
    loop.connect(7, (InetSocketAddress) listener.getLocalSocketAddress());
    while (loop.answered() == 0) {
      loop.poll(TICK);
    }
  }

  private static void serveOne(Socket accepted, Script script) {
    Thread.ofVirtual()
        .start(() -> {
          try (Socket socket = accepted) {
            script.run(socket.getInputStream(), socket.getOutputStream(), socket);
          } catch (IOException ignored) {
            // The test looks at the client's side; it closes this one when it is done.
          }
        });
  }

  private Notice.Moved loadUntil(BooleanSupplier enough) throws IOException {
    var order = new Order.LoadAcrossRestarts(RATE, 100, List.of());
    var destination = (InetSocketAddress) listener.getLocalSocketAddress();
    LoadAcrossRestarts load = new LoadAcrossRestarts(loop, order, List.of(destination), enough);
    while (!load.isOver()) {
      load.act();
      loop.poll(load.untilNext());
    }
    return load.moved();
  }
}
