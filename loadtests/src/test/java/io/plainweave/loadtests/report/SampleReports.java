package io.plainweave.loadtests.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.HdrHistogram.Histogram;

/** Reports for tests, the same at every call. */
final class SampleReports {
  private static final Environment ENVIRONMENT =
      new Environment(
          "2026-11-21T18:00",
          "2 cores (AMD EPYC 7B13), 24 GB",
          "Linux 6.18.5",
          "Eclipse Adoptium 25.0.3+9-LTS",
          "dd6c0d5",
          "loadtests/run million -n 1000000 --hold 1m",
          Map.of(
              "server", "-XX:+UseSerialGC -Xmx6g -XX:+UseCompactObjectHeaders",
              "client", "-XX:+UseSerialGC -Xmx1g"),
          Map.of(
              "fs.nr_open", "1048576",
              "net.core.somaxconn", "4096",
              "net.ipv4.ip_local_port_range", "32768 60999",
              "net.ipv4.tcp_mem", "295416 393890 590832",
              "net.ipv4.tcp_rmem", "4096 131072 6291456",
              "nofile", "3000000 soft, 3000000 hard",
              "vm.max_map_count", "33554432"));
  private static final List<TimedPhase> PHASES =
      List.of(
          new TimedPhase("start", 0, 9),
          new TimedPhase("ramp", 9, 934),
          new TimedPhase("hold", 934, 994),
          new TimedPhase("sweep", 994, 1_101),
          new TimedPhase("drain", 1_101, 1_290));
  private static final double END = 1_290;
  private static final double MILLION = 1_000_000;

  private SampleReports() {}

  /** As small as a report can be and still have one of everything. */
  static RunReport small() {
    Histogram ramp = new Histogram(3);
    Histogram sweep = new Histogram(3);
    ramp.recordValueWithCount(1_000_000, 1_990);
    ramp.recordValueWithCount(20_000_000, 10);
    sweep.recordValueWithCount(2_000_000, 1_999);
    return new RunReport(
        "million",
        ENVIRONMENT,
        List.of(
            new Figure("connected", 2_000, "", "2,000"),
            new Figure("connect rate", 1_000, "/s", "1,000/s (2.00 s)"),
            new Figure("server heap", 1_500, "B", "1,500 B a connection, live")),
        List.of(
            new Expectation("every connection is answered", true, "2,000 of 2,000"),
            new Expectation("every connection answers the sweep", false, "1,999 of 2,000")),
        List.of(new TimedPhase("ramp", 0, 2), new TimedPhase("sweep", 2, 2.5)),
        List.of(
            new Series(
                "open",
                "",
                Panel.CONNECTIONS,
                new double[] {0, 1, 2, 2.5},
                new double[] {0, 900, 2_000, Double.NaN})),
        List.of(new Latencies("in the ramp", ramp), new Latencies("in the sweep", sweep)),
        List.of(new Pause("server 1", 1.25, 11.5, "Pause Young (Allocation Failure)")),
        List.of("Clients and servers share the cores."));
  }

  /** A million connections in one process, over 21 minutes. */
  static RunReport million() {
    return new RunReport(
        "million",
        ENVIRONMENT,
        List.of(
            new Figure("connected", MILLION, "", "1,000,000"),
            new Figure("connect rate", 1_081, "/s", "1,081/s (925.00 s)"),
            new Figure("sweep rate", 9_346, "/s", "9,346/s (107.00 s)"),
            new Figure("server heap", 1_599, "B", "1,599 B a connection, live"),
            new Figure("server RSS", 2_412, "B", "2,412 B a connection"),
            new Figure("kernel memory", 8_104, "B", "8,104 B a connection, both ends"),
            new Figure("drain", 189, "s", "189.00 s, 1,000,000 clean ends"),
            new Figure("errors", 0, "", "0")),
        List.of(
            new Expectation("every connection is answered", true, "1,000,000 of 1,000,000"),
            new Expectation("every connection answers the sweep", true, "1,000,000 of 1,000,000"),
            new Expectation("every connection ends cleanly", true, "1,000,000 of 1,000,000"),
            new Expectation("live heap of 1,650 B a connection or less", true, "1,599 B"),
            new Expectation("RSS of 2,600 B a connection or less", true, "2,412 B")),
        PHASES,
        series(),
        List.of(
            new Latencies("in the ramp", latencies(1, 4, 0.9)),
            new Latencies("in the sweep", latencies(2, 2, 0.5))),
        pauses(),
        List.of("Clients and the server share one core of a User-mode Linux guest."));
  }

