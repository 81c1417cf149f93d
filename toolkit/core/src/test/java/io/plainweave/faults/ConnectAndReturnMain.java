package io.plainweave.faults;

import io.plainweave.Connection;
import io.plainweave.client.Client;
import io.plainweave.client.Connector;

/** A program that connects to a port of this machine by each way there is, and leaves all open. */
final class ConnectAndReturnMain {
  private ConnectAndReturnMain() {}

  /** Takes the port. */
  public static void main(String[] args) throws Exception {
    Connector connector = Connector.tcp("127.0.0.1", Integer.parseInt(args[0]));
    Connection _ = connector.connect();
    Connection _ = Client.open().connect(connector);
    System.out.println("connected");
  }
}
