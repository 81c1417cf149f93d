package io.plainweave.loadtests.merge;

import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.report.ReportFiles;
import io.plainweave.loadtests.report.RunReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code merge}: the reports of several generators become one. */
@Command(
    name = "merge",
    description = {
      "Makes one report of those of several generators: latencies are added, counts and rates"
          + " summed, and what is drawn over time is summed over time, from the start signal on.",
      "The exit code is 0 if all generators reported and everything that they expected held. What"
          + " is missing or failed is named; the rest is merged all the same."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Merge implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FOLDER",
      arity = "1..*",
      description = "The folders of the reports, each as `--out` of a scenario named it.")
  private List<Path> folders;

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      description =
          "Where the merged report goes: report.html, report.json, latencies.hlog. Default: it is"
              + " only printed.")
  private Path out;

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    check();
    List<Part> parts = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (Path folder : folders) {
      try {
        parts.add(new Part(name(folder), ReportFiles.read(folder)));
      } catch (IOException e) {
        missing.add(e.getMessage());
        err.println("Not merged: " + e.getMessage());
      }
    }
    err.flush();
    if (parts.isEmpty()) {
      return 1;
    }
    Part first = parts.getFirst();
    for (Part other : parts) {
      if (!other.report().command().equals(first.report().command())) {
        throw usage(
            String.format(
                "a report of %s (%s) does not merge with one of %s (%s)",
                other.report().command(), other.name(), first.report().command(), first.name()));
      }
    }
    RunReport merged = new Merging(parts, missing, commandLine()).report();
    merged.print(spec.commandLine().getOut());
    return keep(merged, err) && merged.isFine() ? 0 : 1;
  }

  private void check() {
    Set<Path> seen = new LinkedHashSet<>();
    for (Path folder : folders) {
      if (!seen.add(absolute(folder))) {
        throw usage(folder + " is named twice");
      }
    }
    if (out != null && seen.contains(absolute(out))) {
      throw usage("--out " + out + " is one of the folders to merge");
    }
  }

  private boolean keep(RunReport merged, PrintWriter err) {
    if (out == null) {
      return true;
    }
    try {
      ReportFiles.write(out, merged);
      err.println("report: " + out.resolve("report.html"));
      return true;
    } catch (IOException e) {
      err.println("The report is not kept: " + e.getMessage());
      return false;
    } finally {
      err.flush();
    }
  }

  /** The last name of the path; where several have the same, the path. */
  private String name(Path folder) {
    Path last = absolute(folder).getFileName();
    boolean unique =
        folders.stream().filter(it -> absolute(it).endsWith(String.valueOf(last))).count() == 1;
    return unique ? String.valueOf(last) : folder.toString();
  }

  private static Path absolute(Path folder) {
    return folder.toAbsolutePath().normalize();
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private String commandLine() {
    return "loadtests/run "
        + String.join(" ", spec.root().commandLine().getParseResult().originalArgs());
  }
}
