package io.plainweave.internal.connection;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.AttachmentKey;
import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("What is attached to a connection")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class AttachmentTest {
  // @start region="key"
  private static final AttachmentKey<String> USER = AttachmentKey.of("user");

  // @end

  /** One connection for each user. */
  private static final Map<String, Connection> ONLINE = new ConcurrentHashMap<>();

  private final ClosedConnections closed = new ClosedConnections();

  private static void logIn(Connection connection) throws IOException {
    var lines = Lines.of(connection, 100);
    String user = lines.read();
    // @start region="attach"
    connection.attach(USER, user);
    // @end
    // @start region="abort"
    Connection earlier = ONLINE.put(user, connection);
    if (earlier != null) {
      earlier.abort("logged in elsewhere");
    }
    // @end
    lines.write("Hello " + user);
    lines.read();
  }

  @Test
  void isKnownToObserversAndSoIsTheTextOfAnAbort() throws Exception {
    var ended = new CompletableFuture<ServerEvent.ConnectionClosed>();
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .handler(AttachmentTest::logIn)
                .observer(event -> {
                  if (event instanceof ServerEvent.ConnectionClosed e) {
                    ended.complete(e);
                  }
                })
                .start();
        Client first = Client.connect(server);
        Client second = Client.connect(server)) {
      first.send("alice\n");
      assertEquals("Hello alice\n", first.receive(12));
      second.send("alice\n");
      assertEquals("Hello alice\n", second.receive(12));
      Connection connection = ended.get(10, SECONDS).connection();
      assertEquals(Optional.of("alice"), connection.attachment(USER));
      assertEquals(new CloseReason.Aborted("logged in elsewhere"), ended.get().reason());
      assertEquals(Optional.of(ended.get().reason()), connection.closeReason());
    }
  }

  @Test
  void hasATextOfOneLine() {
    assertEquals("Aborted[]", new CloseReason.Aborted().toString());
    assertEquals("Aborted[text=two\\nlines]", new CloseReason.Aborted("two\nlines").toString());
  }

  @Test
  void isFoundByItsKeyAndByNoOtherOfThatName() throws Exception {
    AttachmentKey<String> other = AttachmentKey.of("user");
    Handler handler =
        connection -> {
          assertEquals(Optional.empty(), connection.attachment(USER));
          assertEquals(Optional.empty(), connection.attach(USER, "alice"));
          assertEquals(Optional.empty(), connection.attachment(other));
          assertEquals(Optional.empty(), connection.attach(other, "bob"));
          assertEquals(Optional.of("alice"), connection.attach(USER, "carol"));
          assertEquals(Optional.of("carol"), connection.attachment(USER));
          assertEquals(Optional.of("carol"), connection.detach(USER));
          assertEquals(Optional.empty(), connection.detach(USER));
          assertEquals(Optional.of("bob"), connection.attachment(other));
        };
    assertEquals(new CloseReason.Finished(), closed.serve(handler));
  }

  @Test
  void staysBesideScopesThatOpenAndClose() throws Exception {
    Handler handler =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork("attaches", () -> connection.attach(USER, "alice").isPresent());
            scope.join();
          }
          assertEquals(Optional.of("alice"), connection.attachment(USER));
        };
    assertEquals(new CloseReason.Finished(), closed.serve(handler));
  }

  @Test
  void goesToOneOfManyThreadsThatDetachIt() throws Exception {
    Handler handler =
        connection -> {
          try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < 200; round++) {
              connection.attach(USER, "once");
              int got = 0;
              Callable<Optional<String>> detach = () -> connection.detach(USER);
              for (var each : threads.invokeAll(Collections.nCopies(4, detach))) {
                got += each.get().isPresent() ? 1 : 0;
              }
              assertEquals(1, got);
            }
          }
        };
    assertEquals(new CloseReason.Finished(), closed.serve(handler));
  }
}
