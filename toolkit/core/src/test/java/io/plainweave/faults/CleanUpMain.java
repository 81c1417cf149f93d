package io.plainweave.faults;

import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.internal.process.CleanUpTime;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.time.Duration;
import java.util.Scanner;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The program of {@link CleanUpFaultsTest}: each of its threads waits for a server of its own, and
 * cleans up when that has ended. It says on the standard output what it is at.
 */
final class CleanUpMain {
  private static final CountDownLatch RELEASED = new CountDownLatch(1);

  private CleanUpMain() {}

  /**
   * Takes for how many milliseconds the end of the process may wait, and how each thread waits for
   * its server. The first is the thread of this method.
   */
  public static void main(String[] args) throws Exception {
    CleanUpTime.set(Duration.ofMillis(Long.parseLong(args[0])));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
    Thread.ofPlatform().daemon().start(CleanUpMain::obey);
    for (int i = 2; i < args.length; i++) {
      String how = args[i];
      Thread.ofPlatform().start(() -> serveAndCleanUp(how));
    }
    serve(args[1]);
  }

  /** Does what the standard input says. */
  private static void obey() {
    var commands = new Scanner(System.in);
    while (commands.hasNext()) {
      switch (commands.next()) {
        case "release" -> RELEASED.countDown();
        case "exit" -> Thread.ofPlatform().daemon().start(() -> System.exit(3));
        default -> throw new IllegalArgumentException();
      }
    }
  }

  private static void serve(String how) throws InterruptedException {
    Runnable task = () -> serveAndCleanUp(how);
    switch (how) {
      case "pool" -> Executors.newFixedThreadPool(1).execute(task);
      case "virtual" -> Thread.startVirtualThread(task).join();
      case "daemon" -> Thread.ofPlatform().daemon().start(task).join();
      default -> task.run();
    }
  }

  private static void serveAndCleanUp(String how) {
    try {
      await(how, Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(_ -> {}));
    } catch (Exception e) {
      throw new AssertionError(e);
    } finally {
      cleanUp();
      if (how.equals("exit")) {
        System.exit(5);
      }
    }
  }

  private static void await(String how, ServerBuilder builder) throws Exception {
    switch (how) {
      case "serve" -> Server.serve(builder);
      case "awaitTermination" -> {
        Server server = builder.build().start();
        System.out.println("listening");
        server.awaitTermination(Duration.ofDays(1));
      }
      default -> builder.observer(CleanUpMain::tell).build().run();
    }
  }

  private static void tell(ServerEvent event) {
    if (event instanceof ServerEvent.Listening) {
      System.out.println("listening");
    }
  }

  private static void cleanUp() {
    System.out.println("cleaning up");
    try {
      RELEASED.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    // Long enough for a process that does not wait to have ended before.
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));
    System.out.println("cleaned up");
  }
}
