package io.plainweave.loadtests.cli;

import java.nio.file.Path;

/** The folder of the load tests, which {@code loadtests/run} names. */
public final class Home {
  private Home() {}

  /** The folder, with the results that were kept. */
  public static Path path() {
    return Path.of(System.getProperty("loadtests.home", "loadtests"));
  }

  /** What the build has made of the servers to compare with. */
  public static Path peers() {
    String peers = System.getProperty("loadtests.peers");
    return peers == null ? path().resolve("peers/target") : Path.of(peers);
  }
}
