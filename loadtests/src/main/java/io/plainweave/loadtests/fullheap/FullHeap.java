package io.plainweave.loadtests.fullheap;

import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.cli.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code full-heap}: what a server survives without memory. */
@Command(
    name = FullHeap.NAME,
    description = {
      "Fills the heap of a server while clients come and go, and looks whether it serves again as"
          + " soon as there is memory, with nothing lost: every connection that was there is served"
          + " or has ended, no permit and no object of a connection is left, as many as may are"
          + " served at once, and it drains. Or it has ended, and said why.",
      "A round takes some ten seconds. The exit code is 1 if a server was deaf, half deaf, too late"
          + " or had lost something."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class FullHeap implements Callable<Integer> {
  static final String NAME = "full-heap";

  private static final int MOST_ROUNDS = 1_000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "20",
      description = "How many servers of each kind. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--kinds",
      split = ",",
      paramLabel = "KIND",
      defaultValue = "serial,g1,parallel,zgc,loops",
      description = "The collectors, and loops for two event loops. Default: ${DEFAULT-VALUE}.")
  private List<Kind> kinds;

  @Option(
      names = "--heap",
      paramLabel = "MB",
      defaultValue = "32",
      description = "The heap of each server. Default: ${DEFAULT-VALUE}.")
  private int heap;

  @Option(
      names = "--full",
      paramLabel = "TIME",
      defaultValue = "5s",
      converter = DurationConverter.class,
      description = "For how long it is full. Default: ${DEFAULT-VALUE}.")
  private Duration full;

  @Option(
      names = "--within",
      paramLabel = "TIME",
      defaultValue = "3s",
      converter = DurationConverter.class,
      description =
          "In what time it has to serve again, or to have ended. Default: ${DEFAULT-VALUE}.")
  private Duration within;

  @Option(
      names = "--at-once",
      paramLabel = "N",
      defaultValue = "2",
      description = "How many servers at a time. Default: ${DEFAULT-VALUE}.")
  private int atOnce;

  FullHeap() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (rounds < 1 || rounds > MOST_ROUNDS || atOnce < 1 || heap < 8) {
      throw new ParameterException(
          spec.commandLine(),
          "--rounds is 1 to %,d, --at-once 1 or more, --heap 8 or more".formatted(MOST_ROUNDS));
    }
    Map<Kind, List<Future<Outcome>>> running = new EnumMap<>(Kind.class);
    try (ExecutorService executor = Executors.newFixedThreadPool(atOnce)) {
      for (Kind kind : kinds) {
        List<Future<Outcome>> all = running.computeIfAbsent(kind, _ -> new ArrayList<>());
        for (int i = 1; i <= rounds; i++) {
          int number = i;
          all.add(executor.submit(() -> round(kind, number)));
        }
      }
      return tell(running);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a round could not be run", e.getCause());
    }
  }

  private Outcome round(Kind kind, int number) throws IOException, InterruptedException {
    try (Round round = Round.start(kind, heap, full, within)) {
      Outcome outcome = run(round);
      String line =
          "%s %d: %s after %d ms (%d of its own) %s"
              .formatted(
                  kind,
                  number,
                  outcome.end().name().toLowerCase(Locale.ROOT),
                  outcome.millis(),
                  outcome.ownMillis(),
                  outcome.what())
              .strip();
      PrintWriter err = spec.commandLine().getErr();
      if (outcome.end() == Outcome.End.FAILED) {
        err.println(line + "; its log: " + round.log() + ", its threads: " + round.dumpThreads());
      } else {
        err.println(line);
        Files.delete(round.log());
      }
      err.flush();
      return outcome;
    }
  }

  /** One that cannot be run has failed, and the others go on. */
  private static Outcome run(Round round) throws IOException, InterruptedException {
    try {
      return round.run();
    } catch (RunFailed e) {
      return new Outcome(Outcome.End.FAILED, 0, 0, String.valueOf(e.getMessage()));
    }
  }

  private int tell(Map<Kind, List<Future<Outcome>>> running)
      throws ExecutionException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    boolean fine = true;
    List<String> rows = new ArrayList<>();
    for (Map.Entry<Kind, List<Future<Outcome>>> kind : running.entrySet()) {
      int[] ends = new int[Outcome.End.values().length];
      long slowest = 0;
      long slowestOwn = 0;
      for (Future<Outcome> round : kind.getValue()) {
        Outcome outcome = round.get();
        ends[outcome.end().ordinal()]++;
        fine &= outcome.end() != Outcome.End.FAILED;
        slowest = Math.max(slowest, outcome.millis());
        slowestOwn = Math.max(slowestOwn, outcome.ownMillis());
      }
      rows.add(
          "%-10s%8d%15d%8d%8d%12d%16d"
              .formatted(
                  kind.getKey(),
                  kind.getValue().size(),
                  ends[0],
                  ends[1],
                  ends[2],
                  slowest,
                  slowestOwn));
    }
    out.printf(
        "A heap of %d MB, full for %s under load; in %s each server has to serve again with nothing"
            + " lost,%nor to have ended with a reason.%n%n",
        heap, DurationConverter.text(full), DurationConverter.text(within));
    out.println("server      rounds   served again   ended  failed  slowest ms   of its own ms");
    rows.forEach(out::println);
    out.println();
    out.println("its own: without what its threads have waited for a processor, ready to run");
    out.flush();
    return fine ? 0 : 1;
  }
}
