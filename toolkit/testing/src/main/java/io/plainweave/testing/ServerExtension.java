package io.plainweave.testing;

import io.plainweave.Connection;
import io.plainweave.client.Connector;
import io.plainweave.event.ServerEvent;
import io.plainweave.server.Server;
import io.plainweave.status.LiveConnection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * An extension of JUnit that starts a server before each test, and ends it afterwards:
 *
 * {@snippet file="io/plainweave/testing/GuideTest.java" region="extension"}
 *
 * <p>After the test it resets the connections of the test, and fails the test if, two seconds
 * later,
 *
 * <ul>
 *   <li>a handler still runs; it says at which line;
 *   <li>a thread is left that was not there before: of the server, of a scope, or one that a
 *       handler has started by itself; it says where that stands;
 *   <li>a descriptor is left (on Linux); it says of what;
 *   <li>a permit was not given back;
 *   <li>or the server has found that all carriers were kept by handlers that block them ({@link
 *       ServerEvent.CarriersBusy}).
 * </ul>
 *
 * <p>It looks at the whole process, so that tests with it cannot run beside others in one JVM.
 */
public final class ServerExtension implements BeforeEachCallback, AfterEachCallback {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(2);

  private final Callable<TestServerBuilder> description;
  private final Queue<String> busy = new ConcurrentLinkedQueue<>();

  // Of the thread that runs the test.

  private @Nullable TestServer server;
  private @Nullable Footprint before;

  private ServerExtension(Callable<TestServerBuilder> description) {
    this.description = description;
  }

  /**
   * Makes an extension.
   *
   * @param description describes the server, anew for each test
   * @return the extension
   */
  public static ServerExtension of(Callable<TestServerBuilder> description) {
    return new ServerExtension(Objects.requireNonNull(description, "description"));
  }

  @Override
  public void beforeEach(ExtensionContext context) throws Exception {
    WarmUp.run();
    busy.clear();
    before = Footprint.now();
    server =
        description
            .call()
            .with(builder ->
                builder.observer(event -> {
                  if (event instanceof ServerEvent.CarriersBusy) {
                    busy.add("carriers were kept: " + event);
                  }
                }))
            .start();
  }

  /**
   * Returns the server of the test that runs.
   *
   * @return the server, which the extension closes
   * @throws IllegalStateException if no test runs
   */
  public TestServer testServer() {
    TestServer running = server;
    if (running == null) {
      throw new IllegalStateException("no test runs");
    }
    return running;
  }

  /** {@return the server itself} */
  public Server server() {
    return testServer().server();
  }

  /**
   * As {@link TestServer#connector()}.
   *
   * @return the way to the server
   * @throws IOException if the trust cannot be read
   */
  public Connector connector() throws IOException {
    return testServer().connector();
  }

  /**
   * As {@link TestServer#connect()}.
   *
   * @return the connection
   * @throws IOException if that was not possible
   * @throws InterruptedException if the calling thread is interrupted
   */
  public Connection connect() throws IOException, InterruptedException {
    return testServer().connect();
  }

  /**
   * As {@link TestServer#peer()}.
   *
   * @return the peer
   * @throws IOException if that was not possible
   * @throws InterruptedException if the calling thread is interrupted
   */
  public Peer peer() throws IOException, InterruptedException {
    return testServer().peer();
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    TestServer ended = server;
    Footprint then = before;
    server = null;
    if (ended == null || then == null) {
      return;
    }
    List<String> left = new ArrayList<>();
    try {
      left.addAll(handlersLeft(ended));
    } finally {
      ended.close();
    }
    if (ended.server().connections() != 0) {
      left.add(ended.server().connections() + " permits that were not given back");
    }
    left.addAll(tracesLeft(then));
    left.addAll(busy);
    if (!left.isEmpty()) {
      throw new AssertionError("the test has left behind:\n    " + String.join("\n    ", left));
    }
  }

  /** Handlers that run on though their peers are gone. */
  private static List<String> handlersLeft(TestServer ended) throws InterruptedException {
    ended.disconnect();
    long begin = System.nanoTime();
    while (ended.server().connections() > 0 && System.nanoTime() - begin < PATIENCE) {
      TimeUnit.MILLISECONDS.sleep(2);
    }
    try (var live = ended.server().live().find(_ -> ended.server().connections() > 0)) {
      return live.map(ServerExtension::show).toList();
    }
  }

  private static String show(LiveConnection connection) {
    return "a handler of connection %d, %s%s"
        .formatted(
            connection.status().id(),
            connection.status().state(),
            connection.position().map(position -> ", at " + position).orElse(""));
  }

  private static List<String> tracesLeft(Footprint before) throws InterruptedException {
    List<String> left;
    long begin = System.nanoTime();
    do {
      left = Footprint.now().since(before);
      TimeUnit.MILLISECONDS.sleep(left.isEmpty() ? 0 : 20);
    } while (!left.isEmpty() && System.nanoTime() - begin < PATIENCE);
    return left;
  }
}
