package io.plainweave.loadtests.control;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The child's end of the control lines: orders come from stdin, notices go to stdout.
 *
 * <p>The child lives as long as its stdin. When that ends, be it because the run is over or because
 * the coordinator was killed, the process halts at once: whoever would have looked at a tidy end is
 * gone.
 */
public final class Control implements AutoCloseable {
  /** How long a child that is told to end by a signal leaves the decision to the coordinator. */
  private static final Duration SIGNAL_PATIENCE = Duration.ofSeconds(3);

  private final PrintStream out =
      new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
  private final BlockingQueue<Order> orders = new LinkedBlockingQueue<>();
  private final Runnable arrival;
  private final Thread reader = new Thread(this::read, "control");
  private volatile boolean closed; // set by the child's main thread, read by the shutdown hook

  private Control(Runnable arrival) {
    this.arrival = arrival;
  }

  /**
   * Takes stdin and stdout over.
   *
   * @param arrival runs in the reader's thread after each order that came in
   */
  public static Control open(Runnable arrival) {
    Control control = new Control(arrival);
    // Loading a class from a folder takes a descriptor, and connections may have taken the last one
    // by the time an order comes.
    ControlLines.load();
    // Nothing but notices may go to stdout, whatever a library thinks of printing.
    System.setOut(System.err);
    control.reader.setDaemon(true);
    control.reader.start();
    // Ctrl-C reaches every process of the terminal's group. The coordinator is the one to end the
    // run; a child that died first would look like a failure to it.
    Runtime.getRuntime().addShutdownHook(new Thread(control::awaitEnd, "await-coordinator"));
    return control;
  }

  public void tell(Notice notice) {
    out.println(ControlLines.encode(notice));
  }

  public Order await() throws InterruptedException {
    return orders.take();
  }

  public Optional<Order> poll() {
    return Optional.ofNullable(orders.poll());
  }

  @Override
  public void close() {
    closed = true;
  }

  private void read() {
    // Not in try-with-resources: stdin ends with the process, a line below.
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    int exitCode = 0;
    try {
      for (String line; (line = in.readLine()) != null; ) {
        orders.add(ControlLines.order(line));
        arrival.run();
      }
    } catch (Throwable e) {
      // Whatever it is: a child that takes no orders must not live on, or the run would hang.
      e.printStackTrace();
      exitCode = 1;
    }
    Runtime.getRuntime().halt(exitCode);
  }

  private void awaitEnd() {
    try {
      if (!closed) {
        reader.join(SIGNAL_PATIENCE);
      }
    } catch (InterruptedException ignored) {
      // Nobody interrupts a shutdown hook; if it happens, the process ends as it was about to.
    }
  }
}
