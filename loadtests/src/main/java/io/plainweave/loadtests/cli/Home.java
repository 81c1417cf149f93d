package io.plainweave.loadtests.cli;

import java.nio.file.Path;

/** The folder of the load tests, which {@code loadtests/run} names. */
public final class Home {
  private Home() {}

  /** The folder, with the results that were kept. */
  public static Path path() {
    return Path.of(System.getProperty("loadtests.home", "loadtests"));
  }
}
