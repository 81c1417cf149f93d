package io.plainweave;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A server whose handlers do what a test tells them, each one thing. */
record InHandlers(Server server, BlockingQueue<FutureTask<?>> tasks, List<Client> clients)
    implements AutoCloseable {
  static InHandlers start() throws Exception {
    return start(TimeLimits.NONE);
  }

  static InHandlers start(TimeLimits limits) throws Exception {
    var tasks = new LinkedBlockingQueue<FutureTask<?>>();
    Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .timeLimits(limits)
            .drainTimeout(Duration.ofSeconds(10))
            .handler(_ -> tasks.take().run())
            .start();
    return new InHandlers(server, tasks, new CopyOnWriteArrayList<>());
  }

  /** Runs the task in a handler of its own. */
  <T> Future<T> submit(Callable<T> task) throws IOException {
    var future = new FutureTask<>(task);
    tasks.add(future);
    clients.add(Client.connect(server));
    return future;
  }

  /** Runs the task in a handler and returns what it returns, or throws what it throws. */
  <T> T call(Callable<T> task) throws Exception {
    try {
      return submit(task).get(20, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  @Override
  public void close() throws IOException {
    for (Client client : clients) {
      client.close();
    }
    server.close();
  }
}
