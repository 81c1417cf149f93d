package io.plainweave.client;

import java.io.IOException;

/** What a client does not tell, for tests in other packages. */
public final class ClientInsides {
  private ClientInsides() {}

  /** Starts what the first connect of a process starts. */
  public static void warmUp() throws IOException {
    Client.shared();
  }
}
