package io.plainweave.internal.admission;

import io.plainweave.Listen;
import io.plainweave.internal.time.Cooldown;
import io.plainweave.text.Addresses;
import java.net.SocketAddress;
import java.util.Objects;

/**
 * How many connections a listener may have, and has, on all of its sockets. Its fields are guarded
 * by the lock of the {@link Admission} to which it belongs.
 */
public final class ListenerLimit {
  private final SocketAddress address;
  private final String name;

  /** Whether its connections stand apart from those of the service. */
  private final boolean admin;

  int maximum;
  int connections;

  /** Whether nothing is to wait for its turn any more. */
  boolean finishing;

  /** Whether nothing gets a permit any more that has waited in vain. */
  boolean closed;

  /** Only the reaper's thread touches it. */
  final Cooldown alarm = new Cooldown();

  ListenerLimit(Listen listen, SocketAddress address) {
    this.address = address;
    this.name = Objects.requireNonNullElseGet(listen.name(), () -> Addresses.format(address));
    this.admin = listen.admin();
    change(listen.maxConnections());
  }

  /** Sets the maximum; zero for none. */
  void change(int maximum) {
    this.maximum = maximum == 0 ? Integer.MAX_VALUE : maximum;
  }

  boolean isFull() {
    return connections >= maximum;
  }

  /** As {@link Listen#admin(boolean)}. */
  public boolean isAdmin() {
    return admin;
  }

  /** As {@link io.plainweave.event.ListenerStatus#name()}, of the first of its addresses. */
  public String name() {
    return name;
  }

  /** Where it is, or the first of its addresses. */
  public SocketAddress address() {
    return address;
  }
}
