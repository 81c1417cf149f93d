package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.machine.Machine;
import io.plainweave.loadtests.report.Panel;
import io.plainweave.loadtests.report.Pause;
import io.plainweave.loadtests.report.Series;
import io.plainweave.loadtests.report.TimedPhase;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * What a run looks like over time: sums over all processes, a row at a time.
 *
 * <p>Confined to the thread that leads the run.
 */
final class Recorder {
  private static final double FIRST_INTERVAL = 0.25;

  /** More rows than a plot has pixels say nothing; from here on every other one is dropped. */
  private static final int MOST_ROWS = 1_200;

  /** More servers than this are shown as their sum only. */
  private static final int MOST_SERVERS = 8;

  private record Row(
      double second,
      double open,
      double answered,
      double failed,
      double heap,
      double rss,
      double slabs,
      Map<String, Integer> servers) {
    double connections(String server) {
      Integer connections = servers.get(server);
      return connections == null ? Double.NaN : connections;
    }
  }

  private long start = System.nanoTime();
  private final Map<ChildProcess, Notice.Progress> progress = new HashMap<>();
  private final Map<ChildProcess, Notice.Sample> samples = new HashMap<>();
  private final List<TimedPhase> phases = new ArrayList<>();
  private final Set<String> servers = new LinkedHashSet<>(); // all there have been
  private final List<Pause> pauses = new ArrayList<>();
  private List<Row> rows = new ArrayList<>();
  private double interval = FIRST_INTERVAL;
  private double nextRow;
  private String phase;
  private double phaseStart;

  /** Seconds since the run began. */
  double second() {
    return (System.nanoTime() - start) / 1e9;
  }

  /** Begins again, at second 0: what was before does not count. */
  void restart() {
    start = System.nanoTime();
    rows.clear();
    phases.clear();
    pauses.clear();
    phase = null;
    nextRow = 0;
  }

  /** The phase that ran is over, and another one begins. */
  void begin(String next) {
    end();
    phase = next;
    phaseStart = second();
  }

  /** The last phase is over. */
  void end() {
    if (phase != null) {
      addRow(); // so that a short phase is seen at all
      phases.add(new TimedPhase(phase, phaseStart, second()));
      phase = null;
    }
  }

  void said(ChildProcess child, Notice notice) {
    switch (notice) {
      case Notice.Progress now -> progress.put(child, now);
      case Notice.Sample now -> {
        samples.put(child, now);
        servers.add(child.name());
      }
      case Notice.Paused(double millis, String cause) ->
          pauses.add(new Pause(child.name(), Math.max(0, second() - millis / 1e3), millis, cause));
      default -> {}
    }
  }

  /** A process has ended in order: it has no connections and no memory any more. */
  void ended(ChildProcess child) {
    samples.remove(child);
    progress.computeIfPresent(
        child, (_, last) -> new Notice.Progress(last.done(), last.answered(), 0, last.failed()));
  }

  /** Adds a row if one is due. */
  void tick() {
    if (second() >= nextRow) {
      addRow();
      if (rows.size() >= MOST_ROWS) {
        thinOut();
      }
      nextRow = second() + interval;
    }
  }

  long open() {
    return (long) sum(progress.values(), Notice.Progress::open);
  }

  long done() {
    return (long) sum(progress.values(), Notice.Progress::done);
  }

  long failed() {
    return (long) sum(progress.values(), Notice.Progress::failed);
  }

  long answered() {
    return (long) sum(progress.values(), Notice.Progress::answered);
  }

  /** Nothing of the next phase is done yet. */
  void resetDone() {
    progress.replaceAll(
        (_, last) -> new Notice.Progress(0, last.answered(), last.open(), last.failed()));
  }

  List<TimedPhase> phases() {
    return phases;
  }

  List<Pause> pauses() {
    return pauses;
  }

  List<Series> series() {
    List<Series> all = new ArrayList<>();
    all.add(series("open", "", Panel.CONNECTIONS, Row::open));
    if (servers.size() > 1 && servers.size() <= MOST_SERVERS) {
      for (String server : servers) {
        all.add(series(server, "", Panel.CONNECTIONS, row -> row.connections(server)));
      }
    }
    all.add(rate());
    all.add(series("failed connections", "", Panel.ERRORS, Row::failed));
    if (!servers.isEmpty()) {
      all.add(series("server heap", "B", Panel.MEMORY, Row::heap));
      all.add(series("server RSS", "B", Panel.MEMORY, Row::rss));
    }
    all.add(series("kernel slabs", "B", Panel.MEMORY, Row::slabs));
    return all;
  }

  private Series series(String name, String unit, Panel panel, ToDoubleFunction<Row> value) {
    return new Series(
        name,
        unit,
        panel,
        rows.stream().mapToDouble(Row::second).toArray(),
        rows.stream().mapToDouble(value).toArray());
  }

  /** Messages answered, from row to row. */
  private Series rate() {
    double[] values = new double[rows.size()];
    for (int i = 1; i < values.length; i++) {
      Row from = rows.get(i - 1);
      Row to = rows.get(i);
      values[i] = (to.answered - from.answered) / Math.max(1e-3, to.second - from.second);
    }
    double[] seconds = rows.stream().mapToDouble(Row::second).toArray();
    return new Series("messages answered", "/s", Panel.RATE, seconds, values);
  }

  private void addRow() {
    OptionalLong slabs = Machine.slabs();
    boolean noRss = samples.values().stream().anyMatch(it -> it.rss().isEmpty());
    Map<String, Integer> connections = new HashMap<>();
    samples.forEach((server, sample) -> connections.put(server.name(), sample.connections()));
    rows.add(
        new Row(
            second(),
            open(),
            answered(),
            failed(),
            sum(samples.values(), Notice.Sample::heap),
            noRss ? Double.NaN : sum(samples.values(), it -> it.rss().getAsLong()),
            slabs.isPresent() ? slabs.getAsLong() : Double.NaN,
            connections));
  }

  private void thinOut() {
    List<Row> kept = new ArrayList<>(MOST_ROWS);
    for (int i = 0; i < rows.size(); i += 2) {
      kept.add(rows.get(i));
    }
    rows = kept;
    interval *= 2;
  }

  private static <T> double sum(Collection<T> all, ToDoubleFunction<T> value) {
    return all.stream().mapToDouble(value).sum();
  }
}
