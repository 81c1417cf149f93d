package io.plainweave.framing;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionProbe;
import io.plainweave.server.Server;
import java.io.IOException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A server that reads messages until the end, for one client at a time that sends in pieces. */
final class ReadingServer implements AutoCloseable {
  /** Reads a message as a text, in which each character is a byte; null at the end. */
  interface Source {
    @Nullable String read() throws IOException;
  }

  /**
   * What the handler has seen.
   *
   * @param messages what it has read
   * @param end how it ended: the reason of the close, without its details
   */
  record Outcome(List<String> messages, Class<? extends CloseReason> end) {}

  private record Accepted(Connection connection, List<String> messages, AtomicBoolean done) {}

  private final BlockingQueue<Accepted> accepted = new LinkedBlockingQueue<>();
  private final BlockingQueue<CloseReason> closed = new LinkedBlockingQueue<>();
  private final Server server;

  ReadingServer(Function<Connection, Source> framing) throws IOException, InterruptedException {
    server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .handler(connection -> readAll(connection, framing.apply(connection)))
            .observer(event -> {
              if (event instanceof ServerEvent.ConnectionClosed e) {
                closed.add(e.reason());
              }
            })
            .start();
  }

  private void readAll(Connection connection, Source source) throws IOException {
    var messages = new ArrayList<String>();
    var done = new AtomicBoolean();
    accepted.add(new Accepted(connection, messages, done));
    try {
      for (String message; (message = source.read()) != null; ) {
        messages.add(message);
      }
    } finally {
      done.set(true);
    }
  }

  /**
   * Sends pieces, each when the one before was received, then finishes, and tells what was read.
   */
  Outcome deliver(byte[]... pieces) throws IOException, InterruptedException {
    try (Client client = Client.connect(server)) {
      client.socket().setTcpNoDelay(true);
      Accepted peer = accepted.poll(10, TimeUnit.SECONDS);
      long sent = 0;
      try {
        for (byte[] piece : pieces) {
          client.socket().getOutputStream().write(piece);
          sent += piece.length;
          ConnectionProbe.awaitReceived(peer.connection(), sent, peer.done());
        }
        client.finish();
      } catch (SocketException reset) {
        // The handler has refused what came first.
      }
      CloseReason reason = closed.poll(10, TimeUnit.SECONDS);
      return new Outcome(peer.messages(), reason.getClass());
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
