package io.plainweave.faults;

import io.plainweave.Listen;
import io.plainweave.server.Server;

/** A program that is a server and no more, started as the samples are. */
final class ServeMain {
  private ServeMain() {}

  public static void main(String[] args) {
    Server.serve(args, Listen.tcp("127.0.0.1", 0), _ -> {});
  }
}
