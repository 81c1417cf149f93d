package io.plainweave.loadtests.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class OpenConnectionsTest {
  private static final long PATIENCE = TimeUnit.MILLISECONDS.toNanos(300);

  private final OpenConnections connections = new OpenConnections();
  private ServerSocket listener;

  @BeforeEach
  void listen() throws IOException {
    listener = new ServerSocket();
    listener.bind(new InetSocketAddress(0), 100);
  }

  @AfterEach
  void close() throws IOException {
    connections.close();
    listener.close();
  }

  @Test
  void areAllOpenedThoughOnlySomeAreAnswered() throws Exception {
    Thread server = Thread.ofVirtual().start(() -> serve(3));

    connections.open(listener.getLocalPort(), 10, 4, PATIENCE);

    assertEquals(3, connections.answered().size());
    assertEquals(10, connections.connected());
    assertNull(connections.failure());
    connections.close();
    server.join();
  }

  @Test
  void growWithEachCall() throws Exception {
    Thread server = Thread.ofVirtual().start(() -> serve(5));

    connections.open(listener.getLocalPort(), 2, 4, PATIENCE);
    assertEquals(2, connections.answered().size());
    connections.open(listener.getLocalPort(), 5, 4, PATIENCE);

    assertEquals(5, connections.answered().size());
    connections.close();
    server.join();
  }

  @Test
  void sayWhyOneCouldNotBeOpened() throws IOException {
    listener.close();

    connections.open(listener.getLocalPort(), 5, 4, PATIENCE);

    assertNotNull(connections.failure());
    assertEquals(0, connections.connected());
  }

  /** So many at a time and no more, each to its end. */
  private void serve(int most) {
    for (int i = 0; i < most; i++) {
      try {
        Socket connection = listener.accept();
        Thread.ofVirtual().start(() -> echo(connection));
      } catch (IOException e) {
        return; // the test is over
      }
    }
  }

  private static void echo(Socket connection) {
    try (connection) {
      connection.getInputStream().transferTo(connection.getOutputStream());
    } catch (IOException e) {
      // The client has gone.
    }
  }
}
