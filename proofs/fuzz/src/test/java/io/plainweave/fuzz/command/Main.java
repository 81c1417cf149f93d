package io.plainweave.fuzz.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code proofs/run fuzz}. */
public final class Main {
  private static final String USAGE =
      """
      Fuzzes the parsers of the toolkit and the samples, one target after the other.

      usage: proofs/run fuzz [--for TIME] [--keep] [TARGET...]

        --for TIME  how long each of them, as in 30s or 5m; 1m unless set
        --keep      afterwards, keep those of the inputs that reach further than the ones that are
                    kept (in proofs/fuzz/src/test/resources, to be committed)
        TARGET      all of these unless named:
      """;

  /** As many inputs as the planted bug may take. */
  private static final int MOST_FOR_PLANTED_BUG = 2_000_000;

  private static final Pattern TIME = Pattern.compile("([1-9]\\d{0,4})([sm])");

  private static final int OK = 0;
  private static final int FOUND = 1;
  private static final int WRONG_USAGE = 2;
  private static final int FINDS_NOTHING = 3;

  private final Path home;
  private final Path logs;
  private final Duration time;
  private final boolean keeps;
  private final List<Class<?>> targets;

  private Main(Path home, Duration time, boolean keeps, List<Class<?>> targets) throws IOException {
    this.home = home;
    this.logs = Files.createDirectories(home.resolve("target/logs"));
    this.time = time;
    this.keeps = keeps;
    this.targets = targets;
  }

  /** Ends with 0 if nothing was found, 1 if something was. */
  public static void main(String... args) throws Exception {
    System.exit(run(Path.of(System.getProperty("fuzz.home")), args));
  }

  private static int run(Path home, String... args) throws Exception {
    Duration time = Duration.ofMinutes(1);
    boolean keeps = false;
    List<Class<?>> targets = new ArrayList<>();
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--help", "-h" -> {
          print(USAGE);
          Targets.names().forEach(name -> print("                      " + name + "\n"));
          return OK;
        }
        case "--keep" -> keeps = true;
        case "--for" -> {
          time = i + 1 < args.length ? time(args[++i]) : Duration.ZERO;
          if (time.isZero()) {
            return wrong("--for takes a time, as in 30s or 5m");
          }
        }
        default -> {
          if (!Targets.names().contains(args[i])) {
            return wrong("there is no target " + args[i] + "; proofs/run fuzz --help lists them");
          }
          targets.add(Targets.named(args[i]));
        }
      }
    }
    if (targets.isEmpty()) {
      for (String name : Targets.names()) {
        targets.add(Targets.named(name));
      }
    }
    return new Main(home, time, keeps, targets).fuzz();
  }

  private static int wrong(String why) {
    System.err.println(why);
    return WRONG_USAGE;
  }

  /** Zero if it is none. */
  private static Duration time(String text) {
    Matcher time = TIME.matcher(text);
    if (!time.matches()) {
      return Duration.ZERO;
    }
    long number = Long.parseLong(time.group(1));
    return time.group(2).equals("s") ? Duration.ofSeconds(number) : Duration.ofMinutes(number);
  }

  private int fuzz() throws Exception {
    if (!findsPlantedBug()) {
      System.err.println("the fuzzer does not find a bug that was planted, so it is not believed");
      return FINDS_NOTHING;
    }
    var summary = new Summary(time);
    Path file = resultFile();
    print(summary.head());
    boolean hasFound = false;
    for (Class<?> target : targets) {
      String name = Targets.nameOf(target);
      System.err.printf("%s for %d s ...%n", name, time.toSeconds());
      Run run = Run.of(target, home, log(name), "-max_total_time=" + time.toSeconds());
      hasFound |= run.hasFound();
      print(summary.add(name, run));
      Files.writeString(file, summary.text()); // also of a run that is broken off
      if (keeps && !run.hasFound()) {
        int kept = new Corpus(home, target).keepWhatReachesFurther(log(name + "-keep"));
        System.err.printf("%s: %d inputs more are kept%n", name, kept);
      }
    }
    print("\n" + file + "\n");
    return hasFound ? FOUND : OK;
  }

  /** One that is not there: the runs of a day do not take each other's place. */
  private Path resultFile() throws IOException {
    Path results = Files.createDirectories(home.resolveSibling("results"));
    String day = LocalDate.now(ZoneOffset.UTC) + "-fuzz";
    Path file = results.resolve(day + ".txt");
    for (int i = 2; Files.exists(file); i++) {
      file = results.resolve(day + "-" + i + ".txt");
    }
    return file;
  }

  private Path log(String name) {
    return logs.resolve(name + ".log");
  }

  private boolean findsPlantedBug() throws Exception {
    System.err.println("looking for a bug that was planted ...");
    Path folder = Files.createTempDirectory("plainweave-fuzz-");
    try {
      Run run =
          Run.of(PlantedBug.class, folder, log("PlantedBug"), "-runs=" + MOST_FOR_PLANTED_BUG);
      if (run.hasFound()) {
        System.err.printf("it is found, with %,d inputs%n", run.runs());
      }
      return run.finding().contains("the planted bug");
    } finally {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static void print(String text) {
    System.out.print(text);
    System.out.flush();
  }
}
