package io.plainweave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UnixClient;
import io.plainweave.internal.connection.Home;
import io.plainweave.internal.socket.BoundUnixSocket;
import io.plainweave.internal.socket.Listener;
import io.plainweave.internal.socket.ListeningSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("An acceptor")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class AcceptorTest {
  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  private static final Listen LISTEN = Listen.tcp("127.0.0.1", 0);

  private final List<ServerEvent> events = new ArrayList<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private ServerHome home;

  @BeforeEach
  void openHome() throws Exception {
    home = ServerHomes.open(ECHO, events::add);
  }

  @AfterEach
  void closePollers() throws Exception {
    home.pollers().close();
  }

  /** Fails as it is told, and has no connection then. */
  private static final class FailingSocket implements ListeningSocket {
    private final SocketAddress address = new InetSocketAddress("127.0.0.1", 7000);
    private final Queue<Throwable> failures;
    private boolean closed;

    FailingSocket(Throwable... failures) {
      this.failures = new ArrayDeque<>(List.of(failures));
    }

    @Override
    public SocketAddress address() {
      return address;
    }

    @Override
    public SocketChannel accept(boolean waits) throws IOException {
      switch (failures.poll()) {
        case null -> {}
        case IOException e -> throw e;
        case Throwable e -> throw (Error) e;
      }
      return null;
    }

    @Override
    public boolean isOpen() {
      return !closed;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  /** Runs an acceptor to its end; returns why it has failed, or null. */
  private Throwable accept(ListeningSocket socket) throws Exception {
    ServerHome own = home.of(new ServerHome.ListenPlace(LISTEN, ECHO), socket.address());
    new Acceptor(
            new Listener(LISTEN, socket),
            true,
            (_, cause) -> failure.set(cause),
            new Lifecycle(),
            own)
        .call();
    return failure.get();
  }

  @Test
  void goesOnWhenMemoryWasShort() throws Exception {
    var failures =
        new Throwable[] {
          new OutOfMemoryError("Java heap space"),
          new IOException("Cannot allocate memory"),
          new OutOfMemoryError("unable to create native thread"),
          new InternalError("no memory to link"),
          new BootstrapMethodError("no memory to link")
        };
    assertNull(accept(new FailingSocket(failures)));
    assertEquals(
        List.of(failures),
        events.stream()
            .map(event -> assertInstanceOf(ServerEvent.AcceptFailed.class, event).failure())
            .toList());
    // The process gets another socket: what the kernel has said concerns one connection.
    assertEquals(
        List.of("PROCESS", "CONNECTION", "PROCESS", "PROCESS", "PROCESS"),
        events.stream().map(event -> ((ServerEvent.AcceptFailed) event).origin().name()).toList());
  }

  /** Fails once as the JVM does, and then accepts. */
  private record FailingOnce(ListeningSocket socket, AtomicBoolean failed)
      implements ListeningSocket {
    @Override
    public SocketChannel accept(boolean waits) throws IOException {
      if (failed.compareAndSet(false, true)) {
        throw assertThrows(OutOfMemoryError.class, () -> new byte[Integer.MAX_VALUE].clone());
      }
      return socket.accept(waits);
    }

    @Override
    public SocketAddress address() {
      return socket.address();
    }

    @Override
    public boolean isOpen() {
      return socket.isOpen();
    }

    @Override
    public SocketAddress reachedAt(SocketChannel accepted) throws IOException {
      return socket.reachedAt(accepted);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  void forksAfterALackOfMemoryInItsOwnThread(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("socket");
    var socket = new FailingOnce(BoundUnixSocket.bind(Listen.unix(path)), new AtomicBoolean());
    var ended = new FutureTask<>(() -> accept(socket));
    Thread poller =
        Thread.ofVirtual().start(new FutureTask<>(home.pollers().all().getFirst()::call));
    Thread acceptor =
        Thread.ofPlatform().start(() -> ScopedValue.where(Home.CURRENT, home).run(ended));
    try (UnixClient client = UnixClient.connect(path)) {
      client.exchange("hello");
    } finally {
      socket.close();
      acceptor.join();
      home.pollers().stop();
      poller.join();
    }
    assertNull(ended.get());
  }

  @Test
  void endsByAFailureThatWillNotPass() throws Exception {
    var failure = new StackOverflowError();
    assertEquals(failure, accept(new FailingSocket(failure)));
  }
}
