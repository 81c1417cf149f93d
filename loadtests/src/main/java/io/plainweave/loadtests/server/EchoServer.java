package io.plainweave.loadtests.server;

import io.plainweave.Listen;
import io.plainweave.Server;
import io.plainweave.TimeLimits;
import io.plainweave.loadtests.control.Control;
import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The server of a run, in a process of its own: every byte back, nothing but the toolkit. */
@Command(name = "EchoServer", description = "Runs one echo server of a run.")
public final class EchoServer implements Callable<Integer> {
  /** Runs it and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new EchoServer()).execute(args));
  }

  @Option(names = "--port", required = true, description = "The port; 0 takes a free one.")
  private int port;

  @Override
  public Integer call() throws Exception {
    try (Control control = Control.open(() -> {});
        ResidentMemory resident = new ResidentMemory();
        Sampler _ = new Sampler(resident, control);
        Server server =
            Server.builder()
                .listen(Listen.tcp(port).reusePort(true))
                .handler(connection -> connection.input().transferTo(connection.output()))
                // Every limit is on, but a run may hold its connections for longer than a minute.
                .timeLimits(TimeLimits.DEFAULT.withIdle(Duration.ofHours(1)))
                .stopOnSignal(false) // the coordinator ends the run
                .start()) {
      InetSocketAddress bound = (InetSocketAddress) server.addresses().getFirst();
      control.tell(new Notice.Listening(bound.getPort()));
      while (true) {
        switch (control.await()) {
          case Order.Measure() -> control.tell(measure(resident));
          case Order.Drain(Duration limit) -> control.tell(drain(server, limit));
          case Order.Ramp _, Order.Sweep _, Order.Load _, Order.ExpectEnd _ ->
              throw new IllegalStateException("an order for a client reached a server");
        }
      }
    }
  }

  private Notice drain(Server server, Duration limit) throws InterruptedException {
    long start = System.nanoTime();
    server.shutdown();
    boolean complete = server.awaitTermination(limit);
    return new Notice.Drained(complete, Duration.ofNanos(System.nanoTime() - start));
  }

  private static Notice measure(ResidentMemory resident) throws IOException {
    System.gc();
    long heap = Sampler.heap();
    return new Notice.Memory(heap, resident.bytes());
  }
}
