package io.plainweave.faults;

import io.plainweave.Listen;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.udp.Datagram;
import io.plainweave.udp.Udp;

/**
 * The program of {@link DatagramAddressFaultsTest}: takes datagrams at every address of a host and
 * returns them as a name server that has no answer. It says its port.
 */
final class DatagramMain {
  /** The first bit behind the number of a DNS message: it is a response (RFC 1035, 4.1.1). */
  private static final int RESPONSE = 0x80;

  private static final int FLAGS = 2;

  private DatagramMain() {}

  /** Takes what is to be different: sessions, receivers or tcp. */
  public static void main(String[] args) throws Exception {
    ServerBuilder builder = Server.builder();
    switch (args[0]) {
      case "sessions" ->
          builder.sessions(
              Udp.at(0),
              session -> {
                int count = 0;
                while (session.receive() != null) {
                  session.send(("" + ++count).getBytes());
                }
              });
      case "receivers" -> builder.datagrams(Udp.at(0).receivers(3), DatagramMain::answer);
      case "tcp" ->
          builder
              .listen(Listen.tcp(0))
              .handler(connection -> {})
              .datagrams(Udp.besideTcp(), DatagramMain::answer);
      default -> builder.datagrams(Udp.at(0), DatagramMain::answer);
    }
    try (Server server = builder.start()) {
      System.out.println(server.datagrams().getFirst().address().getPort());
      System.in.read();
    }
  }

  private static void answer(Datagram query) {
    byte[] message = query.bytes();
    message[FLAGS] |= (byte) RESPONSE;
    query.reply(message);
  }
}
