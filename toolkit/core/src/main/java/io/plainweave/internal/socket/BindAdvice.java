package io.plainweave.internal.socket;

import io.plainweave.kernel.PrivilegedPorts;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;

/** What to do when a socket could not be bound. */
public final class BindAdvice {
  private BindAdvice() {}

  /**
   * Returns what follows the system's own words, from a colon on; nothing if there is no advice.
   */
  public static String of(InetSocketAddress address, Exception cause) throws IOException {
    if (!(cause instanceof BindException)) {
      return "";
    }
    InetAddress host = address.getAddress();
    if (!host.isAnyLocalAddress() && NetworkInterface.getByInetAddress(host) == null) {
      return ": no network interface of this machine has that address";
    }
    // The system asks for the privilege first, whoever else has the port.
    int firstFree = PrivilegedPorts.firstFree().orElse(0);
    return address.getPort() < firstFree && address.getPort() > 0
        ? ": for ports below %d the process needs CAP_NET_BIND_SERVICE (capabilities(7)), which systemd gives by AmbientCapabilities, or net.ipv4.ip_unprivileged_port_start has to be lower"
            .formatted(firstFree)
        : ": stop the program that listens there, or take another port (0 stands for one that is free)";
  }
}
