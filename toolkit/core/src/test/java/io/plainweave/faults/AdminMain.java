package io.plainweave.faults;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.server.Server;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Scanner;
import java.util.concurrent.CountDownLatch;

/**
 * A program of {@link SignalFaultsTest}: a server with a listener for administration, which says on
 * the standard output where they are and what its connections are at.
 */
final class AdminMain {
  private final CountDownLatch released = new CountDownLatch(1);
  private final Server server =
      Server.builder()
          .listen(Listen.tcp("127.0.0.1", 0), this::work)
          .listen(Listen.tcp("127.0.0.1", 0).admin(true), this::tellState)
          .build();

  public static void main(String[] args) throws Exception {
    var program = new AdminMain();
    program.server.start();
    program.server.addresses().stream()
        .map(InetSocketAddress.class::cast)
        .forEach(address -> System.out.println("port " + address.getPort()));
    Thread.ofPlatform().daemon().start(program::obey);
    program.server.awaitTermination(Duration.ofDays(1));
    System.out.println("main");
  }

  /** Lets the handlers go on when the standard input says so. */
  private void obey() {
    new Scanner(System.in).next();
    released.countDown();
  }

  private void work(Connection connection) throws Exception {
    System.out.println("at work");
    released.await();
    System.out.println("answered");
    connection.output().write('!');
  }

  private void tellState(Connection connection) throws Exception {
    String state = server.state().toString();
    connection.output().write(state.getBytes(StandardCharsets.US_ASCII));
  }
}
