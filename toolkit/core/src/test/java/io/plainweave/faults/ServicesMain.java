package io.plainweave.faults;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.server.Server;
import io.plainweave.server.Services;
import java.time.Duration;
import java.util.Scanner;
import java.util.concurrent.CountDownLatch;

/**
 * A program of {@link SignalFaultsTest}: a server between two other services, all of which say on
 * the standard output what they are at.
 */
final class ServicesMain {
  private static final CountDownLatch RELEASED = new CountDownLatch(1);

  private ServicesMain() {}

  public static void main(String[] args) throws Exception {
    Thread.ofPlatform().daemon().start(ServicesMain::obey);
    try (Services services = Services.open(Duration.ofMinutes(1))) {
      services.start("database", () -> service("database"));
      Server api =
          services.start(
              "api",
              Server.builder()
                      .listen(Listen.tcp("127.0.0.1", 0))
                      .handler(ServicesMain::work)
                      .observer(ServicesMain::tell)
                  ::start);
      services.start("cache", () -> service("cache"));
      System.out.println("port " + api.port());
      services.awaitShutdown();
    } finally {
      System.out.println("main");
    }
  }

  private static AutoCloseable service(String name) {
    return () -> System.out.println(name + " closed");
  }

  private static void obey() {
    new Scanner(System.in).next();
    RELEASED.countDown();
  }

  private static void tell(ServerEvent event) {
    switch (event) {
      case ServerEvent.DrainBegan _ -> System.out.println("draining");
      case ServerEvent.DrainEnded e ->
          System.out.println(e.report().forced() == 0 ? "drained" : "cancelled");
      default -> {}
    }
  }

  private static void work(Connection connection) throws Exception {
    System.out.println("at work");
    RELEASED.await();
    connection.output().write('!');
  }
}
