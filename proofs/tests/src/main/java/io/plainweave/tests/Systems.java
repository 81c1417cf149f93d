package io.plainweave.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code proofs/run systems}. */
public final class Systems {
  private static final String USAGE =
      """
      Runs the tests of toolkit/core where the system lacks something, or has another: without /proc,
      without IPv6, on a file system that is read-only, on a JDK without some modules, and so on.

      usage: proofs/run systems [--only NAME[,NAME]] [--classes TEXT[,TEXT]]

        --only NAME     those environments, instead of all
        --classes TEXT  only classes of tests with this in their name; several by commas

      One runs after the other, each in up to 5 JVMs, and each takes some minutes. Some need root.
      """;

  private static final int OK = 0;
  private static final int SOMETHING_FAILED = 1;
  private static final int WRONG_USAGE = 2;

  private static final int JVMS = 5;
  private static final Duration LIMIT = Duration.ofMinutes(15);

  /** They look at sources, pages and the text of the API, whatever the system. */
  private static final List<String> NOT_OF_THE_SYSTEM =
      List.of(
          "io.plainweave.ArchitectureTest",
          "io.plainweave.FeaturesTest",
          "io.plainweave.HardeningTest",
          "io.plainweave.NativeImageTest",
          "io.plainweave.PublicApiTest",
          "io.plainweave.ReadmeTest",
          "io.plainweave.RoomsTest",
          "io.plainweave.guide.");

  /** Packages of {@link Environment.Tests#MACHINE}. */
  private static final List<String> MACHINE =
      List.of(
          "io.plainweave.client.",
          "io.plainweave.context.",
          "io.plainweave.framing.",
          "io.plainweave.internal.",
          "io.plainweave.messaging.",
          "io.plainweave.status.");

  private final Places places = Places.ofThisRun();
  private final Path work;
  private final Images images;
  private final List<String> classes;
  private final String arguments;
  private final StringBuilder table = new StringBuilder();
  private final StringBuilder details = new StringBuilder();
  private boolean fails;

  private Systems(Path work, List<String> classes, String arguments) {
    this.work = work;
    this.arguments = arguments;
    this.classes = classes;
    images = new Images(work, places);
  }

  /** Ends with 0 if nothing has failed, 1 if something has, 2 if the command line is wrong. */
  public static void main(String... args) throws Exception {
    System.exit(run(args));
  }

