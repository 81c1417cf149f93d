package io.plainweave.internal.admission;

import io.plainweave.Listen;
import io.plainweave.internal.time.Cooldown;
import java.net.SocketAddress;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * How many connections a listener may have, and has, on all of its sockets. Its fields are guarded
 * by the lock of the {@link Admission} to which it belongs.
 */
public final class ListenerLimit {
  final Listen listen;

  /** Where its sockets are; complete before the first of them accepts. */
  final CopyOnWriteArrayList<SocketAddress> addresses = new CopyOnWriteArrayList<>();

  int maximum;
  int connections;

  /** Only the reaper's thread touches it. */
  final Cooldown alarm = new Cooldown();

  ListenerLimit(Listen listen) {
    this.listen = listen;
    change(listen.maxConnections());
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
    return addresses.getFirst();
  }
}
