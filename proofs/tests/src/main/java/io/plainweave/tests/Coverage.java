package io.plainweave.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jacoco.core.analysis.Analyzer;
import org.jacoco.core.analysis.CoverageBuilder;
import org.jacoco.core.analysis.IBundleCoverage;
import org.jacoco.core.analysis.ICounter;
import org.jacoco.core.analysis.IPackageCoverage;
import org.jacoco.core.analysis.ISourceFileCoverage;
import org.jacoco.core.tools.ExecFileLoader;

/** {@code proofs/run coverage}. */
public final class Coverage {
  private static final String USAGE =
      """
      Runs the tests of toolkit/core, and tells which of its lines they reach: per package, and
      those that they do not.

      usage: proofs/run coverage [--of FILE] [PACKAGE...]

        --of FILE  runs nothing, and looks at what JaCoCo has written there
        PACKAGE    runs the tests of these packages only, as in io.plainweave.framing
      """;

  /** In percent of the lines. */
  private static final int GOAL = 95;

  private static final int OK = 0;
  private static final int BELOW_GOAL = 1;
  private static final int WRONG_USAGE = 2;
  private static final int FAILED = 3;

  private Coverage() {}

  /** Ends with 0 if the goal is reached, 1 if it is not, 3 if nothing could be measured. */
  public static void main(String... args) throws Exception {
    System.exit(run(args));
  }

  private static int run(String... args) throws Exception {
    List<String> packages = new ArrayList<>();
    Path measured = null;
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--help", "-h" -> {
          System.out.print(USAGE);
          return OK;
        }
        case "--of" -> {
          if (i + 1 == args.length || !Files.isRegularFile(Path.of(args[i + 1]))) {
            System.err.println("--of takes a file");
            return WRONG_USAGE;
          }
          measured = Path.of(args[++i]);
        }
        default -> {
          if (!args[i].startsWith("io.plainweave")) {
            System.err.println("a package begins with io.plainweave: " + args[i]);
            return WRONG_USAGE;
          }
          packages.add(args[i]);
        }
      }
    }
    Places places = Places.ofThisRun();
    if (measured == null) {
      measured = measure(places, packages.isEmpty() ? List.of("io.plainweave") : packages);
    }
    if (!Files.exists(measured)) {
      System.err.println("nothing was measured: " + places.log("coverage"));
      return FAILED;
    }
    return report(places, measured);
  }

  private static Path measure(Places places, List<String> packages)
      throws IOException, InterruptedException {
    Path measured = places.home().resolve("target/coverage.exec");
    Files.createDirectories(measured.getParent());
    Files.deleteIfExists(measured);
    System.err.println("running the tests, which takes minutes ...");
    List<String> arguments = new ArrayList<>();
    arguments.add(
        "-javaagent:%s=destfile=%s,includes=io.plainweave.*"
            .formatted(Places.library("org.jacoco.agent"), measured));
    arguments.addAll(Places.jvmOptions());
    arguments.addAll(List.of("-cp", Places.classPath(), AllTests.class.getName()));
    arguments.addAll(packages);
    Path log = places.log("coverage");
    int _ = places.java(log, arguments);
    try (Stream<String> lines = Files.lines(log)) {
      lines.filter(line -> line.startsWith("tests: ")).forEach(System.err::println);
    }
    return measured;
  }

  private static int report(Places places, Path measured) throws IOException {
    var data = new ExecFileLoader();
    data.load(measured.toFile());
    var builder = new CoverageBuilder();
    var analyzer = new Analyzer(data.getExecutionDataStore(), builder);
    int _ = analyzer.analyzeAll(places.classes().toFile());
    IBundleCoverage all = builder.getBundle("toolkit/core");
    StringBuilder text = new StringBuilder(Places.head("coverage"));
    text.append(String.format("%-46s %7s %8s %7s%n", "package", "lines", "reached", ""));
    StringBuilder missed = new StringBuilder("\nnot reached:\n");
    for (IPackageCoverage each : all.getPackages()) {
      text.append(line(each.getName().replace('/', '.'), each.getLineCounter()));
      for (ISourceFileCoverage file : each.getSourceFiles()) {
        String lines = missedLines(file);
        if (!lines.isEmpty()) {
          missed.append("  %s/%s:%s%n".formatted(each.getName(), file.getName(), lines));
        }
      }
    }
    text.append(line("all", all.getLineCounter()));
    System.out.print(text);
    Path file = places.resultFile("coverage");
    Files.writeString(file, text.append(missed));
    System.out.println("\n" + file);
    return all.getLineCounter().getCoveredRatio() * 100 < GOAL ? BELOW_GOAL : OK;
  }

  private static String line(String name, ICounter lines) {
    return String.format(
        Locale.ROOT,
        "%-46s %7d %8d %6.1f%%%n",
        name,
        lines.getTotalCount(),
        lines.getCoveredCount(),
        lines.getCoveredRatio() * 100);
  }

  /** As in {@code 12-14 20}. */
  private static String missedLines(ISourceFileCoverage file) {
    StringBuilder text = new StringBuilder();
    int from = -1;
    for (int line = file.getFirstLine(); line <= file.getLastLine() + 1; line++) {
      boolean isMissed = file.getLine(line).getStatus() == ICounter.NOT_COVERED;
      if (isMissed && from < 0) {
        from = line;
      } else if (!isMissed && from >= 0) {
        text.append(' ').append(from == line - 1 ? "" + from : from + "-" + (line - 1));
        from = -1;
      }
    }
    return text.toString();
  }
}
