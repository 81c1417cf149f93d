package io.plainweave.loadtests.server;

import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.control.Control;
import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The server of a run, in a process of its own: what it gets goes back, by nothing but the toolkit.
 */
@Command(name = "EchoServer", description = "Runs one echo server of a run.")
public final class EchoServer implements Callable<Integer> {
  /** Runs it and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new EchoServer()).execute(args));
  }

  /** Every limit is on, but a run may hold its connections for longer than a minute. */
  static final TimeLimits TIME_LIMITS = TimeLimits.DEFAULT.idle(Duration.ofHours(1));

  @Option(names = "--port", required = true, description = "The port; 0 takes a free one.")
  private int port;

  @Option(names = "--protocol", defaultValue = "BYTES", description = "What the bytes are.")
  private Protocol protocol;

  @Option(
      names = "--broker",
      description = "Runs the broker of the sample with its classes there, instead of an echo.")
  private Path broker;

  @Option(
      names = "--patience",
      converter = DurationConverter.class,
      description = "How long a message may take, and a write that makes no progress.")
  private Duration patience;

  @Option(
      names = "--drain-spread",
      defaultValue = "0s",
      converter = DurationConverter.class,
      description = "Over how long a time a drain ends the connections that wait.")
  private Duration drainSpread;

  @Override
  public Integer call() throws Exception {
    Ends ends = new Ends();
    try (Control control = Control.open(() -> {});
        ResidentMemory resident = new ResidentMemory();
        Server server = builder().observer(ends).start();
        Sampler _ = new Sampler(resident, control, server::connections)) {
      InetSocketAddress bound = (InetSocketAddress) server.addresses().getFirst();
      control.tell(new Notice.Listening(bound.getPort()));
      while (true) {
        switch (control.await()) {
          case Order.Measure() -> control.tell(measure(server, resident));
          case Order.Count() -> control.tell(new Notice.Count(server.connections(), ends.counts()));
          case Order.Publish() -> {
            SampleBroker.publish((InetSocketAddress) server.addresses().getLast());
            control.tell(new Notice.Published());
          }
          case Order.Drain(Duration limit) -> control.tell(drain(server, limit, ends));
          case Order.ToClient _ ->
              throw new IllegalStateException("an order for a client reached a server");
        }
      }
    }
  }

  private ServerBuilder builder() throws Exception {
    ServerBuilder builder =
        Server.builder()
            .listen(Listen.tcp(port).reusePort(true))
            .timeLimits(timeLimits())
            .drainSpread(drainSpread)
            .stopOnSignal(false); // the coordinator ends the run
    return broker == null
        ? builder.handler(protocol.handler())
        // Whom the kernel gives a connection to the shared port, nobody knows: so there is another.
        : builder.handler(SampleBroker.load(broker)).listen(Listen.tcp("127.0.0.1", 0));
  }

  private TimeLimits timeLimits() {
    return patience == null ? TIME_LIMITS : TIME_LIMITS.message(patience).writeStall(patience);
  }

  private static Notice drain(Server server, Duration limit, Ends ends)
      throws InterruptedException {
    long start = System.nanoTime();
    server.shutdown();
    boolean complete = server.awaitTermination(limit);
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    return new Notice.Drained(complete, took, ends.received());
  }

  private static Notice measure(Server server, ResidentMemory resident) throws IOException {
    System.gc();
    long heap = Sampler.heap();
    return new Notice.Memory(server.connections(), heap, resident.bytes());
  }
}
