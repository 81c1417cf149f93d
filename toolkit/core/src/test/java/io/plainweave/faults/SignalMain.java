package io.plainweave.faults;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.server.Server;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Scanner;
import java.util.concurrent.CountDownLatch;

/**
 * The program of {@link SignalFaultsTest}: one or several servers beside a shutdown hook, all of
 * which say on the standard output what they are at. It ends with its servers.
 */
final class SignalMain {
  private final CountDownLatch toDrain;
  private final CountDownLatch released = new CountDownLatch(1);

  private SignalMain(int servers) {
    toDrain = new CountDownLatch(servers);
  }

  /** Takes the number of servers, and what a handler of its own does at SIGTERM, if it has one. */
  public static void main(String[] args) throws Exception {
    int servers = Integer.parseInt(args[0]);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
    if (args.length > 1) {
      catchSigterm(args[1].equals("exits"));
    }
    // One that has come and gone leaves the signals as they were.
    Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(_ -> {}).start().close();
    var program = new SignalMain(servers);
    Thread.ofPlatform().daemon().start(program::obey);
    for (int i = 1; i < servers; i++) {
      program.server().start();
    }
    program.server().run();
    System.out.println("main");
  }

  /** By reflection, since the compiler warns of the class. */
  private static void catchSigterm(boolean exits) throws ReflectiveOperationException {
    Class<?> signal = Class.forName("sun.misc.Signal");
    Class<?> handler = Class.forName("sun.misc.SignalHandler");
    InvocationHandler own =
        (_, _, _) -> {
          System.out.println("own handler");
          if (exits) {
            System.exit(7);
          }
          return null;
        };
    signal
        .getMethod("handle", signal, handler)
        .invoke(
            null,
            signal.getConstructor(String.class).newInstance("TERM"),
            Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, own));
  }

  /** Does what the standard input says. */
  private void obey() {
    var commands = new Scanner(System.in);
    while (commands.hasNext()) {
      switch (commands.next()) {
        case "release" -> released.countDown();
        case "exit" -> Thread.startVirtualThread(() -> System.exit(3));
        default -> throw new IllegalArgumentException();
      }
    }
  }

  private Server server() {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(this::handle)
        .observer(this::tell)
        .drainTimeout(Duration.ofMinutes(1))
        .build();
  }

  private void tell(ServerEvent event) {
    switch (event) {
      case ServerEvent.Listening e ->
          System.out.println("port " + ((InetSocketAddress) e.address()).getPort());
      case ServerEvent.DrainBegan _ -> {
        System.out.println("draining");
        toDrain.countDown();
      }
      case ServerEvent.DrainEnded e ->
          System.out.println(e.report().forced() == 0 ? "drained" : "cancelled");
      default -> {}
    }
  }

  /** Is at work until every server drains, and the test is content. */
  private void handle(Connection connection) throws Exception {
    System.out.println("at work");
    toDrain.await();
    released.await();
    System.out.println("answered");
    connection.output().write('!');
  }
}
