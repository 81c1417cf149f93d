package io.plainweave;

/** What is done with the datagrams of a listener. */
sealed interface DatagramService {
  /** One run of a handler for each datagram. */
  record PerDatagram(DatagramHandler handler) implements DatagramService {}

  /** One run of a handler for each peer. */
  record PerPeer(SessionHandler handler) implements DatagramService {}

  /** Where to do it. */
  record Place(Udp udp, DatagramService service) {}
}
