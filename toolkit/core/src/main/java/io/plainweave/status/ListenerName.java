package io.plainweave.status;

import io.plainweave.text.Addresses;
import io.plainweave.text.OneLine;
import java.net.SocketAddress;

/**
 * Which listener it is.
 *
 * @param name how it is called: its {@link io.plainweave.Listen#name()}, or else its address as it
 *     is logged
 * @param address where it listens, or the first of its addresses
 */
public record ListenerName(String name, SocketAddress address) {
  /** Returns the name, and the address if that is another one; one line. */
  @Override
  public String toString() {
    String shown = Addresses.format(address);
    return name.equals(shown) ? shown : OneLine.of(name) + " (" + shown + ")";
  }
}
