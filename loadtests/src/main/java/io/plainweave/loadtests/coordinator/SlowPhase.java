package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import java.time.Duration;
import java.util.List;
import java.util.stream.DoubleStream;
import org.HdrHistogram.Histogram;

/** Good clients among slow ones, and alone before and afterwards. */
public final class SlowPhase {
  /**
   * Over which the slow ones come. All at once, they would cost the good ones the processor: each
   * slow reader has the kernel take some megabytes before it is slow.
   */
  private static final Duration ARRIVAL = Duration.ofSeconds(2);

  private static final double MOST_TIMES = 2;
  private static final double MOST_MORE_MILLIS = 5;

  private final Run run;
  private final int readers;
  private final int writers;
  private final LoadPhase load;
  private ChildProcess slow;
  private long due;
  private long answered;

  /** With so many slow readers and slow writers. */
  public SlowPhase(Run run, int readers, int writers) {
    this.run = run;
    this.readers = readers;
    this.writers = writers;
    this.load = new LoadPhase(run);
  }

  /** Starts the process of the slow ones; its start would disturb what is measured later. */
  public void start() throws InterruptedException {
    slow = run.fleet().start("slow client", JavaCommand.client(readers + writers, List.of()));
    run.fleet().await(Notice.Ready.class, List.of(slow), run.limit());
  }

  /**
   * Leads it.
   *
   * @param rate messages a second of the good clients
   * @param duration how long the slow ones are there; half as long the good ones are alone before,
   *     and as long again afterwards
   */
  public void lead(double rate, Duration duration) throws InterruptedException {
    Duration alone = duration.dividedBy(2);
    run.begin(Phase.LOAD, LoadPhase.messages(rate, alone));
    double before = p99("alone, before", rate, alone);
    run.begin(Phase.SLOW, LoadPhase.messages(rate, duration));
    Duration stay = ARRIVAL.plus(duration);
    slow.tell(new Order.Slow(readers, writers, ARRIVAL, stay, run.targets()));
    run.fleet().pause(ARRIVAL);
    double among = p99("among slow ones", rate, duration);
    run.fleet().await(Notice.Done.class, List.of(slow), stay.plus(run.limit()));
    run.begin(Phase.LOAD, LoadPhase.messages(rate, alone));
    double after = p99("alone, after", rate, alone);
    run.findings().expectAll("every message of a good one is answered", answered, due);
    run.findings()
        .expect(
            "the good ones' p99 is at most twice that of when they were alone, and 5 ms",
            among <= MOST_TIMES * Math.max(before, after) + MOST_MORE_MILLIS,
            "%.2f ms among slow ones, %.2f ms before, %.2f ms after, in the median second",
            among,
            before,
            after);
    expectEnded("slow reader", "WRITE_STALL", "writes that make no progress", readers);
    expectEnded("slow writer", "MESSAGE", "messages", writers);
  }

  /**
   * Has the good ones send, and returns their p99 in the median of the seconds: what else the
   * machine does for a moment does not count, what the slow ones do all the time does.
   */
  private double p99(String name, double rate, Duration duration) throws InterruptedException {
    int seconds = (int) Math.max(1, duration.toSeconds());
    Histogram all = new Histogram(3);
    double[] p99s = new double[seconds];
    for (int i = 0; i < seconds; i++) {
      LoadPhase.Loaded loaded = load.load(rate, duration.dividedBy(seconds));
      due += loaded.due();
      answered += loaded.answered();
      all.add(loaded.latencies());
      p99s[i] = loaded.latencies().getValueAtPercentile(99) / 1e6;
    }
    run.findings().latencies(name, all);
    return DoubleStream.of(p99s).sorted().skip(seconds / 2).findFirst().orElseThrow();
  }

  private void expectEnded(String who, String limit, String ofWhat, int least)
      throws InterruptedException {
    long ended = Run.sum(run.count(), it -> it.ended().getOrDefault(limit, 0L));
    run.findings().count(who + "s ended", ended);
    run.findings()
        .expect(
            "every " + who + " is ended by the time limit of " + ofWhat,
            ended >= least,
            "%,d ends, %,d at a time",
            ended,
            least);
  }
}
