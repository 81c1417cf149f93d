package io.plainweave.loadtests.compare;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionService;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The client of a comparison, in a process of its own; it lives as long as its stdin. */
@Command(name = "CompareClient", description = "Runs the client of a comparison.")
public final class CompareClient implements Callable<Integer> {
  /** Runs it and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new CompareClient()).execute(args));
  }

  /** How much longer than its window an order may take. */
  private static final long PATIENCE_SECONDS = 30;

  @Option(names = "--threads", defaultValue = "1", description = "Threads to share the load.")
  private int threads;

  private final IdleConnections idle = new IdleConnections();

  CompareClient() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (idle) {
      for (String line; (line = in.readLine()) != null; ) {
        System.out.println(Json.line(execute(Json.read(line, LoadOrder.class))));
      }
    }
    return 0;
  }

  private LoadResult execute(LoadOrder order) throws InterruptedException {
    ExecutorService workers = Executors.newThreadPerTaskExecutor(Thread::new);
    try {
      idle.close(); // the connections of the last order, if they were idle ones
      return order.kind() == Work.Kind.IDLE
          ? hold(order, workers)
          : measure(order, Math.min(threads, order.connections()), workers);
    } catch (ExecutionException e) {
      return LoadResult.failed(
          e.getCause() instanceof IOException failure
              ? failure.getMessage()
              : e.getCause().toString());
    } catch (IOException e) {
      return LoadResult.failed(e.getMessage());
    } catch (TimeoutException e) {
      return LoadResult.failed("no answer in time");
    } finally {
      // An interrupt closes the channel in which a thread waits.
      workers.shutdownNow();
      workers.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }

  private LoadResult measure(LoadOrder order, int parts, ExecutorService workers)
      throws IOException, InterruptedException, ExecutionException, TimeoutException {
    List<Load> loads = new ArrayList<>();
    AtomicReference<Window> window = new AtomicReference<>();
    // The window begins when the last thread has connected.
    CyclicBarrier connected = new CyclicBarrier(parts, () -> window.set(window(order)));
    // In the order of their ends: who fails first has the reason.
    CompletionService<Void> running = new ExecutorCompletionService<>(workers);
    for (int i = 0; i < parts; i++) {
      Load load = Load.of(order.share(i, parts));
      loads.add(load);
      running.submit(() -> {
        try (load) {
          load.connect();
          connected.await();
          load.run(window.get());
        }
        return null;
      });
    }
    long millis = order.warmUpMillis() + order.millis() + 1_000 * PATIENCE_SECONDS;
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    for (int i = 0; i < parts; i++) {
      Future<Void> ended = running.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (ended == null) {
        throw new TimeoutException();
      }
      ended.get();
    }
    Histogram latencies = new Histogram(loads.getFirst().latencies());
    long messages = 0;
    long late = 0;
    for (Load load : loads) {
      latencies.add(load.latencies());
      messages += load.messages();
      late += load.late();
    }
    if (messages == 0) {
      return LoadResult.failed("nothing was answered while it was measured");
    }
    return LoadResult.of(window.get(), messages, latencies, late);
  }

  private static Window window(LoadOrder order) {
    try {
      return new Window(order);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private LoadResult hold(LoadOrder order, ExecutorService workers)
      throws InterruptedException, ExecutionException, TimeoutException {
    Future<?> opening =
        workers.submit(() -> {
          idle.open(order);
          return null;
        });
    opening.get(2 * PATIENCE_SECONDS, TimeUnit.SECONDS);
    return LoadResult.held(idle.size());
  }
}
