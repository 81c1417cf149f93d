package io.plainweave.interleavings.command;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** {@code proofs/run interleavings}. */
public final class Main {
  private static final String USAGE =
      """
      Tries the small state machines of the toolkit in many orders of the steps of their threads,
      and the same machines with one fault each, which has to be found.

      usage: proofs/run interleavings [--iterations N] [--seed N] [MACHINE...]

        --iterations N  so many runs of each scenario, half of them in order, half by chance;
                        50000 unless set
        --seed N        where chance begins; 1 unless set
        MACHINE         all of these unless named:
                          Activity Admission HandOver Outbox Poller Pool Registry
      """;

  private static final List<String> MACHINES =
      List.of("Activity", "Admission", "HandOver", "Outbox", "Poller", "Pool", "Registry");

  private static final Pattern NUMBER = Pattern.compile("[1-9]\\d{0,8}");

  private static final String HEAD =
      "%-42s %12s %8s  %-24s %s%n".formatted("scenario", "runs", "steps", "tried in full", "found");

  private static final int OK = 0;
  private static final int FOUND = 1;
  private static final int WRONG_USAGE = 2;
  private static final int FINDS_NOTHING = 3;

  private Main() {}

  /**
   * Ends with 0 if nothing was found but the faults that are there for it, 1 otherwise, 2 for a
   * wrong usage, and 3 if what is planted was not found.
   */
  public static void main(String... args) throws Exception {
    System.exit(run(Path.of(System.getProperty("interleavings.home")), args));
  }

  private static int run(Path home, String... args) throws IOException {
    String runs = "50000";
    String seed = "1";
    List<String> machines = new ArrayList<>();
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--help", "-h" -> {
          System.out.print(USAGE);
          return OK;
        }
        case "--iterations", "--seed" -> {
          String number = i + 1 < args.length ? args[i + 1] : "";
          if (!NUMBER.matcher(number).matches()) {
            return wrong(args[i] + " takes a number from 1 to 999999999");
          }
          if (args[i].equals("--seed")) {
            seed = number;
          } else {
            runs = number;
          }
          i++;
        }
        default -> {
          if (!MACHINES.contains(args[i])) {
            return wrong(
                "there is no machine " + args[i] + "; proofs/run interleavings --help lists them");
          }
          machines.add(args[i]);
        }
      }
    }
    System.setProperty("interleavings.runs", runs);
    System.setProperty("interleavings.seed", seed);
    return tryAll(home, machines.isEmpty() ? MACHINES : machines, runs);
  }

  private static int wrong(String why) {
    System.err.println(why);
    return WRONG_USAGE;
  }

  private static int tryAll(Path home, List<String> machines, String runs) throws IOException {
    System.err.println("looking for what is planted ...");
    List<String> missed = failures("Planted", selectPackage("io.plainweave.interleavings"));
    if (!missed.isEmpty()) {
      missed.forEach(System.err::println);
      System.err.println("what is planted is not found, so that nothing is believed");
      return FINDS_NOTHING;
    }
    Path file = resultFile(home.resolveSibling("results"));
    String head =
        "proofs/run interleavings --iterations %s, on %s, JDK %s, %d processors%n%n%s"
            .formatted(
                runs,
                LocalDate.now(ZoneOffset.UTC),
                Runtime.version(),
                Runtime.getRuntime().availableProcessors(),
                HEAD);
    System.out.print(head);
    Files.writeString(file, head);
    System.setProperty("interleavings.report", file.toString());
    List<String> found = new ArrayList<>();
    for (String machine : machines) {
      System.err.println(machine + " ...");
      int from = Files.readString(file).length();
      found.addAll(failures(machine, selectPackage("io.plainweave")));
      System.out.print(Files.readString(file).substring(from));
      System.out.flush();
    }
    found.forEach(System.out::println);
    System.out.println("\n" + file);
    return found.isEmpty() ? OK : FOUND;
  }

  /** Runs the tests of one class; what has failed. */
  private static List<String> failures(String machine, DiscoverySelector within) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(within)
            .filters(
                ClassNameFilter.includeClassNamePatterns(
                    ".*\\." + machine + "(Interleavings)?Test"))
            .build();
    List<String> failures = new ArrayList<>();
    int[] tests = {0};
    LauncherFactory.create()
        .execute(
            request,
            new TestExecutionListener() {
              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                tests[0] += test.isTest() ? 1 : 0;
                result
                    .getThrowable()
                    .ifPresent(e -> failures.add(test.getDisplayName() + ": " + e.getMessage()));
              }
            });
    if (tests[0] == 0) {
      failures.add("there are no tests of " + machine);
    }
    return failures;
  }

  /** One that is not there: the runs of a day do not take each other's place. */
  private static Path resultFile(Path results) throws IOException {
    Files.createDirectories(results);
    String day = LocalDate.now(ZoneOffset.UTC) + "-interleavings";
    Path file = results.resolve(day + ".txt");
    for (int i = 2; Files.exists(file); i++) {
      file = results.resolve(day + "-" + i + ".txt");
    }
    return file;
  }
}
