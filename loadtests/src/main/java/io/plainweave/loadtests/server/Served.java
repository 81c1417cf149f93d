package io.plainweave.loadtests.server;

import io.plainweave.event.ServerEvent;
import io.plainweave.event.ServerObserver;
import io.plainweave.loadtests.report.Panel;
import io.plainweave.loadtests.report.Series;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;

/** What a server has done so far: its connections, and its memory every second. Thread-safe. */
final class Served implements ServerObserver, AutoCloseable {
  /** More than a plot has pixels says nothing; from here on every other row is dropped. */
  private static final int MOST_ROWS = 1_200;

  private record Row(double second, double open, double heap, double rss) {}

  private final long start = System.nanoTime();
  private final AtomicLong connections = new AtomicLong();
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger mostOpen = new AtomicInteger();
  private final ResidentMemory resident = new ResidentMemory();
  private final ScheduledExecutorService everySecond =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("sampler").factory());

  private final List<Row> rows = new ArrayList<>(); // guarded by this, as all below
  private int secondsPerRow = 1;
  private int nextRow;

  Served() throws IOException {
    everySecond.scheduleAtFixedRate(this::sample, 0, 1, TimeUnit.SECONDS);
  }

  @Override
  public void onEvent(ServerEvent event) {
    switch (event) {
      case ServerEvent.ConnectionOpened _ -> {
        connections.incrementAndGet();
        mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
      }
      case ServerEvent.ConnectionClosed _ -> open.decrementAndGet();
      default -> {}
    }
  }

  /** All that it ever had. */
  long connections() {
    return connections.get();
  }

  /** The most that were open at a time. */
  int mostOpen() {
    return mostOpen.get();
  }

  /** Connections and memory over time, until now. */
  synchronized List<Series> series() {
    addRow();
    return List.of(
        series("open", "", Panel.CONNECTIONS, Row::open),
        series("server heap", "B", Panel.MEMORY, Row::heap),
        series("server RSS", "B", Panel.MEMORY, Row::rss));
  }

  @Override
  public void close() throws IOException {
    everySecond.shutdownNow();
    synchronized (this) { // not while a row is being read
      resident.close();
    }
  }

  private synchronized void sample() {
    if (second() >= nextRow && !everySecond.isShutdown()) {
      addRow();
      if (rows.size() >= MOST_ROWS) {
        List<Row> all = List.copyOf(rows);
        rows.clear();
        for (int i = 0; i < all.size(); i += 2) {
          rows.add(all.get(i));
        }
        secondsPerRow *= 2;
      }
      nextRow += secondsPerRow;
    }
  }

  private void addRow() {
    try {
      var rss = resident.bytes();
      rows.add(
          new Row(
              second(),
              open.get(),
              Sampler.heap(),
              rss.isPresent() ? rss.getAsLong() : Double.NaN));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private double second() {
    return (System.nanoTime() - start) / 1e9;
  }

  private Series series(String name, String unit, Panel panel, ToDoubleFunction<Row> value) {
    return new Series(
        name,
        unit,
        panel,
        rows.stream().mapToDouble(Row::second).toArray(),
        rows.stream().mapToDouble(value).toArray());
  }
}
