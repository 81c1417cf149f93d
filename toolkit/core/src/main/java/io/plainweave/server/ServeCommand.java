package io.plainweave.server;

import io.plainweave.Listen;
import io.plainweave.text.Addresses;
import io.plainweave.udp.DatagramStatistics;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.function.Function;
import java.util.function.Supplier;

/** The command line of a one-file server: what its user sees instead of a stack trace. */
final class ServeCommand {
  private static final int FAILED = 1;
  private static final int BAD_USAGE = 2;
  private static final int INTERRUPTED = 130;

  private ServeCommand() {}

  /** Serves until the process is told to end, or ends it if it cannot serve. */
  static void run(String[] args, Listen standard, ServerBuilder builder) {
    exitUnlessZero(run(args, 0, "", standard, () -> builder));
  }

  /** The same with an argument of the program's own before the place to listen. */
  static <T> void run(
      String[] args,
      String name,
      Function<? super String, ? extends T> parse,
      Listen standard,
      Function<? super T, ServerBuilder> builder) {
    exitUnlessZero(run(args, 1, name + " ", standard, () -> builder.apply(parse.apply(args[0]))));
  }

  private static void exitUnlessZero(int exitCode) {
    if (exitCode != 0) {
      System.exit(exitCode);
    }
  }

  /** Prints a line for each place. */
  static void sayWhereItListens(Server server) {
    for (SocketAddress address : server.addresses()) {
      System.out.println("listening on " + Addresses.format(address));
    }
    for (DatagramStatistics place : server.datagrams()) {
      System.out.println("listening on udp:" + Addresses.format(place.address()));
    }
  }

  /** Returns the exit code. */
  private static int run(
      String[] args, int own, String names, Listen standard, Supplier<ServerBuilder> server) {
    String usage =
        "usage: %s[PORT | HOST:PORT | [IPv6]:PORT]   where to listen; without it, %s"
            .formatted(names, standard);
    if (args.length == 1 && (args[0].equals("--help") || args[0].equals("-h"))) {
      System.out.println(usage);
      return 0;
    }
    ServerBuilder builder;
    try {
      if (args.length < own) {
        throw new IllegalArgumentException("an argument is missing: " + names.strip());
      }
      if (args.length > own + 1) {
        throw new IllegalArgumentException("too many arguments: " + String.join(" ", args));
      }
      builder = server.get().listen(args.length == own ? standard : at(args[own], standard));
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.err.println(usage);
      return BAD_USAGE;
    }
    try {
      Server.serve(builder);
      return 0;
    } catch (IOException | IllegalStateException e) {
      System.err.println(e.getMessage());
      return FAILED;
    } catch (InterruptedException e) {
      return INTERRUPTED;
    }
  }

  /** Another place to listen, with all the settings of the standard one, above all its TLS. */
  static Listen at(String text, Listen standard) {
    Listen.Tcp place = Listen.parse(text);
    Listen.Tcp like = standard instanceof Listen.Tcp tcp ? tcp : place;
    return new Listen.Tcp(
        place.host(),
        place.port(),
        like.reusePort(),
        like.acceptors(),
        like.options(),
        like.rebindFor(),
        standard.maxConnections(),
        standard.proxyProtocol(),
        standard.tls(),
        standard.timeLimits());
  }
}