  private static int run(String... args) throws Exception {
    List<Environment> chosen = Environment.all();
    String part = "";
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--help", "-h" -> {
          System.out.print(USAGE + "\n");
          Environment.all()
              .forEach(e -> System.out.printf("  %-16s %s%n", e.name(), e.standsFor()));
          return OK;
        }
        case "--only", "--classes" -> {
          if (i + 1 == args.length) {
            System.err.println(args[i] + " takes a name; proofs/run systems --help lists them");
            return WRONG_USAGE;
          }
          if (args[i++].equals("--classes")) {
            part = args[i];
            continue;
          }
          List<String> names = Arrays.asList(args[i].split(",", -1));
          Map<String, Environment> byName =
              Environment.all().stream().collect(Collectors.toMap(Environment::name, e -> e));
          for (String name : names) {
            if (!byName.containsKey(name)) {
              System.err.printf(
                  "there is no environment \"%s\"; proofs/run systems --help lists them%n", name);
              return WRONG_USAGE;
            }
          }
          chosen = Environment.all().stream().filter(e -> names.contains(e.name())).toList();
        }
        default -> {
          System.err.println("unknown: " + args[i] + "; see proofs/run systems --help");
          return WRONG_USAGE;
        }
      }
    }
    List<String> wanted = List.of(part.split(",", -1));
    List<String> classes =
        allClasses().stream().filter(name -> wanted.stream().anyMatch(name::contains)).toList();
    if (classes.isEmpty()) {
      System.err.println("no class of tests has this in its name: " + part);
      return WRONG_USAGE;
    }
    Path work = Path.of(System.getProperty("tests.work"));
    return new Systems(work, classes, String.join(" ", args)).runAll(chosen);
  }

  /** The classes of tests that depend on the system at all. */
  private static List<String> allClasses() throws IOException {
    Path root = Path.of(System.getProperty("tests.compiled"));
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .map(file -> root.relativize(file).toString())
          .filter(file -> file.endsWith("Test.class") && !file.contains("$"))
          .map(file -> file.substring(0, file.length() - ".class".length()).replace('/', '.'))
          .filter(name -> NOT_OF_THE_SYSTEM.stream().noneMatch(name::startsWith))
          .sorted()
          .toList();
    }
  }

  private int runAll(List<Environment> chosen) throws IOException, InterruptedException {
    Path file = places.resultFile("systems");
    row("environment", "tests", "passed", "failed", "skipped", "seconds", "stands for");
    for (Environment environment : chosen) {
      String missing = missing(environment);
      if (missing != null) {
        row(environment.name(), "-", "-", "-", "-", "-", "not tried: " + missing);
        continue;
      }
      run(environment);
      write(file); // also of a run that is broken off
    }
    write(file);
    System.out.println("\n" + file);
    return fails ? SOMETHING_FAILED : OK;
  }

  private void write(Path file) throws IOException {
    Files.writeString(
        file,
        Places.head(("systems " + arguments).strip())
            + table
            + "\n"
            + images.told()
            + "\n"
            + details);
  }

  private void row(Object... columns) {
    String line = "%-16s %-8s %7s %7s %8s %8s  %s%n".formatted(columns);
    System.out.print(line);
    System.out.flush();
    table.append(line);
  }

  private void run(Environment environment) throws IOException, InterruptedException {
    Path writable = Files.createDirectories(work.resolve("t-" + environment.name()));
    List<String> mine =
        switch (environment.tests()) {
          case ALL -> classes;
          case MACHINE ->
              classes.stream().filter(c -> MACHINE.stream().anyMatch(c::startsWith)).toList();
          case ECHO -> List.of(EchoEverywhere.class.getName());
        };
    if (mine.isEmpty()) {
      row(environment.name(), "-", "-", "-", "-", "-", "not tried: none of the classes");
      return;
    }
    System.err.printf(
        "%s: %d %s ...%n", environment.name(), mine.size(), mine.size() == 1 ? "class" : "classes");
    SystemCommands commands = new SystemCommands(places, images, work, writable);
    List<List<String>> all =
        environment.tests() == Environment.Tests.ECHO
            ? List.of(commands.echo(environment))
            : commands.tests(environment, mine, JVMS);
    Path directory = environment.isAsNobody() ? writable : places.core();
    SystemRun.Outcome outcome =
        new SystemRun(environment, all, directory, LIMIT).run(places, mine.size());
    fails |= !outcome.failures().isEmpty();
    row(
        environment.name(),
        environment.tests().name().toLowerCase(java.util.Locale.ROOT),
        outcome.passed(),
        outcome.failures().size(),
        outcome.skips().size(),
        outcome.seconds(),
        environment.standsFor());
    details.append(environment.name()).append(": ").append(commands.told(environment)).append('\n');
    outcome.failures().forEach(line -> details.append("  failed: ").append(line).append('\n'));
    outcome.skips().forEach(line -> details.append("  skipped: ").append(line).append('\n'));
    details.append('\n');
  }

  /** What the machine lacks for an environment, or null. */
  private String missing(Environment environment) throws InterruptedException {
    for (Environment.Need need : environment.needs()) {
      String lack =
          switch (need) {
            case ROOT -> "root".equals(System.getProperty("user.name")) ? null : "it needs root";
            case UNSHARE ->
                runs("unshare", environment.before().get(1), "true")
                    ? null
                    : "namespaces cannot be made here (unshare "
                        + environment.before().get(1)
                        + ")";
            case TASKSET ->
                runs("taskset", "-c", "0", "true") ? null : "taskset cannot be run here";
            case SETPRIV ->
                runs("setpriv", "--reuid=65534", "true") ? null : "setpriv cannot be run here";
            case COLLECTOR ->
                starts(environment.options()) ? null : "this JVM has no such collector";
          };
      if (lack != null) {
        return lack;
      }
    }
    return null;
  }

  private static boolean runs(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private boolean starts(List<String> options) {
    List<String> arguments = new ArrayList<>(options);
    arguments.add("-version");
    try {
      return places.java(places.log("systems-collector"), arguments) == 0;
    } catch (IOException | InterruptedException e) {
      return false;
    }
  }
}
