package io.plainweave.loadtests;

import io.plainweave.loadtests.compare.Compare;
import io.plainweave.loadtests.compare.CompareClient;
import io.plainweave.loadtests.compare.PlainweaveServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The command line of the load tests. Without arguments it runs {@code million}. */
@Command(
    name = "loadtests/run",
    description = "Load tests of Plainweave. Without a command: million.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      Million.class,
      Doctor.class,
      Compare.class,
      EchoServer.class,
      Client.class,
      CompareClient.class,
      PlainweaveServer.class
    })
public final class Main {
  private static final int FAILED = 1;

  Main() {}

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args.length == 0 ? new String[] {Million.NAME} : args));
  }

  /** The command line, with messages for people. */
  public static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setParameterExceptionHandler(Main::explain)
        .setExecutionExceptionHandler(Main::report);
  }

  /** The folder of the load tests. */
  static Path home() {
    return Path.of(System.getProperty("loadtests.home", "loadtests"));
  }

  /**
   * One sentence and the usage; picocli's own handler leaves the usage out where it has a guess.
   */
  private static int explain(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println(e.getMessage());
    err.println();
    command.usage(err);
    err.flush();
    return CommandLine.ExitCode.USAGE;
  }

  private static int report(Exception e, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    if (e instanceof RunFailed) {
      err.println("The run failed " + e.getMessage());
    } else {
      e.printStackTrace(err);
    }
    err.flush();
    return FAILED;
  }

  /** The version of the build, which Maven writes into a resource. */
  public static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
      var build = new Properties();
      try (InputStream in = Main.class.getResourceAsStream("build.properties")) {
        build.load(in);
      }
      return new String[] {"Plainweave load tests " + build.getProperty("version")};
    }
  }
}
