package io.plainweave;

import java.util.concurrent.atomic.AtomicInteger;

/** What a server does not tell, for tests in other packages. */
public final class ServerInsides {
  private ServerInsides() {}

  /** How many connections the registry of a server knows. */
  public static int registered(Server server) {
    var count = new AtomicInteger();
    server.context().registry().forEach(connection -> count.incrementAndGet());
    return count.get();
  }

  /** How many sources and networks a server knows to have connections. */
  public static int knownSources(Server server) {
    return server.context().admission().knownSources();
  }
}
