package io.plainweave.internal.udp;

import io.plainweave.udp.DatagramHandler;
import io.plainweave.udp.SessionHandler;
import io.plainweave.udp.Udp;

/** What is done with the datagrams of a listener. */
public sealed interface DatagramService {
  /** One run of a handler for each datagram. */
  record PerDatagram(DatagramHandler handler) implements DatagramService {}

  /** One run of a handler for each peer. */
  record PerPeer(SessionHandler handler) implements DatagramService {}

  /** Where to do it. */
  record Place(Udp udp, DatagramService service) {}
}
