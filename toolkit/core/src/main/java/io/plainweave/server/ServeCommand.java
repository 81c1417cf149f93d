package io.plainweave.server;

import io.plainweave.Listen;
import io.plainweave.TcpListen;
import io.plainweave.text.Addresses;
import io.plainweave.text.HostPort;
import io.plainweave.udp.DatagramHandler;
import io.plainweave.udp.DatagramStatistics;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The command line of a one-file server: what its user sees instead of a stack trace. */
final class ServeCommand {
  private static final String PORT = "PORT | HOST:PORT | [IPv6]:PORT";
  private static final String PORT_OR_PATH = PORT + " | unix:PATH";

  private static final int FAILED = 1;
  private static final int BAD_USAGE = 2;
  private static final int INTERRUPTED = 130;

  /** Describes the server at the place that the command line names; null if it names none. */
  @FunctionalInterface
  private interface Description {
    ServerBuilder at(@Nullable String place) throws IOException;
  }

  private ServeCommand() {}

  /** Serves until the process is told to end, or ends it if it cannot serve. */
  static void run(String[] args, Listen standard, ServerBuilder builder) {
    boolean needsTcp = builder.needsTcp();
    run(
        args,
        List.of(),
        usage("", needsTcp ? PORT : PORT_OR_PATH, standard),
        place -> {
          Listen listen = place == null ? standard : Listen.parse(place).like(standard);
          if (place != null && needsTcp && !(listen instanceof TcpListen)) {
            throw new IllegalArgumentException(
                "this server takes UDP, too, which needs a port: " + place);
          }
          return builder.listen(listen);
        });
  }

  /** The same for UDP alone. */
  static void run(String[] args, Udp standard, DatagramHandler handler) {
    run(
        args,
        List.of(),
        usage("", PORT, standard),
        place ->
            Server.builder().datagrams(place == null ? standard : at(place, standard), handler));
  }

  /** The same with arguments of the program's own before the place to listen. */
  static void run(String[] args, List<String> names, Listen standard, Program program) {
    run(
        args,
        names,
        usage(String.join(" ", names) + " ", PORT_OR_PATH, standard),
        place ->
            program.server(
                List.of(args).subList(0, names.size()),
                place == null ? standard : Listen.parse(place).like(standard)));
  }

  private static String usage(String names, String places, Object standard) {
    return "usage: %s[%s]   where to listen; without it, %s".formatted(names, places, standard);
  }

  private static void run(
      String[] args, List<String> names, String usage, Description description) {
    int exitCode = exitCode(args, names, usage, description);
    if (exitCode != 0) {
      System.exit(exitCode);
    }
  }

  private static int exitCode(
      String[] args, List<String> names, String usage, Description description) {
    if (args.length == 1 && (args[0].equals("--help") || args[0].equals("-h"))) {
      System.out.println(usage);
      return 0;
    }
    try {
      ServerBuilder builder;
      try {
        builder = description.at(place(args, names));
      } catch (IllegalArgumentException e) {
        System.err.println(e.getMessage());
        System.err.println(usage);
        return BAD_USAGE;
      }
      Server.serve(builder);
      return 0;
    } catch (IOException | IllegalStateException e) {
      System.err.println(e.getMessage());
      return FAILED;
    } catch (InterruptedException e) {
      return INTERRUPTED;
    }
  }

  /** Returns the argument that follows the program's own, or null if there is none. */
  private static @Nullable String place(String[] args, List<String> names) {
    int own = names.size();
    if (args.length < own) {
      throw new IllegalArgumentException("an argument is missing: " + names.get(args.length));
    }
    if (args.length > own + 1) {
      throw new IllegalArgumentException("too many arguments: " + String.join(" ", args));
    }
    return args.length == own ? null : args[own];
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

  /** Another place to take datagrams, with all the settings of the standard one. */
  static Udp at(String text, Udp standard) {
    HostPort place = HostPort.parse(text);
    return new Udp(
        place.host(),
        place.port(),
        standard.maxDatagram(),
        standard.receivers(),
        standard.receiveBuffer(),
        standard.groups(),
        standard.maxHandlers(),
        standard.mailbox(),
        standard.sourceRate(),
        standard.sessionRate(),
        standard.amplification());
  }
}
