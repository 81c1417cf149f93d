package io.plainweave;

import java.util.concurrent.atomic.AtomicInteger;

/** What a server does not tell, for tests in other packages. */
public final class ServerInsides {
  private ServerInsides() {}

  /** How many connections the registry of a server knows. */
  public static int registered(Server server) {
    try {
      var context = Server.class.getDeclaredField("context");
      context.setAccessible(true);
      var count = new AtomicInteger();
      ((ConnectionContext) context.get(server))
          .registry()
          .forEach(connection -> count.incrementAndGet());
      return count.get();
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }
}