  private static List<Series> series() {
    Random random = new Random(7);
    DoubleUnaryOperator open =
        second ->
            second < 9
                ? 0
                : second < 934
                    ? MILLION * (second - 9) / 925
                    : second < 1_101 ? MILLION : MILLION * Math.max(0, (1_290 - second) / 189);
    DoubleUnaryOperator heap =
        second -> 30e6 + 1_599 * open.applyAsDouble(second) * (1 + 0.25 * (second % 40) / 40);
    return List.of(
        sample("open", "", Panel.CONNECTIONS, 1, open),
        sample(
            "messages",
            "/s",
            Panel.RATE,
            1,
            second ->
                second > 9 && second < 934
                    ? 1_081 * (1 + 0.15 * random.nextGaussian())
                    : second >= 994 && second < 1_101
                        ? 9_346 * (1 + 0.06 * random.nextGaussian())
                        : 0),
        sample(
            "p99",
            "ms",
            Panel.LATENCY,
            1,
            second ->
                second > 9 && second < 934 || second >= 994 && second < 1_101
                    ? 20 + 12 * Math.abs(random.nextGaussian()) + second / 60
                    : Double.NaN),
        sample("server heap", "B", Panel.MEMORY, 1, heap),
        sample("server RSS", "B", Panel.MEMORY, 2, it -> 90e6 + 2_412 * open.applyAsDouble(it)),
        sample("kernel", "B", Panel.MEMORY, 2, it -> 60e6 + 8_104 * open.applyAsDouble(it)),
        sample("server", "cores", Panel.PROCESSOR, 2, it -> 0.55 + 0.08 * random.nextGaussian()),
        sample("client", "cores", Panel.PROCESSOR, 2, it -> 0.38 + 0.06 * random.nextGaussian()));
  }

  private static Series sample(
      String name, String unit, Panel panel, int every, DoubleUnaryOperator value) {
    int count = (int) END / every + 1;
    double[] seconds = new double[count];
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      seconds[i] = i * every;
      values[i] = value.applyAsDouble(seconds[i]);
    }
    return new Series(name, unit, panel, seconds, values);
  }

  private static Histogram latencies(long seed, double medianMillis, double spread) {
    Random random = new Random(seed);
    Histogram histogram = new Histogram(3);
    for (int i = 0; i < 200_000; i++) {
      double millis = medianMillis * Math.exp(spread * random.nextGaussian());
      double tail = random.nextDouble() < 0.002 ? 60 * random.nextDouble() : 0;
      histogram.recordValue((long) ((millis + tail) * 1e6));
    }
    return histogram;
  }

  private static List<Pause> pauses() {
    Random random = new Random(11);
    List<Pause> pauses = new ArrayList<>();
    for (double second = 12; second < END; second += 8 + 10 * random.nextDouble()) {
      double open = Math.clamp((second - 9) / 925, 0, 1);
      boolean full = pauses.size() % 20 == 19;
      pauses.add(
          new Pause(
              "server",
              second,
              full ? 300 + 2_200 * open : 12 + 160 * open * (0.7 + 0.6 * random.nextDouble()),
              full ? "Pause Full (Ergonomics)" : "Pause Young (Allocation Failure)"));
    }
    for (double second = 20; second < END; second += 60) {
      pauses.add(new Pause("client", second, 4 + random.nextDouble() * 9, "Pause Young"));
    }
    return pauses;
  }
}
