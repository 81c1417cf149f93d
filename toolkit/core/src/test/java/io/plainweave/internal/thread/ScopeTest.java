package io.plainweave.internal.thread;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.internal.connection.Home;
import io.plainweave.server.Server;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An error that Java code throws would show nothing: HotSpot has to throw it. */
@DisplayName("After a VirtualMachineError that the JVM itself has thrown, a scope")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ScopeTest {
  private static final ScopedValue<String> VALUE = ScopedValue.newInstance();

  private enum Lack {
    MEMORY {
      @Override
      void provoke() {
        assertThrows(OutOfMemoryError.class, () -> new byte[Integer.MAX_VALUE].clone());
      }
    },
    STACK {
      @Override
      void provoke() {
        assertThrows(StackOverflowError.class, () -> deeper(0));
      }
    };

    abstract void provoke();

    private static int deeper(int depth) {
      return deeper(depth + 1) + 1;
    }
  }

  private static String valueInAFork(Scope scope) throws Exception {
    var seen = new CompletableFuture<String>();
    assertTrue(
        scope.fork(() -> {
          seen.complete(VALUE.orElse("unbound"));
          return Scope.After.CONTINUE;
        }));
    return seen.get(10, TimeUnit.SECONDS);
  }

  private static final ThreadFactory THREADS = Thread.ofVirtual().factory();

  @ParameterizedTest
  @EnumSource
  void isForkedIn(Lack lack) throws Exception {
    ScopedValue.where(VALUE, "bound")
        .call(() -> {
          try (Scope scope = Scope.open("test", THREADS)) {
            for (int i = 0; i < 3; i++) {
              lack.provoke();
              assertEquals("bound", valueInAFork(scope));
            }
            scope.join();
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void isOpenedWithTheBindingsOfItsOwner(Lack lack) throws Exception {
    ScopedValue.where(VALUE, "bound")
        .call(() -> {
          lack.provoke();
          try (Scope scope = Scope.open("test", THREADS)) {
            assertEquals("bound", valueInAFork(scope));
            scope.join();
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void ofAConnectionIsForkedInAndOpened(Lack lack) throws Exception {
    Handler handler =
        connection -> {
          try (var scope = connection.openScope()) {
            lack.provoke();
            scope.fork("first", () -> write(connection, "first "));
            scope.join();
          }
          lack.provoke();
          try (var scope = connection.openScope()) {
            scope.fork("second", () -> write(connection, "second " + Home.CURRENT.isBound()));
            scope.join();
          }
        };
    try (Server server =
            Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(handler).start();
        Client client = Client.connect(server)) {
      assertEquals("first second true", client.receiveAll());
    }
  }

  private static void write(Connection connection, String text) throws Exception {
    connection.output().write(text.getBytes(StandardCharsets.US_ASCII));
    connection.output().flush();
  }
}
