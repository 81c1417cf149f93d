package io.plainweave;

import java.io.IOException;

/** The command line of a one-file server: what its user sees instead of a stack trace. */
final class ServeCommand {
  private static final int FAILED = 1;
  private static final int BAD_USAGE = 2;
  private static final int INTERRUPTED = 130;

  private ServeCommand() {}

  /**
   * Serves until the process is told to end; returns its exit code if that comes from elsewhere.
   */
  static int run(String[] args, Listen standard, Handler handler) {
    String usage =
        "usage: [PORT | HOST:PORT | [IPv6]:PORT]   where to listen; without it, " + standard;
    if (args.length == 1 && (args[0].equals("--help") || args[0].equals("-h"))) {
      System.out.println(usage);
      return 0;
    }
    Listen listen;
    try {
      if (args.length > 1) {
        throw new IllegalArgumentException("one argument at most: " + String.join(" ", args));
      }
      listen = args.length == 0 ? standard : Listen.parse(args[0]);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.err.println(usage);
      return BAD_USAGE;
    }
    try {
      Server.serve(listen, handler);
      return 0;
    } catch (IOException | IllegalStateException e) {
      System.err.println(e.getMessage());
      return FAILED;
    } catch (InterruptedException e) {
      return INTERRUPTED;
    }
  }
}
