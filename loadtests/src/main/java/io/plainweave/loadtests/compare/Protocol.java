package io.plainweave.loadtests.compare;

import java.util.List;

/** What the servers of a comparison speak. */
enum Protocol {
  /** Every byte comes back. */
  ECHO("", ServerCommand.NAMES),
  /** The same within TLS. */
  TLS(" that speaks TLS", ServerCommand.NAMES_OF_TLS),
  /** {@code GET /hello}, which all answer with the same status, fields and body. */
  HTTP(" that speaks HTTP", ServerCommand.NAMES_OF_HTTP);

  /** What is said behind "a server". */
  final String which;

  /** The names of all servers that there are, with commas. */
  final String names;

  Protocol(String which, String names) {
    this.which = which;
    this.names = names;
  }

  boolean isKnown(String server) {
    return List.of(names.split(", ")).contains(ServerCommand.kind(server));
  }

  /**
   * The work of that name.
   *
   * @throws IllegalArgumentException if its servers cannot do that
   */
  Work work(String name) {
    Work work = Work.of(name);
    boolean known =
        switch (name.split("-")[0]) {
          case "get" -> this == HTTP;
          case "pipelined", "open" -> true;
          default -> this != HTTP;
        };
    if (!known) {
      throw new IllegalArgumentException(
          "'" + name + "' is no work of a server" + which + ": " + Work.NAMES);
    }
    return this == HTTP ? work.withBytes(HttpMessages.BODY.length()) : work;
  }

  /** The load whose rate on the base is the peak that open loops refer to. */
  Work peak() {
    return work(this == HTTP ? "get-1000" : "echo-1000");
  }
}
