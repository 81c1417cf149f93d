package io.plainweave.loadtests;

import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.compare.Compare;
import io.plainweave.loadtests.fullheap.FullHeap;
import io.plainweave.loadtests.havoc.Havoc;
import io.plainweave.loadtests.machine.Doctor;
import io.plainweave.loadtests.merge.Merge;
import io.plainweave.loadtests.models.Models;
import io.plainweave.loadtests.plan.Plan;
import io.plainweave.loadtests.scenario.Broadcast;
import io.plainweave.loadtests.scenario.Churn;
import io.plainweave.loadtests.scenario.Drain;
import io.plainweave.loadtests.scenario.Echo;
import io.plainweave.loadtests.scenario.Million;
import io.plainweave.loadtests.scenario.Mqtt;
import io.plainweave.loadtests.scenario.Restart;
import io.plainweave.loadtests.scenario.Slow;
import io.plainweave.loadtests.scenario.Storm;
import io.plainweave.loadtests.server.Serve;
import io.plainweave.loadtests.soak.Soak;
import io.plainweave.loadtests.start.Start;
import io.plainweave.loadtests.udp.Udp;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The command line of the load tests. Without arguments it runs {@code million}. */
@Command(
    name = "loadtests/run",
    description = "Load tests of Plainweave. Without a command: million.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      Million.class,
      Echo.class,
      Churn.class,
      Storm.class,
      Drain.class,
      Slow.class,
      Broadcast.class,
      Mqtt.class,
      Restart.class,
      Udp.class,
      Serve.class,
      Start.class,
      Merge.class,
      Doctor.class,
      Compare.class,
      Models.class,
      Plan.class,
      FullHeap.class,
      Havoc.class,
      Soak.class
    })
public final class Main {
  private static final int FAILED = 1;

  Main() {}

  /** Runs a command. If that fails, the exit code of the process says how. */
  public static void main(String[] args) {
    int exitCode = commandLine().execute(args.length == 0 ? new String[] {Million.NAME} : args);
    // Otherwise it is 0, or that of the signal which has ended the command.
    if (exitCode != CommandLine.ExitCode.OK) {
      System.exit(exitCode);
    }
  }

  /** The command line, with messages for people. */
  public static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setParameterExceptionHandler(Main::explain)
        .setExecutionExceptionHandler(Main::report);
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
}
