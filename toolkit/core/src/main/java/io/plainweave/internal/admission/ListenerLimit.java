package io.plainweave.internal.admission;

import io.plainweave.internal.time.Cooldown;
import java.net.SocketAddress;

/**
 * How many connections a listener may have, and has, on all of its sockets. Its fields are guarded
 * by the lock of the {@link Admission} to which it belongs.
 */
public final class ListenerLimit {
  private final SocketAddress address;

  int maximum;
  int connections;

  /** Only the reaper's thread touches it. */
  final Cooldown alarm = new Cooldown();

  ListenerLimit(int maximum, SocketAddress address) {
    this.address = address;
    change(maximum);
  }

  /** Sets the maximum; zero for none. */
  void change(int maximum) {
    this.maximum = maximum == 0 ? Integer.MAX_VALUE : maximum;
  }

  boolean isFull() {
    return connections >= maximum;
  }

  /** Where it is, or the first of its addresses. */
  public SocketAddress address() {
    return address;
  }
}
