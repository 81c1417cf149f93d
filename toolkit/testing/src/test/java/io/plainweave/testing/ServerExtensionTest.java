package io.plainweave.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.nio.channels.Pipe;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

@DisplayName("The extension of a server")
@Timeout(60)
class ServerExtensionTest {
  private static final CountDownLatch OVER = new CountDownLatch(1);
  private static Pipe leaked;

  static class Clean {
    @RegisterExtension
    ServerExtension server =
        ServerExtension.of(() ->
            TestServer.inMemory()
                .handler(connection -> connection.input().transferTo(connection.output())));

    @Test
    void echoes() throws Exception {
      server.peer().send("x").expect("x");
      try (var peer = server.peer()) {
        peer.send("y").expect("y").halfClose().expectEnd();
      }
      assertEquals(2, server.server().live().status().accepted());
    }
  }

  static class Clocked {
    private final TestClock clock = new TestClock();

    @RegisterExtension
    ServerExtension server =
        ServerExtension.of(
            () -> TestServer.onTcp().clock(clock).handler(connection -> connection.input().read()));

    @Test
    void waits() throws Exception {
      server.peer();
    }
  }

  static class Stubborn {
    @RegisterExtension
    ServerExtension server =
        ServerExtension.of(() -> TestServer.inMemory().handler(connection -> hang()));

    private static void hang() throws InterruptedException {
      OVER.await();
    }

    @Test
    void hangs() throws Exception {
      server.peer();
      while (server.server().connections() == 0) {
        Thread.onSpinWait();
      }
    }
  }

  static class Careless {
    @RegisterExtension
    ServerExtension server =
        ServerExtension.of(() ->
            TestServer.inMemory()
                .handler(connection -> {
                  Thread.startVirtualThread(Careless::linger);
                  leaked = Pipe.open();
                  connection.output().write('x');
                }));

    private static void linger() {
      try {
        OVER.await();
      } catch (InterruptedException e) {
        // It is over.
      }
    }

    @Test
    void leaks() throws Exception {
      server.peer().expect("x");
    }
  }

  /** Runs a class in this JVM, and returns why its tests have failed. */
  private static List<String> failuresOf(Class<?> tests) {
    List<String> failures = new ArrayList<>();
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request().selectors(selectClass(tests)).build();
    LauncherFactory.create()
        .execute(
            request,
            new TestExecutionListener() {
              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                result.getThrowable().map(Throwable::getMessage).ifPresent(failures::add);
              }
            });
    return failures;
  }

  @Test
  void isSilentIfNothingIsLeft() {
    assertEquals(List.of(), failuresOf(Clean.class));
    assertEquals(List.of(), failuresOf(Clocked.class));
  }

  @Test
  void namesTheLineAtWhichAHandlerHangs() {
    List<String> failures = failuresOf(Stubborn.class);
    assertEquals(1, failures.size(), failures::toString);
    assertTrue(
        failures.getFirst().contains("ServerExtensionTest$Stubborn.hang"), failures::toString);
  }

  @Test
  void namesAThreadAndADescriptorThatAreLeft() throws IOException {
    try {
      List<String> failures = failuresOf(Careless.class);
      assertEquals(1, failures.size(), failures::toString);
      assertTrue(
          failures.getFirst().contains("ServerExtensionTest$Careless.linger"), failures::toString);
      assertTrue(failures.getFirst().contains("-> pipe:["), failures::toString);
    } finally {
      OVER.countDown();
      leaked.sink().close();
      leaked.source().close();
    }
  }
}
