package io.plainweave.loadtests.compare;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.tls.ServerIdentity;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The loads over TLS, against servers that do as they are told, and who these are. */
@Timeout(30)
final class TlsLoadTest {
  private static final long MILLIS = 200;

  private static ServerIdentity identity;
  private static ServerSocketFactory tls;

  @BeforeAll
  static void makeAnIdentity() throws Exception {
    identity = ServerIdentity.make();
    char[] password = ServerIdentity.PASSWORD.toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(identity.store())) {
      store.load(in, password);
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    tls = context.getServerSocketFactory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"echo-5", "pipelined-16", "message-1m"})
  void aClosedLoopCountsEveryMessageThatCameBack(String name) throws Exception {
    AtomicLong bytes = new AtomicLong();
    try (ScriptedServer server =
        new ScriptedServer(
            (in, out) -> {
              byte[] buffer = new byte[65_536];
              for (int length; (length = in.read(buffer)) >= 0; ) {
                bytes.addAndGet(length);
                out.write(buffer, 0, length);
              }
            },
            tls)) {
      Work work = Work.of(name);
      Load load = run(work, server);

      // The first ones are answered in any case, however long that takes.
      long sent = bytes.get() / work.bytes();
      long last = (long) work.connections() * work.depth();
      assertTrue(
          sent >= last && sent - last <= load.messages() && load.messages() <= sent,
          () -> load.messages() + " of " + sent);
      assertEquals(0, bytes.get() % work.bytes());
      // By close_notify: the end of the channel alone would have been a failure to the server.
      await().atMost(10, SECONDS).until(() -> server.ended.get() == work.connections());
    }
  }

  @Test
  void churnSendsOneMessageOnEachConnectionAndEndsItFirst() throws Exception {
    AtomicLong bytes = new AtomicLong();
    try (ScriptedServer server =
        new ScriptedServer(
            (in, out) -> {
              out.write(in.readNBytes(64));
              bytes.addAndGet(64 + in.readAllBytes().length);
            },
            tls)) {
      Load load = run(Work.of("churn"), server);

      await().atMost(10, SECONDS).until(() -> server.ended.get() == server.accepted.get());
      assertTrue(server.accepted.get() >= 16, () -> "only " + server.accepted);
      assertEquals(64L * server.accepted.get(), bytes.get());
      assertTrue(load.messages() <= server.accepted.get());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"echo-5", "churn"})
  void aServerThatEndsInTheHandshakeFailsTheLoad(String name) throws Exception {
    try (ScriptedServer server = new ScriptedServer((in, out) -> in.read())) {
      assertThrows(IOException.class, () -> run(Work.of(name), server));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"echo-5", "churn"})
  void aServerThatClosesFailsTheLoad(String name) throws Exception {
    try (ScriptedServer server = new ScriptedServer((in, out) -> in.readNBytes(64), tls)) {
      EOFException failure = assertThrows(EOFException.class, () -> run(Work.of(name), server));
      assertTrue(
          failure.getMessage().startsWith("the server closed a connection"), failure::toString);
    }
  }

  @Test
  void theIdentityIsThereAsPemFilesForServersOfAnotherMake() throws Exception {
    ServerTls.builder().identity(Identity.pem(identity.certificate(), identity.key())).build();

    ServerCommand command =
        new ServerCommand(
            Path.of("."),
            List.of(),
            Map.of(),
            Map.of("c", "./echo {port} {certificate} {key}"),
            1,
            Protocol.TLS,
            identity);
    String line = "exec ./echo 7 " + identity.certificate() + " " + identity.key();
    assertEquals(List.of("sh", "-c", line), command.of("c", 7));
  }

  private static Load run(Work work, ScriptedServer server) throws IOException {
    LoadOrder order =
        LoadOrder.of(
            work,
            server.port(),
            Protocol.TLS,
            0,
            0,
            MILLIS,
            List.of(ProcessHandle.current().pid()));
    try (Load load = Load.of(order)) {
      load.connect();
      load.run(new Window(order));
      return load;
    }
  }
}
