package io.plainweave.loadtests.havoc;

import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.tls.ServerIdentity;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code havoc}: whether a server and its good clients survive all that may happen. */
@Command(
    name = Havoc.NAME,
    description = {
      "Load of every kind on a real server, while connections are interrupted, reset and destroyed,"
          + " processes are stopped and killed, and descriptors, accepts, the disk, the clock and"
          + " certificates fail or change under it. Each good client has to get exactly its bytes,"
          + " unless its own connection was aimed at; and when all have left, nothing may be left"
          + " of them, every permit can be had, and the server drains in time.",
      "It runs in rounds, each with a server of its own: on event loops, on the JDK's scheduler, and"
          + " with a clock that is moved. What this machine cannot do is left out, and named. The"
          + " exit code is 1 if anything was wrong."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Havoc implements Callable<Integer> {
  static final String NAME = "havoc";

  /** Three in a row, and no port that the system gives to clients. */
  private static final int LOWEST_PORT = 20_000;

  private static final int PORTS = 10_000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--for",
      paramLabel = "TIME",
      defaultValue = "3m",
      converter = DurationConverter.class,
      description =
          "For how long; the round that goes on then is finished. Default: ${DEFAULT-VALUE}.")
  private Duration time;

  @Option(
      names = "--round",
      paramLabel = "TIME",
      defaultValue = "45s",
      converter = DurationConverter.class,
      description = "For how long a server is dealt blows. Default: ${DEFAULT-VALUE}.")
  private Duration round;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "Which blows, in what order, and what clients say. Default: by chance; the result names"
              + " it. When exactly each comes is up to the machine.")
  private Long seed;

  @Option(
      names = "--kinds",
      split = ",",
      paramLabel = "KIND",
      defaultValue = "LOOPS,SCHEDULER,CLOCK",
      description = "The servers of the rounds, in turn: ${COMPLETION-CANDIDATES}. Default: all.")
  private List<Round.Kind> kinds;

  @Option(
      names = "--blows",
      split = ",",
      paramLabel = "BLOW",
      description = "Only these, to narrow down what was found: ${COMPLETION-CANDIDATES}.")
  private List<Blow> only;

  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "24",
      description = "Good clients at a time, of 200 at most. Default: ${DEFAULT-VALUE}.")
  private int clients;

  @Option(
      names = "--patience",
      paramLabel = "TIME",
      defaultValue = "1m",
      converter = DurationConverter.class,
      description =
          "How long clients may take to leave, and the server to be as before. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration patience;

  @Option(
      names = "--log",
      paramLabel = "FILE",
      description = "Where to write what was done to whom, and when. Default: a temporary file.")
  private Path log;

  @Option(
      names = "--defect",
      paramLabel = "WHAT",
      defaultValue = "NONE",
      description =
          "Lets the server do something wrong, to see that it is found: ${COMPLETION-CANDIDATES}."
              + " Default: ${DEFAULT-VALUE}.")
  private Defect defect;

  Havoc() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (clients < 1 || clients > 200 || round.isZero() || kinds.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "--clients is 1 to 200, --round more than 0: " + clients);
    }
    long chosen = seed != null ? seed : new Random().nextInt(1_000_000);
    Path folder = Files.createTempDirectory("havoc-");
    Path logFile = log != null ? log : folder.resolve("blows.log");
    Map<Blow, String> missing = Means.missing(folder);
    if (only != null) {
      for (Blow blow : Blow.values()) {
        if (!only.contains(blow)) {
          missing.put(blow, "not asked for");
        }
      }
    }
    List<ServerIdentity> identities = List.of(ServerIdentity.make(), ServerIdentity.make());
    Result result;
    try (var counts = new BlowCounts(logFile)) {
      result = new Result(counts, missing, chosen);
      long end = System.nanoTime() + time.toNanos();
      for (int number = 1; number == 1 || System.nanoTime() - end < 0; number++) {
        Round.Kind kind = kinds.get((number - 1) % kinds.size());
        var plan =
            new Round.Plan(
                number, kind, round, patience, chosen + number * 1_000L, clients, defect);
        run(new Place(freePorts(), folder), plan, counts, identities, missing, result);
      }
      PrintWriter out = spec.commandLine().getOut();
      result.tell(out);
      out.flush();
    }
    if (result.isFine()) {
      delete(folder);
    } else {
      spec.commandLine()
          .getErr()
          .println("what was done to whom: " + logFile + "; logs: " + folder);
    }
    return result.isFine() ? 0 : 1;
  }

  private void run(
      Place place,
      Round.Plan plan,
      BlowCounts counts,
      List<ServerIdentity> identities,
      Map<Blow, String> missing,
      Result result)
      throws IOException, InterruptedException {
    counts.note("round %d: %s at %d".formatted(plan.number(), plan.kind(), place.port()));
    try (var one = new Round(place, plan, counts, identities, missing)) {
      try {
        one.run();
      } catch (IOException | RuntimeException e) {
        one.wrong().add("the round could not be finished: " + e);
      }
      result.add(plan, one);
      PrintWriter err = spec.commandLine().getErr();
      err.println(result.lastRound());
      err.flush();
    }
  }

  private static int freePorts() throws IOException {
    var random = new Random();
    while (true) {
      int first = LOWEST_PORT + random.nextInt(PORTS);
      if (isFree(first) && isFree(first + 1) && isFree(first + 2)) {
        return first;
      }
    }
  }

  private static boolean isFree(int port) {
    try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
