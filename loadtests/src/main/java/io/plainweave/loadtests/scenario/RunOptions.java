package io.plainweave.loadtests.scenario;

import io.plainweave.loadtests.server.EchoServer;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options that every scenario has. */
final class RunOptions {
  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      description =
          "Where the report goes: report.html, report.json, latencies.hlog. Default: a new folder"
              + " in loadtests/target/reports.")
  private Path out;

  @Option(names = "--open", description = "Shows the report in the desktop's browser.")
  private boolean open;

  @Option(
      names = "--descriptors",
      hidden = true,
      description = "Counts on so many descriptors a process, instead of asking the system.")
  private Long descriptors;

  @Option(
      names = "--server",
      hidden = true,
      description = "Runs another class as the server, such as one that does something wrong.")
  private String server = EchoServer.class.getName();

  /** Where the report goes; null takes a new folder. */
  Path out() {
    return out;
  }

  boolean open() {
    return open;
  }

  /** Descriptors of a process; null asks the system. */
  Long descriptors() {
    return descriptors;
  }

  /** The main class of the servers. */
  String server() {
    return server;
  }
}
