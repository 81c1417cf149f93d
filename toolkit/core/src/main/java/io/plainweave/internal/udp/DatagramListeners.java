package io.plainweave.internal.udp;

import io.plainweave.udp.Udp;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Binds the listeners of a {@link Udp}: one for each address of its host. */
final class DatagramListeners {
  /** How often a port that is free at one address is tried at the others. */
  private static final int PORTS_TO_TRY = 20;

  private DatagramListeners() {}

  /**
   * Binds all or none.
   *
   * @param tcp where the server listens by TCP
   */
  static List<DatagramListener> bind(
      DatagramService.Place place, List<InetSocketAddress> tcp, DatagramRegistry registry)
      throws IOException {
    List<InetSocketAddress> addresses = place.udp().isBesideTcp() ? tcp : resolve(place.udp());
    for (int left = PORTS_TO_TRY; ; left--) {
      List<DatagramListener> bound = new ArrayList<>();
      boolean complete = false;
      try {
        for (InetSocketAddress address : addresses) {
          bound.add(bind(place, withPort(address, bound), registry));
        }
        complete = true;
        return bound;
      } catch (BindException e) {
        boolean portWasGiven = place.udp().port() == 0 && !bound.isEmpty();
        if (!portWasGiven || left == 1) {
          throw e;
        }
      } finally {
        if (!complete) {
          bound.forEach(DatagramListener::close);
        }
      }
    }
  }

  /** Resolves the host, which may block. */
  private static List<InetSocketAddress> resolve(Udp udp) throws BindException {
    if (udp.host() == null) {
      return List.of(new InetSocketAddress(udp.port()));
    }
    try {
      return Stream.of(InetAddress.getAllByName(udp.host()))
          .distinct()
          .map(address -> new InetSocketAddress(address, udp.port()))
          .toList();
    } catch (UnknownHostException e) {
      var failure =
          new BindException("cannot listen on " + udp + ": the host is unknown: " + udp.host());
      failure.initCause(e);
      throw failure;
    }
  }

  /** The address with the port that the first listener has been given. */
  private static InetSocketAddress withPort(
      InetSocketAddress address, List<DatagramListener> bound) {
    return bound.isEmpty() || address.getPort() != 0
        ? address
        : new InetSocketAddress(address.getAddress(), bound.getFirst().address().getPort());
  }

  /** Binds the sockets at one address, one for each receiver. */
  private static DatagramListener bind(
      DatagramService.Place place, InetSocketAddress wanted, DatagramRegistry registry)
      throws IOException {
    List<ReceiverSockets> sockets = new ArrayList<>();
    boolean complete = false;
    try {
      InetSocketAddress next = wanted;
      for (int i = 0; i < place.udp().receivers(); i++) {
        sockets.add(ReceiverSockets.bind(place.udp(), next, i > 0));
        next = sockets.getFirst().address();
      }
      var listener = new DatagramListener(place.udp(), place.service(), registry, sockets);
      complete = true;
      return listener;
    } finally {
      if (!complete) {
        sockets.forEach(ReceiverSockets::close);
      }
    }
  }
}
