package io.plainweave.loadtests.control;

/**
 * Where a client connects to.
 *
 * @param host a name or an address
 * @param port a TCP port
 */
public record Target(String host, int port) {
  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
