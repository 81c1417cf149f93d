package io.plainweave.benchmarks;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * The command line of the benchmarks: JMH's own, but for what it says of arguments that cannot be
 * meant.
 */
public final class Benchmarks {
  private static final int WRONG_USAGE = 2;

  private static final String USAGE =
      """
      usage: loadtests/run benchmarks [REGEXP...] [OPTION...]
        without arguments, all benchmarks; -l lists them, -h lists the options of JMH
        -prof gc tells what each allocates\
      """;

  private Benchmarks() {}

  /** Runs benchmarks and ends the process with its exit code. */
  public static void main(String[] args) throws IOException {
    if (!check(args, System.err)) {
      System.exit(WRONG_USAGE);
    }
    org.openjdk.jmh.Main.main(args);
  }

  /** Says what is wrong with the arguments; true if nothing is. */
  static boolean check(String[] args, PrintStream err) {
    try {
      var options = new CommandLineOptions(args);
      if (options.shouldHelp()) {
        err.println(USAGE);
        err.println();
        return true;
      }
      OutputFormat silent =
          OutputFormatFactory.createFormatInstance(
              new PrintStream(OutputStream.nullOutputStream()), VerboseMode.SILENT);
      if (BenchmarkList.defaultList()
          .find(silent, options.getIncludes(), options.getExcludes())
          .isEmpty()) {
        return wrong("no benchmark matches " + String.join(" ", options.getIncludes()), err);
      }
      return true;
    } catch (CommandLineOptionException e) {
      return wrong(e.getMessage(), err);
    }
  }

  private static boolean wrong(String sentence, PrintStream err) {
    err.println(sentence);
    err.println();
    err.println(USAGE);
    return false;
  }
}
