package io.plainweave.faults;

import io.plainweave.Connection;
import io.plainweave.client.Connector;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/**
 * A program that connects again and again to a port at 127.0.0.1 at which nobody listens, tells
 * what came of it, and listens there at last.
 */
final class ConnectToNobodyMain {
  private static final int TRIES = 200;

  private ConnectToNobodyMain() {}

  /** Takes the port. */
  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[0]);
    int connected = connect(Connector.tcp("127.0.0.1", port));
    System.out.println("connected: " + connected);
    try (var server = new ServerSocket()) {
      // So that a connection in TIME_WAIT is in the way.
      server.setReuseAddress(false);
      server.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
      System.out.println("the port is free");
    }
  }

  private static int connect(Connector connector) throws Exception {
    int connected = 0;
    for (int i = 0; i < TRIES; i++) {
      try (Connection _ = connector.connect()) {
        connected++;
      } catch (ConnectException refused) {
        if (refused.getMessage().contains("itself")) {
          System.out.println(refused.getMessage());
        }
      }
    }
    return connected;
  }
}
