package io.plainweave;

/**
 * What all connections of a listener share. Only the preface is its own; all else is the server's.
 */
record ConnectionContext(
    Handler handler,
    ConnectionLimit limit,
    ConnectionRegistry registry,
    DatagramRegistry datagrams,
    BufferPool buffers,
    Pollers pollers,
    Ticks ticks,
    TimeCheck timeCheck,
    Drain drain,
    ServerEvents events,
    PrefaceRunner preface) {
  /** The same for a listener with this preface. */
  ConnectionContext with(PrefaceRunner preface) {
    return new ConnectionContext(
        handler, limit, registry, datagrams, buffers, pollers, ticks, timeCheck, drain, events,
        preface);
  }
}
