package io.plainweave.internal.udp;

import io.plainweave.CloseReason;
import io.plainweave.event.ServerEvent;
import io.plainweave.udp.Datagram;
import io.plainweave.udp.DatagramHandler;

/** The run of a handler for one datagram. */
final class DatagramTask extends DatagramRun {
  private final DatagramHandler handler;
  private final Datagram datagram;

  DatagramTask(
      DatagramHome home, DatagramListener listener, DatagramHandler handler, Datagram datagram) {
    super(home, listener, datagram.remoteAddress());
    this.handler = handler;
    this.datagram = datagram;
  }

  @Override
  CloseReason work() throws Exception {
    handler.handle(datagram);
    return new CloseReason.Finished();
  }

  @Override
  void remove() {}

  @Override
  void ended(CloseReason why) {
    if (!(why instanceof CloseReason.Finished || why instanceof CloseReason.Cancelled)) {
      home().observer().onEvent(new ServerEvent.DatagramFailed(datagram, why));
    }
  }
}
