package io.plainweave.loadtests.soak;

import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.process.AskedProcess;
import io.plainweave.loadtests.tls.ServerIdentity;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code soak}: whether a server loses a little with each connection. */
@Command(
    name = Soak.NAME,
    description = {
      "Opens and closes connections in one server process, in a mixture of all ends there are, and"
          + " looks whether it loses a little with each: descriptors, threads, live heap, native and"
          + " resident memory, metaspace and classes are told between them, and a straight line is"
          + " fitted through each.",
      "A quantity leaks if the 95 percent interval of its slope is above 0 and its growth in the run"
          + " more than what counts as none, which the result names. The exit code is 1 if one leaks,"
          + " or a connection is not served or not ended."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Soak implements Callable<Integer> {
  static final String NAME = "soak";

  private static final Duration TO_START = Duration.ofMinutes(1);
  private static final Duration TO_ANSWER = Duration.ofMinutes(2);

  @Spec private CommandSpec spec;

  @Option(
      names = "-n",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "How many connections. Default: ${DEFAULT-VALUE}.")
  private long connections;

  @Option(
      names = "--for",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "The longest it may take; what is there by then is judged. Default: no limit.")
  private Duration atMost;

  @Option(
      names = "--sample-each",
      paramLabel = "N",
      description =
          "After how many connections to look. Default: 100,000, or a fiftieth of all if that is"
              + " less.")
  private Long sampleEach;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      description = "How many connections come first and do not count. Default: a tenth of all.")
  private Long warmUp;

  @Option(
      names = "--at-once",
      paramLabel = "N",
      defaultValue = "16",
      description = "How many at the same time. Default: ${DEFAULT-VALUE}.")
  private int atOnce;

  @Option(
      names = "--loops",
      paramLabel = "N",
      defaultValue = "2",
      description = "Event loops; 0 for the JDK's scheduler. Default: ${DEFAULT-VALUE}.")
  private int loops;

  @Option(
      names = "--leak",
      paramLabel = "WHAT",
      defaultValue = "NONE",
      description =
          "Lets a handler keep something, to see that it is found: ${COMPLETION-CANDIDATES}."
              + " Default: ${DEFAULT-VALUE}.")
  private Leak leak;

  @Option(
      names = "--leak-each",
      paramLabel = "N",
      defaultValue = "1",
      description = "In one of so many connections. Default: ${DEFAULT-VALUE}.")
  private int leakEach;

  @Option(
      names = "--samples",
      paramLabel = "FILE",
      description = "Writes what was seen into this file, comma-separated.")
  private Path samplesFile;

  Soak() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    long each = sampleEach != null ? sampleEach : Math.min(100_000, Math.max(1, connections / 50));
    long before = warmUp != null ? warmUp : connections / 10;
    if (connections < 1 || each < 1 || before < 0 || atOnce < 1 || loops < 0 || leakEach < 1) {
      throw new ParameterException(
          spec.commandLine(),
          "-n, --sample-each, --at-once and --leak-each are 1 or more, --warm-up and --loops not"
              + " negative");
    }
    if ((connections - before) / each + 1 < Slope.FEWEST) {
      throw new ParameterException(
          spec.commandLine(),
          "-n %,d with a warm-up of %,d makes %,d samples of %,d; a slope takes %d"
              .formatted(
                  connections,
                  before,
                  Math.max(0, (connections - before) / each + 1),
                  each,
                  Slope.FEWEST));
    }
    Path folder = Files.createTempDirectory("soak-");
    Path log = folder.resolve("server.log");
    Path path = folder.resolve("socket");
    boolean fine = false;
    try (AskedProcess server = start(log, path)) {
      String[] ports = server.answer(TO_START).split(" ");
      try (var visitors =
          new Visitors(atOnce, Integer.parseInt(ports[1]), Integer.parseInt(ports[2]), path)) {
        fine = run(server, visitors, before, each);
      }
    } finally {
      if (!fine) {
        spec.commandLine().getErr().println("the log of the server: " + log);
      }
    }
    if (fine) {
      Files.delete(log);
      Files.deleteIfExists(path);
      Files.delete(folder);
    }
    return fine ? 0 : 1;
  }

  private AskedProcess start(Path log, Path path) throws IOException, InterruptedException {
    return AskedProcess.start(
        List.of(),
        List.of(
            // What grows and shrinks by itself would be taken for a slope, or hide one.
            "-XX:+UseSerialGC",
            "-Xms256m",
            "-Xmx256m",
            "-XX:+AlwaysPreTouch",
            "-XX:MarkSweepAlwaysCompactCount=1",
            "-XX:-UseDynamicNumberOfCompilerThreads",
            "-XX:NativeMemoryTracking=summary"),
        SoakServer.class,
        List.of(
            Integer.toString(loops),
            ServerIdentity.make().store().toString(),
            path.toString(),
            leak.name(),
            Integer.toString(leakEach)),
        // Of the C library: one arena, or each thread's own keeps what others have given back.
        Map.of("MALLOC_ARENA_MAX", "1"),
        log);
  }

  private boolean run(AskedProcess server, Visitors visitors, long before, long each)
      throws IOException, InterruptedException {
    long begin = System.nanoTime();
    server.ask(SoakServer.SAMPLE, TO_ANSWER); // loads what it takes to answer
    while (visitors.made() < before) {
      visitors.makeUpTo(Math.min(before, visitors.made() + each));
      look(server, visitors, begin);
    }
    List<Sample> samples = new ArrayList<>();
    samples.add(look(server, visitors, begin));
    while (visitors.made() + each <= connections && !isOver(begin, samples.size())) {
      visitors.makeUpTo(visitors.made() + each);
      samples.add(look(server, visitors, begin));
    }
    String drained = server.ask(SoakServer.DRAIN, TO_ANSWER);
    if (samplesFile != null) {
      Files.write(samplesFile, Verdict.table(samples));
    }
    var verdict = new Verdict(samples, visitors, drained);
    PrintWriter out = spec.commandLine().getOut();
    verdict.tell(out, connections, Duration.ofNanos(System.nanoTime() - begin));
    out.flush();
    return verdict.isFine();
  }

  private boolean isOver(long begin, int samples) {
    return atMost != null
        && System.nanoTime() - begin >= atMost.toNanos()
        && samples >= Slope.FEWEST;
  }

  private Sample look(AskedProcess server, Visitors visitors, long begin)
      throws IOException, InterruptedException {
    Sample sample = Sample.read(visitors.made(), server.ask(SoakServer.SAMPLE, TO_ANSWER));
    double seconds = (System.nanoTime() - begin) / 1e9;
    var line = new StringBuilder();
    line.append(
        "%,12d of %,d  %,7.0f/s"
            .formatted(visitors.made(), connections, visitors.made() / seconds));
    for (Quantity quantity : Quantity.values()) {
      line.append("  ")
          .append(quantity.text)
          .append(' ')
          .append(
              "%,.0f%s"
                  .formatted(
                      sample.amount(quantity) / quantity.unit, quantity.unit == 1 ? "" : " kB"));
    }
    PrintWriter err = spec.commandLine().getErr();
    err.println(line);
    err.flush();
    if (sample.count("left") > 0) {
      throw new RunFailed(
          "because %d connections are left whose clients have gone"
              .formatted(sample.count("left")));
    }
    return sample;
  }
}
