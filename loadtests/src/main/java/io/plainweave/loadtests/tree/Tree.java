package io.plainweave.loadtests.tree;

import io.plainweave.loadtests.cli.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code tree}: the threads of a process by their scopes, and where they wait. */
@Command(
    name = Tree.NAME,
    description = {
      "Prints the threads of a process as the tree of its scopes: server, listeners, connections"
          + " and the tasks in the scope of each, with what each waits for and the line of its"
          + " handler. Of many threads in one scope it prints how many wait where.",
      "The process is one of a JDK 25 or later, of the same user. It stops for the dump, some"
          + " milliseconds for a thousand threads."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Tree implements Callable<Integer> {
  static final String NAME = "tree";

  private static final int FAILED = 1;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "PID|FILE",
      description =
          "The process, or what `jcmd PID Thread.dump_to_file -format=json FILE` has written.")
  private String target;

  @Option(
      names = "--most",
      paramLabel = "N",
      defaultValue = "20",
      description =
          "How many threads of a scope are printed one by one, and how many lines a table has."
              + " Default: ${DEFAULT-VALUE}.")
  private int most;

  @Override
  public Integer call() throws InterruptedException {
    if (most < 0) {
      throw new ParameterException(spec.commandLine(), "--most must not be negative: " + most);
    }
    PrintWriter out = spec.commandLine().getOut();
    try {
      new TreeText(dump(), most, out).print();
      out.flush();
      return 0;
    } catch (NoSuchFileException e) {
      throw new ParameterException(
          spec.commandLine(), "there is no file, and no process, " + target, e);
    } catch (IOException e) {
      PrintWriter err = spec.commandLine().getErr();
      err.println("no tree of " + target + ": " + e.getMessage());
      err.flush();
      return FAILED;
    }
  }

  private ThreadDump dump() throws IOException, InterruptedException {
    if (!target.matches("[0-9]+")) {
      return ThreadDump.read(existing(Path.of(target)));
    }
    Path folder = Files.createTempDirectory("threads");
    Path file = folder.resolve("dump.json");
    try {
      write(file);
      return ThreadDump.read(file);
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }

  private static Path existing(Path file) throws NoSuchFileException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    return file;
  }

  /** Asks by jcmd, as everybody may; its reasons for a failure are in what it prints. */
  private void write(Path file) throws IOException, InterruptedException {
    Process jcmd =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                target,
                "Thread.dump_to_file",
                "-format=json",
                file.toString())
            .redirectErrorStream(true)
            .start();
    String printed = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (jcmd.waitFor() != 0 || !Files.exists(file)) {
      throw new IOException("jcmd says: " + lastLine(printed));
    }
  }

  private static String lastLine(String printed) {
    return printed
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("at "))
        .reduce((_, last) -> last)
        .orElse("nothing")
        .replaceFirst("^[\\w.]+Exception: ", "");
  }
}
