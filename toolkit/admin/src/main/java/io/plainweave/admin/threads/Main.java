package io.plainweave.admin.threads;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The commands for operators: {@code java -jar plainweave-admin.jar tree PID}. */
public final class Main {
  private static final int DONE = 0;
  private static final int FAILED = 1;
  private static final int USAGE = 2;

  private static final int MOST = 20;

  private static final String HELP =
      """
      Usage: java -jar plainweave-admin.jar tree [--most N] PID|FILE

      Prints the threads of a process as the tree of its scopes: server, listeners,
      connections and the tasks in the scope of each, with what each waits for and
      the line of its handler. Of many threads in one scope it prints how many wait
      where.

        PID         a process of a JDK 25 or later, of the same user; it stops for
                    the dump, some tens of milliseconds for ten thousand threads
        FILE        what `jcmd PID Thread.dump_to_file -format=json FILE` has written
        --most N    how many threads of a scope are printed one by one, and how many
                    lines a table has; default: 20
        --help      prints this

      Exit codes: 0 done, 1 no tree (with the reason), 2 wrong arguments.
      """;

  private final PrintStream out;
  private final PrintStream err;

  Main(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /** What was typed and cannot be done. */
  private static final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    private UsageException(String message) {
      super(message);
    }
  }

  /**
   * Runs a command. If that fails, the exit code of the process says how.
   *
   * @param args as {@code --help} says
   */
  public static void main(String[] args) {
    int exitCode = new Main(System.out, System.err).run(List.of(args));
    if (exitCode != DONE) {
      System.exit(exitCode);
    }
  }

  int run(List<String> args) {
    if (args.contains("--help") || args.contains("-h")) {
      out.print(HELP);
      return DONE;
    }
    try {
      return tree(new ArrayDeque<>(args));
    } catch (UsageException e) {
      err.println(e.getMessage());
      err.print(HELP);
      return USAGE;
    }
  }

  private int tree(Deque<String> args) throws UsageException {
    String command = args.poll();
    if (!"tree".equals(command)) {
      throw new UsageException(
          command == null ? "a command is missing" : "there is no command " + command);
    }
    int most = MOST;
    String target = null;
    for (String arg; (arg = args.poll()) != null; ) {
      if (arg.equals("--most")) {
        most = most(args.poll());
      } else if (arg.startsWith("-")) {
        throw new UsageException("there is no option " + arg);
      } else if (target == null) {
        target = arg;
      } else {
        throw new UsageException("one process or file, not two: " + target + ", " + arg);
      }
    }
    if (target == null) {
      throw new UsageException("a process or file is missing");
    }
    return print(target, most);
  }

  private static int most(String text) throws UsageException {
    try {
      int most = Integer.parseInt(String.valueOf(text));
      if (most >= 0) {
        return most;
      }
    } catch (NumberFormatException _) {
      // Told below, with those that are negative.
    }
    throw new UsageException("--most needs a number from 0 on, not " + text);
  }

  private int print(String target, int most) throws UsageException {
    try {
      ThreadTree tree = isProcess(target) ? ThreadTree.of(Long.parseLong(target)) : read(target);
      out.print(tree.text(most));
      out.flush();
      return DONE;
    } catch (IOException e) {
      err.println("no tree of " + target + ": " + e.getMessage());
      return FAILED;
    }
  }

  private static boolean isProcess(String target) {
    return target.matches("[0-9]{1,18}");
  }

  private static ThreadTree read(String target) throws UsageException, IOException {
    try {
      Path file = Path.of(target);
      if (Files.exists(file)) {
        return ThreadTree.read(file);
      }
    } catch (InvalidPathException _) {
      // Then there is no such file either.
    }
    throw new UsageException("there is no file, and no process, " + target);
  }
}
