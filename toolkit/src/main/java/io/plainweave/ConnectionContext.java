package io.plainweave;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What all connections of a listener share. Only its limit and the preface are its own; all else is
 * the server's.
 *
 * @param listenerLimit null for connections that handlers open, which have no permit
 */
record ConnectionContext(
    Handler handler,
    Admission admission,
    @Nullable ListenerLimit listenerLimit,
    ConnectionRegistry registry,
    DatagramRegistry datagrams,
    BufferPool buffers,
    Pollers pollers,
    Ticks ticks,
    TimeCheck timeCheck,
    Drain drain,
    ServerEvents events,
    PrefaceRunner preface) {
  /** The limit of the listener that has accepted the connections. */
  ListenerLimit limit() {
    return Objects.requireNonNull(listenerLimit, "only what was accepted has permits");
  }

  /** Counts a connection that its preface has refused, so that it is told of. */
  void countRefused(SocketConnection connection, Refusal refusal) {
    admission.refusals().count(limit().address(), refusal, connection.remoteAddress());
  }

  /** The same for a listener with this limit and preface. */
  ConnectionContext with(ListenerLimit listenerLimit, PrefaceRunner preface) {
    return new ConnectionContext(
        handler,
        admission,
        listenerLimit,
        registry,
        datagrams,
        buffers,
        pollers,
        ticks,
        timeCheck,
        drain,
        events,
        preface);
  }
}
