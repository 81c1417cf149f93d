package io.plainweave.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** {@code proofs/run mutation}. */
public final class Mutation {
  private static final String USAGE =
      """
      Changes the toolkit in one place after the other, and sees whether its tests notice it.

      usage: proofs/run mutation [PART...]

        PART  all of these unless named: framing rules admission limits drain. On a machine that has
              nothing else to do, each takes minutes; on a busy one tests time out, which counts as
              noticed.
      """;

  /** In percent. */
  private static final int GOAL = 85;

  private static final int OK = 0;
  private static final int BELOW_GOAL = 1;
  private static final int WRONG_USAGE = 2;
  private static final int FAILED = 3;

  private final Places places = Places.ofThisRun();
  private final Map<String, String> explained = new LinkedHashMap<>();

  private Mutation() throws IOException {
    for (String line : Files.readAllLines(places.home().resolve("survivors.txt"))) {
      int colon = line.indexOf(": ");
      if (!line.startsWith("#") && colon > 0) {
        explained.put(line.substring(0, colon), line.substring(colon + 2));
      }
    }
  }

  /** Ends with 0 if the goal is reached, 1 if it is not, 3 if the tool has failed. */
  public static void main(String... args) throws Exception {
    System.exit(run(args));
  }

  private static int run(String... args) throws Exception {
    List<Part> parts = new ArrayList<>();
    for (String arg : args) {
      if (arg.equals("--help") || arg.equals("-h")) {
        System.out.print(USAGE);
        return OK;
      }
      Part part =
          Arrays.stream(Part.values()).filter(p -> p.word().equals(arg)).findFirst().orElse(null);
      if (part == null) {
        System.err.println("there is no part " + arg + "; proofs/run mutation --help lists them");
        return WRONG_USAGE;
      }
      parts.add(part);
    }
    return new Mutation().mutate(parts.isEmpty() ? List.of(Part.values()) : parts);
  }

  private int mutate(List<Part> parts) throws IOException, InterruptedException {
    Path file = places.resultFile("mutation");
    StringBuilder text = new StringBuilder(Places.head("mutation"));
    text.append(
        String.format(
            "%-10s %8s %8s %10s %9s %12s %7s%n",
            "part", "mutants", "killed", "timed out", "survived", "not reached", ""));
    System.out.print(text);
    List<Mutant> all = new ArrayList<>();
    StringBuilder survivors = new StringBuilder();
    boolean fails = false;
    for (Part part : parts) {
      System.err.println(part.word() + " ...");
      List<Mutant> mutants = mutants(part);
      if (mutants.isEmpty()) {
        System.err.println("the tool has failed: " + places.log(part.word()));
        return FAILED;
      }
      String line = line(part.word(), mutants);
      System.out.print(line);
      System.out.flush();
      text.append(line);
      mutants.stream().filter(mutant -> !mutant.isKilled()).forEach(m -> survivors.append(told(m)));
      all.addAll(mutants);
      fails |= percent(mutants) < GOAL;
      Files.writeString(file, text + "\n" + survivors); // also of a run that is broken off
    }
    String line = line("all", all);
    System.out.print(line);
    Files.writeString(file, text + line + "\n" + survivors);
    System.out.println("\n" + file);
    return fails ? BELOW_GOAL : OK;
  }

  private List<Mutant> mutants(Part part) throws IOException, InterruptedException {
    Path report = places.home().resolve("target/mutation").resolve(part.word());
    Path csv = report.resolve("mutations.csv");
    Files.deleteIfExists(csv);
    List<String> arguments = new ArrayList<>(List.of("-cp", Places.classPath()));
    arguments.add("org.pitest.mutationtest.commandline.MutationCoverageReport");
    arguments.addAll(List.of("--reportDir", report.toString()));
    arguments.addAll(List.of("--targetClasses", String.join(",", part.classes)));
    arguments.addAll(List.of("--targetTests", String.join(",", part.tests)));
    if (!part.notTests.isEmpty()) {
      arguments.addAll(List.of("--excludedTestClasses", String.join(",", part.notTests)));
    }
    arguments.addAll(List.of("--sourceDirs", places.core().resolve("src/main/java").toString()));
    arguments.addAll(List.of("--mutableCodePaths", places.classes().toString()));
    arguments.addAll(List.of("--outputFormats", "CSV", "--timestampedReports", "false"));
    arguments.addAll(List.of("--jvmArgs", String.join(",", Places.jvmOptions())));
    // A test that fails without a change says nothing; one that hangs is given up after a while.
    arguments.addAll(List.of("--skipFailingTests", "true"));
    arguments.addAll(List.of("--timeoutFactor", "2", "--timeoutConst", "8000", "--threads", "1"));
    int _ = places.java(places.log(part.word()), arguments);
    if (!Files.exists(csv)) {
      return List.of();
    }
    try (Stream<String> lines = Files.lines(csv)) {
      return lines.map(Mutant::of).toList();
    }
  }

  private static double percent(List<Mutant> mutants) {
    return 100.0 * mutants.stream().filter(Mutant::isKilled).count() / mutants.size();
  }

  private static String line(String name, List<Mutant> mutants) {
    long killed = mutants.stream().filter(Mutant::isKilled).count();
    long unreached = mutants.stream().filter(mutant -> !mutant.isReached()).count();
    return String.format(
        Locale.ROOT,
        "%-10s %8d %8d %10d %9d %12d %6.1f%%%n",
        name,
        mutants.size(),
        killed,
        mutants.stream().filter(Mutant::isTimedOut).count(),
        mutants.size() - killed - unreached,
        unreached,
        percent(mutants));
  }

  private String told(Mutant mutant) {
    String key = mutant.type() + "." + mutant.method() + " " + mutant.change();
    String why = explained.getOrDefault(key, explained.get(mutant.type() + "." + mutant.method()));
    return "%s:%d %s%s%s%n"
        .formatted(
            mutant.type() + "." + mutant.method(),
            mutant.line(),
            mutant.change(),
            mutant.isReached() ? "" : " (not reached)",
            why == null ? "" : "\n    " + why);
  }
}
