package io.plainweave.internal.trace;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.client.Connector;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.TlsTest;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import io.plainweave.server.ServerInsides;
import io.plainweave.status.ConnectionStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("While traces come and go, a connection")
@Timeout(120)
class TapRaceTest extends TlsTest {
  /** Keeps all that it is shown. */
  private static final class Keeps implements Tap {
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();

    private static void keep(ByteArrayOutputStream in, ByteBuffer bytes) {
      var copied = new byte[bytes.remaining()];
      bytes.get(copied);
      in.writeBytes(copied);
    }

    @Override
    public void received(ByteBuffer bytes) {
      keep(received, bytes);
    }

    @Override
    public void sent(ByteBuffer bytes) {
      keep(sent, bytes);
    }

    @Override
    public void missed(boolean wasReceived, int count) {}

    @Override
    public void waitsForRoom() {}

    @Override
    public void waitedForRoom(long millis) {}

    @Override
    public void peerFinished() {}

    @Override
    public void finished() {}

    @Override
    public void note(String event) {}

    @Override
    public void resets() {}

    @Override
    public void ended(@Nullable CloseReason reason) {}
  }

  private final AtomicBoolean over = new AtomicBoolean();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Future<?>> comingAndGoing = new ArrayList<>();

  @AfterEach
  void end() throws Exception {
    over.set(true);
    threads.close();
  }

  /** Puts taps in and takes them out, as fast as it can. */
  private void comeAndGo(Traceable connection) {
    for (int i = 0; i < 2; i++) {
      comingAndGoing.add(
          threads.submit(() -> {
            while (!over.get()) {
              Tap tap = new Keeps();
              Tap other = new Keeps();
              connection.add(tap);
              connection.add(other);
              connection.remove(tap);
              connection.remove(other);
            }
          }));
    }
  }

  private void endComingAndGoing() throws ExecutionException, InterruptedException {
    over.set(true);
    for (Future<?> each : comingAndGoing) {
      each.get();
    }
  }

  private static Traceable only(Server server) {
    await().until(() -> server.live().connections().count() == 1);
    ConnectionStatus status = server.live().connections().findFirst().orElseThrow();
    return (Traceable) ServerInsides.connection(server, status.id());
  }

  @Test
  void neitherLosesNorDoublesAByteAndATraceThatStaysSeesThemAll() throws Exception {
    var random = new Random(9);
    try (Server server = start(Listen.tcp("127.0.0.1", 0), ECHO);
        Client client = Client.connect(server)) {
      Traceable connection = only(server);
      var stays = new Keeps();
      connection.add(stays);
      comeAndGo(connection);
      var all = new ByteArrayOutputStream();
      for (int i = 0; i < 3_000; i++) {
        var bytes = new byte[1 + random.nextInt(40_000 >> (i % 12))];
        random.nextBytes(bytes);
        all.writeBytes(bytes);
        client.socket().getOutputStream().write(bytes);
        byte[] back = client.socket().getInputStream().readNBytes(bytes.length);
        assertTrue(Arrays.equals(bytes, back), "the echo of message " + i);
      }
      endComingAndGoing();
      client.finish();
      assertEquals("", client.receiveAll());
      events.awaitReason();
      assertEquals(-1, Arrays.mismatch(all.toByteArray(), stays.received.toByteArray()));
      assertEquals(-1, Arrays.mismatch(all.toByteArray(), stays.sent.toByteArray()));
    }
  }

  @Test
  void beginsAndEndsTlsAndATraceThatStaysSeesThePlainText() throws Exception {
    var expected = new StringBuilder();
    var answers = new StringBuilder();
    try (Server server = start(Listen.tcp("127.0.0.1", 0), TapRaceTest::changeToAndFro);
        Connection client = Connector.tcp("127.0.0.1", server.port()).connect()) {
      Traceable connection = only(server);
      var stays = new Keeps();
      connection.add(stays);
      comeAndGo(connection);
      Lines lines = Lines.of(client, 100);
      for (int i = 0; i < 60; i++) {
        boolean plain = i % 2 == 0;
        String word = plain ? "STARTTLS" : "ENDTLS";
        lines.write(word);
        assertEquals("go ahead", lines.read());
        if (plain) {
          client.startTls(tls.clientTls());
        } else {
          client.endTls();
        }
        lines.write("message " + i);
        assertEquals("message " + i + (plain ? " by TLS" : " in plain"), lines.read());
        expected.append(word).append("\nmessage ").append(i).append('\n');
        answers.append("go ahead\nmessage ").append(i).append(plain ? " by TLS\n" : " in plain\n");
      }
      endComingAndGoing();
      client.close();
      events.awaitReason();
      assertEquals(expected.toString(), stays.received.toString(StandardCharsets.US_ASCII));
      assertEquals(answers.toString(), stays.sent.toString(StandardCharsets.US_ASCII));
    }
  }

  private static void changeToAndFro(Connection connection) throws IOException {
    Lines lines = Lines.of(connection, 100);
    for (String line; (line = lines.read()) != null; ) {
      switch (line) {
        case "STARTTLS" -> {
          lines.write("go ahead");
          connection.startTls(tls.tls());
        }
        case "ENDTLS" -> {
          lines.write("go ahead");
          connection.endTls();
        }
        default -> lines.write(line + (connection.tls().isPresent() ? " by TLS" : " in plain"));
      }
    }
  }
}
