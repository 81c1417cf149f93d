package io.plainweave.samples;

import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A port for a server that cannot take 0 for one: not of those that the kernel gives to clients,
 * since a client could come first, of this test or of another one beside it.
 */
final class FreePort {
  private FreePort() {}

  /** A port that nobody has now, by TCP or UDP. */
  static int next() throws IOException {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(10_000, 30_000);
      try (var _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
          var _ = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
        return port;
      } catch (BindException taken) {
        continue;
      }
    }
  }
}
