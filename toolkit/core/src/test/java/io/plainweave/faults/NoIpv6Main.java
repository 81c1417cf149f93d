package io.plainweave.faults;

import io.plainweave.Listen;
import io.plainweave.client.Connector;
import io.plainweave.client.DatagramConnector;
import io.plainweave.server.Server;
import io.plainweave.udp.Udp;

/** Says what comes of addresses of IPv6 in a JVM that has none, for MissingModulesTest. */
final class NoIpv6Main {
  private NoIpv6Main() {}

  @FunctionalInterface
  private interface Attempt {
    void run() throws Exception;
  }

  public static void main(String... args) {
    say(() -> Server.builder().listen(Listen.tcp("::1", 0), _ -> {}).start().close());
    say(() -> Server.builder().datagrams(Udp.at("::1", 0), _ -> {}).start().close());
    say(() -> Connector.tcp("::1", 9).connect().close());
    say(() -> DatagramConnector.udp("::1", 9).connect().close());
  }

  private static void say(Attempt attempt) {
    try {
      attempt.run();
      System.out.println("there is IPv6");
    } catch (Exception e) {
      System.out.println(e);
    }
  }
}
