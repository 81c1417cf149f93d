package io.plainweave.loadtests.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.control.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The loop against servers that misbehave in one way each. */
@Timeout(30)
final class ClientLoopTest {
  private static final Duration TICK = Duration.ofMillis(10);

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
    if (server != null) {
      server.join();
    }
  }

  @Test
  void anEchoIsAnAnswer() throws Exception {
    serve((in, out, _) -> out.write(in.readNBytes(Message.BYTES)));

    connectUntil(() -> loop.answered() == 1);

    assertEquals(Map.of(), loop.failures().counts());
    assertEquals(1, loop.takeLatencies().getTotalCount());
    assertEquals(0, loop.takeLatencies().getTotalCount());
  }

  @Test
  void anEchoInSingleBytesIsAnAnswer() throws Exception {
    serve((in, out, socket) -> {
      socket.setTcpNoDelay(true);
      for (int i = 0; i < Message.BYTES; i++) {
        out.write(in.read());
      }
    });

    connectUntil(() -> loop.answered() == 1);

    assertEquals(Map.of(), loop.failures().counts());
  }

  @Test
  void aConnectionExchangesOneMessageAfterTheOther() throws Exception {
    serve((in, out, _) -> in.transferTo(out));

    connectUntil(() -> loop.answered() == 1);
    loop.exchange(loop.connections().getFirst());
    pollUntil(() -> loop.answered() == 2);

    assertEquals(2, loop.connections().getFirst().sequence);
    assertEquals(Map.of(), loop.failures().counts());
  }

  @Test
  void oneWrongByteIsAFailure() throws Exception {
    serve((in, out, _) -> {
      byte[] message = in.readNBytes(Message.BYTES);
      message[Message.BYTES - 1] ^= 1;
      out.write(message);
    });

    connectUntil(() -> loop.open() == 0);

    assertEquals(Map.of(Failure.WRONG_BYTES, 1), loop.failures().counts());
  }

  @Test
  void bytesNobodyAskedForAreAFailure() throws Exception {
    serve((in, out, _) -> {
      byte[] message = in.readNBytes(Message.BYTES);
      out.write(message);
      out.write(message);
      in.read();
    });

    connectUntil(() -> loop.open() == 0);

    assertEquals(Map.of(Failure.WRONG_BYTES, 1), loop.failures().counts());
  }

  @Test
  void anEndOfStreamInsteadOfTheEchoIsAFailure() throws Exception {
    serve((in, _, _) -> {
      in.readNBytes(Message.BYTES);
    });

    connectUntil(() -> loop.open() == 0);

    assertEquals(Map.of(Failure.UNEXPECTED_EOF, 1), loop.failures().counts());
    assertEquals(
        "connection 7 met the end of its stream in state AWAITING_ECHO",
        loop.failures().first().get(Failure.UNEXPECTED_EOF));
  }

  @Test
  void anEndOfStreamWhileIdleIsAFailureUnlessExpected() throws Exception {
    serve((in, out, _) -> out.write(in.readNBytes(Message.BYTES)));

    connectUntil(() -> loop.open() == 0);

    assertEquals(1, loop.answered());
    assertEquals(0, loop.ended());
    assertEquals(Map.of(Failure.UNEXPECTED_EOF, 1), loop.failures().counts());
  }

  @Test
  void anExpectedEndOfStreamIsAnEnd() throws Exception {
    serve((in, out, _) -> out.write(in.readNBytes(Message.BYTES)));
    loop.expectEnd();

    connectUntil(() -> loop.open() == 0);

    assertEquals(1, loop.ended());
    assertEquals(Map.of(), loop.failures().counts());
  }

  @Test
  void aConnectionThatWasNotEndedIsAFailure() throws Exception {
    serve((in, out, _) -> in.transferTo(out));
    connectUntil(() -> loop.answered() == 1);
    loop.expectEnd();

    loop.failRemaining();

    assertEquals(Map.of(Failure.NO_EOF, 1), loop.failures().counts());
    assertEquals(0, loop.open());
  }

  @Test
  void aResetIsAFailure() throws Exception {
    serve((in, _, socket) -> {
      in.readNBytes(Message.BYTES);
      socket.setSoLinger(true, 0); // close then sends RST
    });

    connectUntil(() -> loop.open() == 0);

    assertEquals(Map.of(Failure.RESET, 1), loop.failures().counts());
  }

  @Test
  void aPortWithoutListenerRefuses() throws Exception {
    int port = listener.getLocalPort();
    listener.close();

    loop.connect(7, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    pollUntil(() -> loop.open() == 0);

    assertEquals(Map.of(Failure.REFUSED, 1), loop.failures().counts());
    assertTrue(
        loop.failures().first().get(Failure.REFUSED).startsWith("connection 7 failed to connect"));
    assertEquals(0, loop.inFlight());
  }

  private interface Script {
    void run(InputStream in, OutputStream out, Socket socket) throws IOException;
  }

  private void serve(Script script) {
    server =
        Thread.ofVirtual()
            .start(() -> {
              try (Socket socket = listener.accept()) {
                script.run(socket.getInputStream(), socket.getOutputStream(), socket);
              } catch (IOException ignored) {
                // The test looks at the client's side; it closes this one when it is done.
              }
            });
  }

  private void connectUntil(BooleanSupplier condition) throws IOException {
    loop.connect(7, (InetSocketAddress) listener.getLocalSocketAddress());
    pollUntil(condition);
  }

  private void pollUntil(BooleanSupplier condition) throws IOException {
    while (!condition.getAsBoolean()) {
      loop.poll(TICK);
    }
  }
}
